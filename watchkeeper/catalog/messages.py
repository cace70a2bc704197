"""The words for each kind of structural mistake.

A table from pydantic's error types to sentences of the form ``what; fix``. It stands alone because it
must be complete: a test drives every model into every mistake and refuses words that are not ours.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from watchkeeper.catalog.examples import example_of
from watchkeeper.catalog.hints import choose, listed
from watchkeeper.catalog.problems import Place
from watchkeeper.catalog.trace import Traced, models_of, tags_of
from watchkeeper.catalog.tree import Node
from watchkeeper.catalog.wording import WrongValue, describe

_BOOLEAN_WORDS = {
    "yes": "true",
    "on": "true",
    "y": "true",
    "1": "true",
    "no": "false",
    "off": "false",
    "n": "false",
    "0": "false",
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """One of pydantic's errors, traced into the file."""

    type: str
    traced: Traced
    node: Node
    """The value complained of; what should hold it, when it is missing."""
    context: Mapping[str, Any]

    @property
    def subject(self) -> str:
        """What people call the value."""
        path = self.traced.path
        if not path:
            return "the file"
        if isinstance(path[-1], str):
            return f"'{path[-1]}'"
        return f"an item of '{path[-2]}'"

    @property
    def only_follows(self) -> bool:
        """Tell whether this is but an echo: a list counted as short because its items are wrong."""
        held = self.node.value
        return self.type == "too_short" and isinstance(held, list) and len(held) >= self.context["min_length"]

    @property
    def such(self) -> str:
        """An example to write instead, as the end of a sentence."""
        path, owner = self.traced.path, self.traced.owner
        example = example_of(owner, str(path[-1])) if owner is not None and path else None
        return f", such as `{path[-1]}: {example}`" if example else ""


def place_of(root: Node, mistake: Mistake) -> Place:
    """Give the place of what is to be changed."""
    path = mistake.traced.path
    cause = mistake.context.get("error")
    if isinstance(cause, WrongValue):
        path = (*path, *cause.at)
    elif mistake.type == "union_tag_invalid":
        path = (*path, _discriminator(mistake))
    return root.place_of_key(path) if mistake.traced.on_key else root.place_of(path)


def message(mistake: Mistake) -> str:
    """Say what is wrong and how to mend it."""
    if mistake.type == "no_arm":
        return _no_arm(mistake)
    if mistake.node.value is None and mistake.traced.path:
        return f"{mistake.subject} has no value; write one{mistake.such}{_or_drop(mistake)}"
    if (cause := mistake.context.get("error")) is not None:
        return str(cause)
    if words := _WORDS.get(mistake.type):
        return words(mistake)
    value = describe(mistake.node.value)
    return f"{value} is not possible for {mistake.subject}; compare it with the JSON Schema in catalog/schema"


def _or_drop(mistake: Mistake) -> str:
    path, owner = mistake.traced.path, mistake.traced.owner
    optional = owner is not None and not owner.model_fields[str(path[-1])].is_required()
    return ", or take the key away" if optional else ""


def _no_arm(mistake: Mistake) -> str:
    arms: tuple[type[BaseModel], ...] = mistake.context["arms"]
    keys = ", or ".join(listed(list(arm.model_fields)) for arm in arms)
    return f"{mistake.subject} says none of what it can say; give it either {keys}"


def _needs(wanted: str, mend: Callable[[Mistake], str]) -> Callable[[Mistake], str]:
    def words(mistake: Mistake) -> str:
        value = mistake.node.value
        kind = _kind(value)
        found = f"this is {kind}" if isinstance(value, dict | list) else f"{describe(value)} is {kind}"
        return f"{mistake.subject} needs {wanted}, and {found}; {mend(mistake)}"

    return words


def _kind(value: object) -> str:
    kinds = ((bool, "a boolean"), (str, "text"), (int, "a number"), (Decimal, "a number"))
    return next((word for type_, word in kinds if isinstance(value, type_)), describe(value))


def _as_text(mistake: Mistake) -> str:
    if isinstance(mistake.node.value, dict | list):
        return f"write plain text{mistake.such}"
    return f'put it in quotes: "{mistake.node.raw}"'


def _as_boolean(mistake: Mistake) -> str:
    word = _BOOLEAN_WORDS.get(mistake.node.raw.lower())
    return f"write {word}" if word else "write true or false"


def _as_whole(mistake: Mistake) -> str:
    value = mistake.node.value
    if isinstance(value, str) and value.isdigit():
        return f"take the quotes away: {value}"
    return f"write digits only{mistake.such}"


def _as_list(mistake: Mistake) -> str:
    value = mistake.node.value
    if isinstance(value, dict):
        return "begin each item with '- '"
    return f"put it in brackets: [{mistake.node.raw}]"


def _as_mapping(mistake: Mistake) -> str:
    models = models_of(mistake.traced.kind)
    if len(models) == 1:
        return f"its keys are {listed(list(models[0].model_fields))}"
    return "write 'key: value' pairs"


def _option(mistake: Mistake) -> str:
    # Pydantic lists what is possible in its own grammar: "'a', 'b' or 'c'".
    context = mistake.context
    listing = str(context.get("expected_tags") or context["expected"])
    options = listing.replace(" or ", ", ").replace("'", "").split(", ")
    value = mistake.node.value
    if "discriminator" in context:
        key = _discriminator(mistake)
        value = mistake.node.children[key].value
        subject = f"'{key}'"
    else:
        subject = mistake.subject
    mend = choose(value, options, "") if isinstance(value, str) else f"use {listed(options, 'or')}"
    possible = "" if mend.startswith("use") else f" Possible are {listed(options)}"
    return f"{describe(value)} is not possible for {subject}; {mend}{possible}"


def _no_kind(mistake: Mistake) -> str:
    key = _discriminator(mistake)
    options = [tag for model in models_of(mistake.traced.kind) for tag in tags_of(model)]
    return f"the key '{key}' is missing; add it: {listed(options, 'or')}"


def _discriminator(mistake: Mistake) -> str:
    return str(mistake.context["discriminator"]).strip("'")


def _bound(words: str, key: str) -> Callable[[Mistake], str]:
    def say(mistake: Mistake) -> str:
        bound = f"{words} {mistake.context[key]:,}"
        return f"{mistake.node.raw} is out of range for {mistake.subject}; use {bound}"

    return say


def _count(key: str, words: str, unit: Callable[[Mistake], str]) -> Callable[[Mistake], str]:
    def say(mistake: Mistake) -> str:
        number = len(mistake.node.value) if isinstance(mistake.node.value, str | list | dict) else 0
        bound = mistake.context[key]
        if number == 0:
            return f"{mistake.subject} is empty; write something{mistake.such}"
        return f"{mistake.subject} has {number:,} {unit(mistake)}; use {words} {bound:,}"

    return say


def _items(mistake: Mistake) -> str:
    return "keys" if isinstance(mistake.node.value, dict) else "items"


_WORDS: Mapping[str, Callable[[Mistake], str]] = {
    "string_type": _needs("text", _as_text),
    "bool_type": _needs("true or false", _as_boolean),
    "int_type": _needs("a whole number", _as_whole),
    "tuple_type": _needs("a list", _as_list),
    "dict_type": _needs("a mapping", _as_mapping),
    "model_type": _needs("a mapping", _as_mapping),
    "model_attributes_type": _needs("a mapping", _as_mapping),
    "literal_error": _option,
    "union_tag_invalid": _option,
    "union_tag_not_found": _no_kind,
    "greater_than": _bound("more than", "gt"),
    "greater_than_equal": _bound("at least", "ge"),
    "less_than": _bound("less than", "lt"),
    "less_than_equal": _bound("at most", "le"),
    "string_too_short": _count("min_length", "at least", lambda _: "characters"),
    "string_too_long": _count("max_length", "at most", lambda _: "characters"),
    "too_short": _count("min_length", "at least", _items),
    "too_long": _count("max_length", "at most", _items),
    "decimal_max_digits": lambda m: (
        f"{m.node.raw} has too many digits for {m.subject}; use at most {m.context['max_digits']}"
    ),
    "decimal_max_places": lambda m: (
        f"{m.node.raw} has too many digits behind the point for {m.subject}; "
        f"use at most {m.context['decimal_places']}"
    ),
    "decimal_whole_digits": lambda m: (
        f"{m.node.raw} has too many digits before the point for {m.subject}; "
        f"use at most {m.context['whole_digits']}"
    ),
}
KNOWN = frozenset(_WORDS) | {"missing", "extra_forbidden", "value_error", "no_arm"}
"""Every type of error that has words here."""
