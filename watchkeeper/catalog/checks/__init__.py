"""Checks across the catalog: one concern per module, each a function from a draft to its problems.

A new check is a new module and a line in ``CHECKS``.
"""

from collections.abc import Callable, Iterable, Iterator

from watchkeeper.catalog.checks import (
    cycles,
    drills,
    duplicates,
    matchers,
    metrics,
    names,
    periods,
    references,
    thresholds,
)
from watchkeeper.catalog.draft import Draft
from watchkeeper.catalog.problems import Problem

Check = Callable[[Draft], Iterator[Problem]]

CHECKS: tuple[Check, ...] = (
    names.check,
    duplicates.check,
    references.check,
    cycles.check,
    drills.check,
    periods.check,
    metrics.check,
    matchers.check,
    thresholds.check,
)


def run_checks(draft: Draft, further: Iterable[Check] = ()) -> Iterator[Problem]:
    """Run every check, and those of other parts of the project."""
    for check in (*CHECKS, *further):
        yield from check(draft)
