"""What a drill can see at one moment, and how a page is read.

The border between asking servers and thinking about the answers: whoever asks fills these in, whoever
thinks needs nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from watchkeeper.conventions import SERVICE, SEVERITY_NONE, SEVERITY_TICKET, SLO
from watchkeeper.pages import Page, PagedAlert


@dataclass(frozen=True, slots=True)
class SeenAlert:
    """An alert of severity *page*, in Prometheus or in Alertmanager."""

    name: str
    state: str
    """Prometheus: pending, firing. Alertmanager: active, suppressed, unprocessed."""
    slo: str | None = None
    service: str | None = None

    @property
    def subject(self) -> str:
        """What the alert is about."""
        return self.slo or self.service or self.name


@dataclass(frozen=True, slots=True)
class SeenFault:
    """One fault at one process."""

    where: str
    fault: str
    on: bool | None
    """None: the process did not say."""


@dataclass(frozen=True, slots=True)
class SeenProcess:
    """One process that the drill killed."""

    name: str
    pid: int | None
    """None while it does not run."""
    healthy: bool


@dataclass(frozen=True, slots=True)
class Observation:
    """One look at everything. A field is None when the server that knows it did not answer."""

    at: datetime
    error_ratio: Mapping[str, float] | None = None
    """By SLO, over the last few scrapes; an SLO without events is absent."""
    events_per_s: Mapping[str, float] | None = None
    alerts: Sequence[SeenAlert] | None = None
    routed: Sequence[SeenAlert] | None = None
    pages: Sequence[Page] | None = None
    """Pages that were opened since the injection."""
    faults: Sequence[SeenFault] = ()
    processes: Sequence[SeenProcess] = ()
    unanswered: Sequence[str] = ()
    """Why a field is None."""


def wakes(page: Page) -> bool:
    """Tell whether a page wakes someone: all do but tickets and what is never shown to people."""
    return page.severity not in (SEVERITY_TICKET, SEVERITY_NONE)


def own_alerts(page: Page) -> Sequence[PagedAlert]:
    """Give the alerts of this page's incident.

    Prometheus repeats for a quarter of an hour that an alert is over, so Alertmanager may list an alert of
    the group's last incident in the next one's page.
    """
    return [alert for alert in page.alerts if alert.ends_at is None or alert.ends_at >= page.opened_at]


def slos(page: Page) -> Sequence[str]:
    """Every SLO that a page is about; grouping decides whether that is one or several."""
    return sorted({alert.labels[SLO] for alert in own_alerts(page) if SLO in alert.labels})


def subject(page: Page) -> str:
    """Say what a page is about, as precisely as its labels do."""
    services = sorted({alert.labels[SERVICE] for alert in own_alerts(page) if SERVICE in alert.labels})
    return ", ".join(slos(page)) or page.group_labels.get(SERVICE) or ", ".join(services) or page.group_key
