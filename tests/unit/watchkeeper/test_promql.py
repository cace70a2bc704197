"""Expressions keep their meaning when they are written down."""

from datetime import timedelta
from decimal import Decimal

import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper import promql
from watchkeeper.promql import Expr

LEAVES = st.sampled_from([Expr("a"), Expr("b"), Expr("c"), promql.number(2)])
VECTORS = st.sampled_from([Expr("a"), Expr("b"), Expr("c")])


def _combined(children: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    operators = st.sampled_from(
        [Expr.__add__, Expr.__sub__, Expr.__mul__, Expr.__truediv__, Expr.or_, Expr.and_, Expr.gt_bool]
    )
    return st.builds(lambda op, left, right: op(left, right), operators, children, children)


@given(st.recursive(VECTORS, _combined, max_leaves=12))
def test_whatever_is_built_parses(expr: Expr) -> None:
    """No combination of operators needs a parenthesis that is not there."""
    promql_parser.parse(expr.text)


def test_precedence_is_kept_with_as_few_parentheses_as_needed() -> None:
    """What a reviewer reads is what Prometheus computes."""
    a, b, c = Expr("a"), Expr("b"), Expr("c")
    assert (a - (b - c)).text == "a - (b - c)"
    assert ((a - b) - c).text == "a - b - c"
    assert ((a + b) * c).text == "(a + b) * c"
    assert (a + b * c).text == "a + b * c"
    assert ((a > b).and_(c)).text == "a > b and c"
    assert (a.or_(b).and_(c)).text == "(a or b) and c"
    assert promql.over("rate", a + b, timedelta(minutes=5)).text == "rate((a + b)[5m])"


@given(st.text(max_size=40))
def test_any_label_value_survives_quoting(value: str) -> None:
    """A hostile value can not leave its quotes."""
    node = promql_parser.parse(promql.series("m", label=value).text)
    assert isinstance(node, promql_parser.VectorSelector)
    assert [m.value for m in node.matchers.matchers] == [value]


@given(st.decimals(min_value=0, max_value=10**12, places=9))
def test_numbers_are_written_exactly(value: Decimal) -> None:
    """No exponent, no rounding."""
    text = promql.number(value).text
    assert Decimal(text) == value
    assert "E" not in text.upper()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.5, "500ms"), (5, "5s"), (90, "90s"), (300, "5m"), (3600, "1h"), (86400 * 30, "30d")],
)
def test_durations_take_the_largest_whole_unit(seconds: float, text: str) -> None:
    """As Prometheus writes them."""
    assert promql.duration(timedelta(seconds=seconds)) == text
