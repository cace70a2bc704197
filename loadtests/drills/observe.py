"""One look at everything a drill needs to see: Prometheus, Alertmanager, the inbox, the faults.

Decides nothing. A server that does not answer leaves its part of the observation empty and says why;
what that means is the timeline's business.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from loadtests.drills.inject import Injector
from loadtests.drills.plan import Plan
from loadtests.drills.seen import Observation, SeenAlert
from watchkeeper.alertmanager_api import AlertmanagerApi
from watchkeeper.conventions import ALERTNAME, SERVICE, SEVERITY, SEVERITY_NONE, SEVERITY_TICKET, SLO
from watchkeeper.errors import WatchkeeperError
from watchkeeper.pages import InboxApi
from watchkeeper.prometheus_api import PrometheusApi
from watchkeeper.promql import Expr

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Servers:
    """The servers that a drill asks."""

    prometheus: PrometheusApi
    alertmanager: AlertmanagerApi
    inbox: InboxApi


class Observer:
    """Looks, when it is asked to."""

    def __init__(self, plan: Plan, servers: Servers, injector: Injector, *, after_page: int) -> None:
        self._plan = plan
        self._servers = servers
        self._injector = injector
        self._after_page = after_page

    def look(self, now: datetime) -> Observation:
        """Ask everyone once."""
        problems: list[str] = []

        def ask(question: Callable[[], T]) -> T | None:
            try:
                return question()
            except WatchkeeperError as error:
                problems.append(str(error))
                return None

        prometheus = self._servers.prometheus
        # In the order in which a page travels, so that one look never sees an effect before its cause.
        return Observation(
            at=now,
            faults=self._injector.faults(),
            processes=ask(self._injector.killed) or (),
            error_ratio=ask(lambda: by_slo(prometheus, self._plan.ratios)),
            events_per_s=ask(lambda: by_slo(prometheus, self._plan.totals)),
            alerts=ask(lambda: firing(prometheus)),
            routed=ask(lambda: held(self._servers.alertmanager)),
            pages=ask(lambda: self._servers.inbox.pages(after_id=self._after_page)),
            unanswered=tuple(problems),
        )


def by_slo(prometheus: PrometheusApi, expr: Expr) -> Mapping[str, float]:
    """Ask for one number per SLO.

    Raises:
        BackendError: Prometheus did not answer well.
    """
    return {
        sample.labels[SLO]: sample.value for sample in prometheus.query(str(expr)) if SLO in sample.labels
    }


def firing(prometheus: PrometheusApi) -> Sequence[SeenAlert]:
    """Give the alerts that wake someone and are pending or firing.

    Raises:
        BackendError: Prometheus did not answer well.
    """
    return [_alert(alert.labels, alert.state) for alert in prometheus.alerts() if _wakes(alert.labels)]


def held(alertmanager: AlertmanagerApi) -> Sequence[SeenAlert]:
    """Give the alerts that wake someone and are in Alertmanager.

    Raises:
        BackendError: Alertmanager did not answer well.
    """
    return [
        _alert(alert.labels, alert.status.state) for alert in alertmanager.alerts() if _wakes(alert.labels)
    ]


def _wakes(labels: Mapping[str, str]) -> bool:
    # An alert without a severity is one that somebody forgot: Alertmanager's default route delivers it.
    return labels.get(SEVERITY) not in (SEVERITY_TICKET, SEVERITY_NONE)


def _alert(labels: Mapping[str, str], state: str) -> SeenAlert:
    return SeenAlert(
        name=labels.get(ALERTNAME, "?"), state=state, slo=labels.get(SLO), service=labels.get(SERVICE)
    )
