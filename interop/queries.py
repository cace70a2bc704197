"""Arbitrary PromQL taken apart into what an SLI of the catalog is made of, where that is exact.

Only shapes whose meaning is beyond doubt are taken: one counter, summed, as a rate over a window; or
the difference of two. Everything else is refused with the reason. The grammar is Prometheus's own.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Any, Literal

import promql_parser as grammar

from interop.report import NotExactError
from watchkeeper.catalog.selector import Selector

QUERY_LENGTH_MAX = 4_000
_DEPTH_MAX = 100
"""The grammar recurses; beyond what is bounded here it would exhaust the stack."""
_TEMPLATE = re.compile(r"(?<=\[)\s*\{\{-?\s*\.window\s*-?\}\}\s*(?=\])")
_PLACEHOLDER = timedelta(milliseconds=86_399_983)
"""Stands for the template while the text is parsed; nobody writes such a range."""

Function = Literal["rate", "increase", "none"]
Node = Any
"""promql-parser ships no type hints for its node classes."""


@dataclass(frozen=True, slots=True)
class Range:
    """What lies between the brackets: a length, or the window that the tool fills in."""

    length: timedelta | None


@dataclass(frozen=True, slots=True)
class Events:
    """``sum by (by) (function(selector[range]))``: the events that one selector counts."""

    selector: Selector
    by: tuple[str, ...] = ()
    function: Function = "none"
    range: Range | None = None
    """None where no function is applied: the counter itself."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The events of one selector that are not among those of another."""

    every: Events
    but: Events


def parse(text: str) -> Node:
    """Parse a query, its window templates replaced by a range that stands for them.

    Raises:
        NotExactError: it is not PromQL, too long, or templated anywhere else than in a range.
    """
    if not text:
        raise NotExactError("there is no query", "write one")
    if len(text) > QUERY_LENGTH_MAX:
        raise NotExactError(f"it has more than {QUERY_LENGTH_MAX:,} characters", "record it as a new series")
    if _depth(text) > _DEPTH_MAX:
        raise NotExactError("it is nested too deeply", "record its parts as new series")
    plain = _TEMPLATE.sub(f"{_PLACEHOLDER // timedelta(milliseconds=1)}ms", text)
    try:
        node = grammar.parse(plain)
    except RecursionError:
        raise NotExactError("it is nested too deeply", "record its parts as new series") from None
    except ValueError as error:
        if "{{" in plain:
            raise NotExactError(
                "it has a template that is no window", "write it out; only [{{.window}}] is known"
            ) from error
        reason = str(error).splitlines()[0] if str(error) else "syntax error"
        raise NotExactError(f"it is not PromQL ({reason})", "correct it") from error
    return unwrapped(node)


def unwrapped(node: Node) -> Node:
    """Take away the parentheses around an expression."""
    while isinstance(node, grammar.ParenExpr):
        node = node.expr
    return node


def events(node: Node) -> Events:
    """Read the events that a query counts.

    Raises:
        NotExactError: the query is anything else than a sum over one counter.
    """
    node = unwrapped(node)
    if isinstance(node, grammar.BinaryExpr):
        raise NotExactError(
            f"it joins two expressions with '{node.op}', and an SLI counts one counter",
            "record the result as one counter, or make an SLI of each part",
        )
    by: tuple[str, ...] = ()
    summed = isinstance(node, grammar.AggregateExpr)
    if summed:
        by, node = _aggregate(node, "sum")
    if isinstance(node, grammar.Call):
        return _rated(node, by, summed=summed)
    return Events(selector(node), by)


def error_events(node: Node) -> Events | Difference:
    """Read a query of bad events: like any, or all events without the good ones, or none as zero.

    Raises:
        NotExactError: the query is anything else.
    """
    node = unwrapped(node)
    if isinstance(node, grammar.BinaryExpr) and str(node.op) == "or" and _is_zero(node.rhs):
        counted = error_events(node.lhs)
        first = counted.every if isinstance(counted, Difference) else counted
        if first.by:
            raise NotExactError("'or vector(0)' adds a group of its own", "drop it: none is 0 here anyway")
        return counted
    if isinstance(node, grammar.BinaryExpr) and str(node.op) == "-" and node.modifier is None:
        return Difference(events(node.lhs), events(node.rhs))
    return events(node)


def selector(node: Node) -> Selector:
    """Read a plain series selector.

    Raises:
        NotExactError: it is more than that.
    """
    node = unwrapped(node)
    if not isinstance(node, grammar.VectorSelector):
        raise NotExactError(
            "it is more than a series selector inside 'sum(rate(...))'",
            "record the result as a counter and select that",
        )
    if node.offset is not None or node.at is not None:
        raise NotExactError(
            "it looks at another time ('offset' or '@')",
            "drop that; late data has no counterpart in the catalog",
        )
    try:
        found = Selector.of(node, str(node))
    except ValueError as error:
        why, _, fix = str(error).partition("; ")
        raise NotExactError(why, fix) from error
    if not all(matcher.value.isprintable() for matcher in found.matchers):
        raise NotExactError("a label's value holds invisible characters", "match it another way")
    return found


@dataclass(frozen=True, slots=True)
class Condition:
    """A gauge judged at every moment: ``min(gauge == bool 1)`` or ``max(time() - timestamp)``."""

    kind: Literal["boolean", "freshness"]
    selector: Selector
    by: tuple[str, ...]


def condition(node: Node) -> Condition:
    """Read a condition in exactly the form in which the catalog judges it.

    Raises:
        NotExactError: it is anything else.
    """
    refusal = NotExactError(
        "a threshold on this query has no counterpart among the kinds of SLI",
        "write 'min(GAUGE == bool 1)' with gte 1, or 'max(time() - TIMESTAMP)' with lte; or count events",
    )
    if not isinstance(node, grammar.AggregateExpr) or str(node.op) not in {"min", "max"}:
        raise refusal
    operator = str(node.op)
    by, inner = _aggregate(node, operator)
    if not isinstance(inner, grammar.BinaryExpr):
        raise refusal
    left, right, how = unwrapped(inner.lhs), unwrapped(inner.rhs), inner.modifier
    written = (operator, str(inner.op))
    if (
        written == ("min", "==")
        and how is not None
        and how.return_bool
        and _is_number(right)
        and right.val == 1
    ):
        return Condition("boolean", selector(left), by)
    is_clock = isinstance(left, grammar.Call) and left.func.name == "time"
    if written == ("max", "-") and how is None and is_clock:
        return Condition("freshness", selector(right), by)
    raise refusal


@dataclass(frozen=True, slots=True)
class NativeHistogram:
    """``histogram_count(sum(rate(h[r])))``, of which a share is faster than ``bound`` seconds."""

    events: Events
    bound: Decimal | None = None


def native(node: Node) -> NativeHistogram | None:
    """Read the count of a native histogram, or the count of its quick part; nothing if it is neither."""
    if isinstance(node, grammar.Call) and node.func.name == "histogram_count" and len(node.args) == 1:
        return NativeHistogram(events(node.args[0]))
    if not isinstance(node, grammar.BinaryExpr) or str(node.op) != "*" or node.modifier is not None:
        return None
    share, count = unwrapped(node.lhs), native(unwrapped(node.rhs))
    if count is None or count.bound is not None or not isinstance(share, grammar.Call):
        return None
    if share.func.name != "histogram_fraction" or not _is_number(share.args[0]):
        return None
    lower, upper, histogram = (unwrapped(one) for one in share.args)
    if lower.val != 0 or not _is_number(upper) or events(histogram) != count.events:
        return None
    return NativeHistogram(count.events, Decimal(str(upper.val)))


def _aggregate(node: Node, operator: str) -> tuple[tuple[str, ...], Node]:
    if str(node.op) != operator:
        raise NotExactError(f"it aggregates with '{node.op}', and events are summed", "use 'sum'")
    if node.modifier is None:
        return (), unwrapped(node.expr)
    if node.modifier.type != grammar.AggModifierType.By:
        raise NotExactError(
            "'without' leaves groups that only the data knows", "name the labels that matter with 'by'"
        )
    return tuple(node.modifier.labels), unwrapped(node.expr)


def _rated(node: Node, by: tuple[str, ...], *, summed: bool) -> Events:
    name: str = node.func.name
    if name not in {"rate", "increase"}:
        raise NotExactError(f"'{name}' does not count events exactly", "use 'rate' over the window")
    (argument,) = node.args
    argument = unwrapped(argument)
    if not isinstance(argument, grammar.MatrixSelector):
        raise NotExactError("it has a subquery", "record the inner expression as a counter")
    if not summed:
        raise NotExactError(
            "it is not summed, so every series has an objective of its own",
            "put 'sum(...)' around it, or 'sum by (LABEL) (...)' for an objective per label",
        )
    length = None if argument.range == _PLACEHOLDER else argument.range
    function: Function = "rate" if name == "rate" else "increase"
    return Events(selector(argument.vector_selector), by, function, Range(length))


def _depth(text: str) -> int:
    """Count how deep brackets nest. Those inside of quotes count too: the bound is generous."""
    steps = (1 if char in "([{" else -1 if char in ")]}" else 0 for char in text)
    return max(accumulate(steps), default=0)


def _is_zero(node: Node) -> bool:
    node = unwrapped(node)
    return (
        isinstance(node, grammar.Call)
        and node.func.name == "vector"
        and all(_is_number(one) and unwrapped(one).val == 0 for one in node.args)
    )


def _is_number(node: Node) -> bool:
    return isinstance(unwrapped(node), grammar.NumberLiteral)
