"""A budget's thresholds rise, so that each is told once and in order."""

from collections.abc import Iterator
from itertools import pairwise

from watchkeeper.catalog.draft import Draft
from watchkeeper.catalog.problems import Problem
from watchkeeper.catalog.service import Service


def check(draft: Draft) -> Iterator[Problem]:
    """Compare each threshold with the one before it."""
    for service, root in draft.modelled(Service):
        for index, budget in enumerate(service.budgets):
            for position, (low, high) in enumerate(pairwise(budget.thresholds_percent), start=1):
                if low >= high:
                    yield Problem(
                        root.place_of(("budgets", index, "thresholds_percent", position)),
                        "thresholds",
                        f"the threshold {high} does not rise above the one before it, {low}",
                        "sort them and drop the duplicates",
                    )
