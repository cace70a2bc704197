"""From where pydantic reports an error to where the file has it.

Pydantic's locations hold steps that no file has (a union's chosen arm, ``[key]``). Following the types
alongside tells those steps from keys of the same name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from watchkeeper.catalog.tree import Step

Kind = Any
"""A type as annotations spell it; Python has no better name for that."""


@dataclass(frozen=True, slots=True)
class Traced:
    """Where an error is, and what belongs there."""

    path: tuple[Step, ...] = ()
    kind: Kind = None
    """The type that the value at ``path`` should have; ``None`` where nothing belongs."""
    owner: type[BaseModel] | None = None
    """The model whose key the path ends with."""
    on_key: bool = False
    """The key itself is wrong, not its value."""
    arms: tuple[tuple[tuple[Step, ...], type[BaseModel]], ...] = ()
    """Choices made on the way between models that nothing but their keys tells apart."""


def trace(model: type[BaseModel], location: Sequence[Step]) -> Traced:
    """Follow an error's location through the types."""
    path: tuple[Step, ...] = ()
    kind: Kind = model
    owner: type[BaseModel] | None = None
    arms: list[tuple[tuple[Step, ...], type[BaseModel]]] = []
    for step in location:
        choices = models_of(kind)
        if step == "[key]":
            return Traced(path, kind, owner, on_key=True, arms=tuple(arms))
        if len(choices) > 1:
            kind, by_keys = _choose(choices, step)
            if by_keys:
                arms.append((path, kind))
        elif choices:
            owner = choices[0]
            field = owner.model_fields.get(str(step))
            kind, path = field.annotation if field else None, (*path, step)
        elif (item := _item(kind)) is not None:
            owner, kind, path = None, item, (*path, step)
        # Any other step names a validator or an arm of a scalar union: nothing in the file.
    return Traced(path, kind, owner, arms=tuple(arms))


def models_of(kind: Kind) -> tuple[type[BaseModel], ...]:
    """Give the models that a type admits: none for a scalar, several for a union."""
    kind = plain_kind(kind)
    options = get_args(kind) if get_origin(kind) in {Union, UnionType} else (kind,)
    return tuple(
        one for one in map(plain_kind, options) if isinstance(one, type) and issubclass(one, BaseModel)
    )


def plain_kind(kind: Kind) -> Kind:
    """Take away what decorates a type: ``Annotated``, and ``| None``."""
    while _origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) in {Union, UnionType}:
        options = [one for one in get_args(kind) if one is not NoneType]
        if len(options) == 1:
            return plain_kind(options[0])
    return kind


def tags_of(model: type[BaseModel]) -> tuple[str, ...]:
    """Give what tells the model from the others in its union: its required literal field's value."""
    return tuple(
        tag
        for field in model.model_fields.values()
        if get_origin(field.annotation) is Literal and field.is_required()
        for tag in get_args(field.annotation)
    )


def _origin(kind: Kind) -> Kind:
    return get_origin(kind)


def _item(kind: Kind) -> Kind:
    kind = plain_kind(kind)
    arguments = get_args(kind)
    if _origin(kind) is tuple:
        return arguments[0]
    return arguments[1] if _origin(kind) is dict else None


def _choose(choices: tuple[type[BaseModel], ...], step: Step) -> tuple[type[BaseModel], bool]:
    """Find the arm of a union that a step names: by its tag, or by its class's name."""
    tagged = next((one for one in choices if step in tags_of(one)), None)
    named = next((one for one in choices if one.__name__ in str(step)), choices[0])
    return (tagged, False) if tagged else (named, True)
