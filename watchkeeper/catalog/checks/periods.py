"""An SLO's period fits what is kept and how often is looked."""

from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction

from watchkeeper.catalog.base import format_duration
from watchkeeper.catalog.draft import Draft
from watchkeeper.catalog.problems import Problem
from watchkeeper.catalog.service import Service
from watchkeeper.catalog.settings import Settings


def check(draft: Draft) -> Iterator[Problem]:
    """Compare every SLO's period with the retention and with the scrape interval."""
    for settings, settings_root in draft.modelled(Settings):
        for service, root in draft.modelled(Service):
            for index, slo in enumerate(service.slos):
                at = root.place_of(("slos", index, "period" if "period" in slo.model_fields_set else "id"))
                period = format_duration(slo.period)
                if slo.period >= settings.retention:
                    kept = format_duration(settings.retention)
                    yield Problem(
                        at,
                        "periods",
                        f"a period of {period} needs more than the {kept} of samples that are kept",
                        "shorten it, or raise 'retention' above it",
                        (("retention", settings_root.place_of(("retention",))),),
                    )
                # One scrape that finds everything broken must not spend the whole budget: nothing faster
                # than a scrape can be seen, so such a budget cannot be kept, only lost.
                budget = slo.period / timedelta(seconds=1) * Fraction(slo.error_budget_ratio)
                if budget < settings.scrape_interval / timedelta(seconds=1):
                    every = format_duration(settings.scrape_interval)
                    yield Problem(
                        at,
                        "periods",
                        f"{slo.objective} % of {period} leaves {float(budget):.3g} s of error budget, "
                        f"less than one scrape interval ({every})",
                        "lengthen 'period', lower 'objective' or scrape more often",
                    )
