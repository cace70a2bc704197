"""A check of the catalog that needs the window policy: can every SLO's alerts fire at all?

It stands here and not beside the other checks since the policy is the alerts' business; whoever loads
a catalog to render it, or to tell whether it can be, hands this check to the loader.
"""

from collections.abc import Iterator

from alerts.policy import PolicyError, windows_for
from watchkeeper.catalog.catalog import Objective
from watchkeeper.catalog.draft import Draft
from watchkeeper.catalog.problems import Problem
from watchkeeper.catalog.service import Service
from watchkeeper.catalog.settings import Settings


def check(draft: Draft) -> Iterator[Problem]:
    """Derive every SLO's windows; report each SLO that the policy can not serve, at the field to change."""
    for settings in draft.models(Settings):
        for service, root in draft.modelled(Service):
            slis = {sli.id: sli for sli in service.slis}
            for index, slo in enumerate(service.slos):
                if slo.sli not in slis:
                    continue  # another check says so
                try:
                    windows_for(Objective(service, slis[slo.sli], slo), settings.scrape_interval)
                except PolicyError as error:
                    field = error.field if error.field in slo.model_fields_set else "id"
                    yield Problem(root.place_of(("slos", index, field)), "windows", error.what, error.fix)
