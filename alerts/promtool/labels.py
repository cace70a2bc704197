"""Labels that satisfy a selector, so that a test can make up a series which the rules will select.

PromQL's matchers are turned around: from ``code=~"5.."`` to some code that it selects. Regular expressions
are sampled by walking Python's parse of them; what the sample says is checked against the matcher, so a
pattern that the walk does not understand is refused and never silently mis-tested.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from re import _parser as sre  # type: ignore[attr-defined]  # the parser is stable but has no public name
from typing import Any

from watchkeeper.catalog.selector import Matcher
from watchkeeper.errors import WatchkeeperError

_FALLBACKS = ("ok", "2xx", "200", "a", "")


class SampleError(WatchkeeperError):
    """No labels could be made up that satisfy some matchers."""


def labels_for(matchers: Iterable[Matcher], *, avoid: Iterable[Matcher] = ()) -> Mapping[str, str]:
    """Make up labels that satisfy ``matchers`` and, when given, break at least one of ``avoid``.

    Raises:
        SampleError: there are none, or the matchers are too clever to be turned around.
    """
    wanted = _by_label(matchers)
    labels = {name: _value(name, own, ()) for name, own in wanted.items()}
    unwanted = _by_label(avoid)
    if not unwanted:
        return labels
    for name, own in unwanted.items():
        try:
            return labels | {name: _value(name, wanted.get(name, ()), own)}
        except SampleError:
            continue
    listed = ", ".join(f'{m.name}{m.op}"{m.value}"' for m in avoid)
    raise SampleError(
        f"every series that the selector takes also matches {listed}: nothing could ever be good"
    )


def _by_label(matchers: Iterable[Matcher]) -> dict[str, tuple[Matcher, ...]]:
    grouped: dict[str, tuple[Matcher, ...]] = {}
    for matcher in matchers:
        grouped[matcher.name] = (*grouped.get(matcher.name, ()), matcher)
    return grouped


def _value(name: str, wanted: Sequence[Matcher], unwanted: Sequence[Matcher]) -> str:
    candidates = [
        *(m.value for m in wanted if m.op == "="),
        *(_sample(m.value) for m in wanted if m.op == "=~"),
        *_FALLBACKS,
    ]
    for candidate in candidates:
        taken = all(_matches(m, candidate) for m in wanted)
        if taken and not (unwanted and all(_matches(m, candidate) for m in unwanted)):
            return candidate
    raise SampleError(
        f"no value for label {name!r} satisfies its matchers; state them with '=' where possible"
    )


def _matches(matcher: Matcher, value: str) -> bool:
    if matcher.op in {"=", "!="}:
        return (value == matcher.value) == (matcher.op == "=")
    # PromQL anchors its regular expressions at both ends.
    return bool(re.fullmatch(matcher.value, value, re.DOTALL)) == (matcher.op == "=~")


def _sample(pattern: str) -> str:
    try:
        return _sample_nodes(sre.parse(pattern))
    except re.error as error:
        raise SampleError(f"{pattern!r} is no regular expression: {error}") from error


def _sample_node(op: Any, argument: Any) -> str:  # noqa: ANN401 - the parser's nodes are untyped
    sampled = ""
    match str(op):
        case "LITERAL":
            sampled = chr(argument)
        case "ANY":
            sampled = "0"
        case "IN":
            sampled = _sample_node(*argument[0])
        case "RANGE":
            sampled = chr(argument[0])
        case "CATEGORY":
            sampled = "0" if "DIGIT" in str(argument) or "WORD" in str(argument) else " "
        case "MAX_REPEAT" | "MIN_REPEAT":
            sampled = _sample_nodes(argument[2]) * max(argument[0], 1)
        case "BRANCH":
            sampled = _sample_nodes(argument[1][0])
        case "SUBPATTERN":
            sampled = _sample_nodes(argument[-1])
        case _:
            pass  # anchors and look-arounds add no text; the result is checked by the caller
    return sampled


def _sample_nodes(nodes: Any) -> str:  # noqa: ANN401 - the parser's nodes are untyped
    return "".join(_sample_node(*node) for node in nodes)
