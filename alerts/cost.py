"""How many samples an evaluation of a rule reads, counted from its expression.

Stands alone because it needs no server: what a rule costs can be reviewed with the rule. It counts as
Prometheus's query statistics do, except that it can not know how many series a selector finds: every
selector counts as one.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import promql_parser

from watchkeeper.promql import Expr


def samples_read(expr: Expr, scrape_interval: timedelta) -> int:
    """Count the samples that one evaluation reads, per series of each selector.

    A range holds one sample per scrape interval (rules run as often as scrapes), a subquery one result of its
    inner expression per step.
    """
    return _count(promql_parser.parse(expr.text), scrape_interval)


def _count(node: Any, interval: timedelta) -> int:  # noqa: ANN401 - promql-parser ships no type hints
    match node:
        case promql_parser.VectorSelector():
            return 1
        case promql_parser.MatrixSelector():
            return _points(node.range, interval)
        case promql_parser.SubqueryExpr():
            return _points(node.range, node.step or interval) * _count(node.expr, interval)
        case _:
            return sum(_count(child, interval) for child in _children(node))


def _children(node: Any) -> Sequence[Any]:  # noqa: ANN401 - likewise
    match node:
        case promql_parser.BinaryExpr():
            return (node.lhs, node.rhs)
        case promql_parser.Call():
            return tuple(node.args)
        case promql_parser.AggregateExpr() | promql_parser.ParenExpr() | promql_parser.UnaryExpr():
            return (node.expr,)
        case _:
            return ()


def _points(window: timedelta | None, step: timedelta) -> int:
    return max(1, window // step) if window else 1
