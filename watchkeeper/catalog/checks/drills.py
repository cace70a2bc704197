"""A drill expects only what can happen: a page from an SLO that pages, in less than forever."""

from collections.abc import Iterator

from watchkeeper.catalog.draft import Draft
from watchkeeper.catalog.problems import Problem
from watchkeeper.catalog.resilience import ExpectPage
from watchkeeper.catalog.service import Service


def check(draft: Draft) -> Iterator[Problem]:
    """Find drills that wait for a page which cannot come."""
    for service, root in draft.modelled(Service):
        silent = {slo.id: index for index, slo in enumerate(service.slos) if not slo.alerts.page}
        for index, drill in enumerate(service.drills):
            if isinstance(drill.expect, ExpectPage) and drill.expect.page in silent:
                switch = root.place_of(("slos", silent[drill.expect.page], "alerts", "page"))
                yield Problem(
                    root.place_of(("drills", index, "expect", "page")),
                    "drills",
                    f"the SLO '{drill.expect.page}' pages nobody, so this page cannot come",
                    "switch its page alerts on, or expect silence with 'silent_for'",
                    (("switched off", switch),),
                )
