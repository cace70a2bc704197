"""What pydantic finds wrong with a file's structure, in words for the person who wrote the file.

Pydantic speaks of Python: tuples, instances, unions. Here each of its errors gets its place in the
file, and errors that only follow from another are left out; ``messages`` finds the words.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from pydantic import BaseModel, ValidationError

from watchkeeper.catalog.base import Model
from watchkeeper.catalog.examples import example_of
from watchkeeper.catalog.hints import did_you_mean, listed
from watchkeeper.catalog.messages import Mistake, message, place_of
from watchkeeper.catalog.problems import Problem, problem
from watchkeeper.catalog.trace import trace
from watchkeeper.catalog.tree import Node, Step

Path = tuple[Step, ...]


def validate(model: type[Model], root: Node) -> tuple[Model | None, tuple[Problem, ...]]:
    """Build the model from a file's tree, or say everything that keeps it from being one."""
    try:
        return model.model_validate(root.value), ()
    except ValidationError as error:
        mistakes = []
        for one in error.errors(include_url=False, include_input=False):
            traced = trace(model, one["loc"])
            mistakes.append(Mistake(one["type"], traced, root.find(traced.path), one.get("ctx", {})))
        return None, tuple(_problems(root, _without_unmeant(root, mistakes)))


def _without_unmeant(root: Node, mistakes: Sequence[Mistake]) -> list[Mistake]:
    """Where one of several models could be meant, keep what is wrong with the likeliest."""
    tried: dict[Path, dict[type[BaseModel], int]] = {}
    for mistake in mistakes:
        for path, arm in mistake.traced.arms:
            counts = tried.setdefault(path, {})
            counts[arm] = counts.get(arm, 0) + 1

    def kinship(path: Path, arm: type[BaseModel]) -> tuple[int, int]:
        return len(root.find(path).keys.keys() & arm.model_fields.keys()), -tried[path][arm]

    meant = {path: max(arms, key=lambda arm: kinship(path, arm)) for path, arms in tried.items()}
    kept = []
    for mistake in mistakes:
        rivals = {
            key for path, arm in mistake.traced.arms for other in tried[path] for key in other.model_fields
        }
        if any(meant[path] is not arm for path, arm in mistake.traced.arms):
            continue
        if unclear := [path for path, arm in mistake.traced.arms if kinship(path, arm)[0] == 0]:
            arms = {"arms": tuple(tried[unclear[0]])}
            traced = replace(mistake.traced, path=unclear[0])
            kept.append(Mistake("no_arm", traced, root.find(unclear[0]), arms))
        else:
            kept.append(replace(mistake, context={**mistake.context, "rivals": rivals}))
    return kept


def _problems(root: Node, mistakes: Iterable[Mistake]) -> Iterator[Problem]:
    missing: dict[Path, list[Mistake]] = {}
    suggested: set[Path] = set()
    told: set[Path] = set()
    for mistake in mistakes:
        path = mistake.traced.path
        if mistake.type == "missing":
            missing.setdefault(path[:-1], []).append(mistake)
        elif mistake.type == "extra_forbidden":
            yield _unknown_key(root, mistake, suggested)
        elif path not in told and not mistake.only_follows:
            told.add(path)
            yield problem(place_of(root, mistake), "structure", message(mistake))
    for around, absent in missing.items():
        # A misspelt key is one mistake, not an unknown key and a missing one.
        if wanted := [one for one in absent if one.traced.path not in suggested]:
            yield _missing_keys(root, around, wanted)


def _unknown_key(root: Node, mistake: Mistake, suggested: set[Path]) -> Problem:
    *around, key = mistake.traced.path
    keys = list(mistake.traced.owner.model_fields) if mistake.traced.owner else []
    present = root.find(around).keys
    if key in mistake.context["rivals"]:
        rest = listed([f"'{name}'" for name in keys if name in present])
        what = f"'{key}' does not go together with {rest}"
        return Problem(root.place_of_key(mistake.traced.path), "structure", what, "keep one or the other")
    hint = did_you_mean(str(key), [name for name in keys if name not in present])
    if hint:
        suggested.add((*around, hint))
    known = f"{'K' if hint else 'k'}nown {'is' if len(keys) == 1 else 'are'} {listed(keys)}"
    fix = f"did you mean '{hint}'? {known}" if hint else known
    return Problem(root.place_of_key(mistake.traced.path), "structure", f"unknown key '{key}'", fix)


def _missing_keys(root: Node, around: Path, absent: Sequence[Mistake]) -> Problem:
    keys = [str(one.traced.path[-1]) for one in absent]
    owners = [one.traced.owner for one in absent]
    examples = [
        f"{key}: {example}"
        for key, owner in zip(keys, owners, strict=True)
        if owner is not None and (example := example_of(owner, key)) is not None
    ]
    names = listed([f"'{key}'" for key in keys])
    what = f"the key {names} is missing" if len(keys) == 1 else f"the keys {names} are missing"
    add = "add it" if len(keys) == 1 else "add them"
    fix = f"{add}, such as {listed([f'`{one}`' for one in examples])}" if examples else add
    return Problem(root.place_of(around), "structure", what, fix)
