"""PromQL, built from values instead of pasted from strings.

An ``Expr`` knows how tightly its outermost operator binds, so callers compose expressions and never
think of parentheses, quoting or float noise. Small on purpose: only what the generated rules need.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

# Binding power of PromQL's operators, loosest first: `or`, `and`/`unless`, comparisons, `+ -`, `* /`.
_OR, _AND, _COMPARE, _ADD, _MULTIPLY, _ATOM = range(1, 7)


@dataclass(frozen=True, slots=True)
class Expr:
    """A PromQL expression and how tightly its outermost operator binds."""

    text: str
    binding: int = _ATOM

    def __str__(self) -> str:
        return self.text

    def __add__(self, other: "Expr") -> "Expr":
        return _binary(self, "+", other, _ADD)

    def __sub__(self, other: "Expr") -> "Expr":
        return _binary(self, "-", other, _ADD)

    def __mul__(self, other: "Expr") -> "Expr":
        return _binary(self, "*", other, _MULTIPLY)

    def __truediv__(self, other: "Expr") -> "Expr":
        return _binary(self, "/", other, _MULTIPLY)

    def __gt__(self, other: "Expr") -> "Expr":
        return _binary(self, ">", other, _COMPARE)

    def ge(self, other: "Expr") -> "Expr":
        """Keep the series of ``self`` that are at least ``other``; NaN is not."""
        return _binary(self, ">=", other, _COMPARE)

    def __lt__(self, other: "Expr") -> "Expr":
        return _binary(self, "<", other, _COMPARE)

    def gt_bool(self, other: "Expr") -> "Expr":
        """1 where ``self > other``, else 0: a comparison that drops no series."""
        return _binary(self, "> bool", other, _COMPARE)

    def eq(self, other: "Expr") -> "Expr":
        """Keep the series of ``self`` that equal ``other``."""
        return _binary(self, "==", other, _COMPARE)

    def ne_bool(self, other: "Expr") -> "Expr":
        """1 where ``self != other``, else 0: a comparison that drops no series."""
        return _binary(self, "!= bool", other, _COMPARE)

    def and_(self, other: "Expr", *, on: Iterable[str] = ()) -> "Expr":
        """Keep the series of ``self`` that have a partner in ``other``, by all labels or by ``on``."""
        return _binary(self, f"and{_matching('on', on)}", other, _AND)

    def unless(self, other: "Expr", *, ignoring: Iterable[str] = ()) -> "Expr":
        """Keep the series of ``self`` that have no partner in ``other``."""
        return _binary(self, f"unless{_matching('ignoring', ignoring)}", other, _AND)

    def or_(self, other: "Expr", *, ignoring: Iterable[str] = ()) -> "Expr":
        """Take the series of ``self``, and those of ``other`` that it lacks."""
        return _binary(self, f"or{_matching('ignoring', ignoring)}", other, _OR)


TIME: Final = Expr("time()")


def number(value: Decimal | int) -> Expr:
    """Write a number in full: no exponent, no float noise, no trailing zeros."""
    text = f"{Decimal(value):f}"
    return Expr(text.rstrip("0").rstrip(".") if "." in text else text)


def duration(value: timedelta) -> str:
    """Write a duration as Prometheus does, in the largest unit that divides it."""
    milliseconds = value // timedelta(milliseconds=1)
    if milliseconds == 0:
        return "0s"
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)):
        if milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms"


def quote(value: str) -> str:
    """Quote a label value."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def series(metric: str, matchers: Iterable[tuple[str, str, str]] = (), /, **labels: str) -> Expr:
    """Select series by metric name, ``(name, operator, value)`` matchers and equal labels."""
    parts = [f"{name}{op}{quote(value)}" for name, op, value in matchers]
    parts += [f"{name}={quote(value)}" for name, value in labels.items()]
    return Expr(f"{metric}{{{','.join(parts)}}}" if parts else metric)


def call(function: str, *arguments: Expr) -> Expr:
    """Call a function: ``call("abs", x)``."""
    return Expr(f"{function}({', '.join(a.text for a in arguments)})")


def over(function: str, selector: Expr, window: timedelta, step: timedelta | None = None) -> Expr:
    """Call a function over a range: ``over("rate", x, 5m)`` is ``rate(x[5m])``.

    With ``step`` the range is a subquery, ``x[1d:5m]``, evaluated at multiples of the step.
    """
    resolution = f":{duration(step)}" if step is not None else ""
    return Expr(f"{function}({_wrap(selector, _ATOM)}[{duration(window)}{resolution}])")


def aggregate(operator: str, expr: Expr, *, by: Iterable[str] = ()) -> Expr:
    """Aggregate: ``sum by (a, b) (x)``, or ``sum(x)`` when ``by`` is empty."""
    labels = ", ".join(by)
    return Expr(f"{operator} by ({labels}) ({expr})" if labels else f"{operator}({expr})")


def without(operator: str, expr: Expr, labels: Iterable[str]) -> Expr:
    """Aggregate some labels away: ``max without (window) (x)``."""
    return Expr(f"{operator} without ({', '.join(labels)}) ({expr})")


def _matching(keyword: str, labels: Iterable[str]) -> str:
    listed = ", ".join(labels)
    return f" {keyword} ({listed})" if listed else ""


def _wrap(expr: Expr, binding: int) -> str:
    return expr.text if expr.binding >= binding else f"({expr.text})"


def _binary(left: Expr, operator: str, right: Expr, binding: int) -> Expr:
    # Every operator used here is left-associative: the right side needs to bind tighter.
    return Expr(f"{_wrap(left, binding)} {operator} {_wrap(right, binding + 1)}", binding)
