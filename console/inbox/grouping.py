"""Decides what a notification means for the pages of its group. Pure: no clock, no store.

Deliveries come more than once (retries, reminders) and from more than one Alertmanager, each in its own
order, so the order of arrival proves little. What tells incidents apart is each alert's own time: a
firing alert that began before the end reported for it is the incident we know already, and one that
began after that end is a new one. Alertmanager merges its own alerts by the same overlap.

Not every end is told: of an alert that ends behind a silence or a maintenance, Alertmanager never speaks
again. Silence is read by the reminders that were due meanwhile: see ``QUIET``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from console.inbox.notification import Notification
from watchkeeper.conventions import SEVERITY, SEVERITY_PAGE, SEVERITY_TICKET
from watchkeeper.pages import FIRING, PagedAlert

KNOWN_ALERTS_MAX = 500
"""Alerts kept of one page; those that have resolved go first."""

_REMINDER_DELAY_MAX: Final = timedelta(minutes=30)
"""Several group intervals: a reminder that is due waits for its group's turn, and may be retried."""
QUIET: Final[Mapping[str, timedelta]] = {
    SEVERITY_PAGE: timedelta(hours=4) + _REMINDER_DELAY_MAX,
    SEVERITY_TICKET: timedelta(days=1) + _REMINDER_DELAY_MAX,
}
"""By severity: nothing heard of a page for so long, and it no longer fires for all that we know.

Above the ``repeat_interval`` of its route (``alerts.routing``), after which what still fires is told again;
a test holds the two together.
"""


class Outcome(StrEnum):
    """What a notification did."""

    OPENED = "opened"
    UPDATED = "updated"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    """An alert of a page that had resolved fires on: the incident was not over, so it is no new page."""
    REPEATED = "repeated"
    """Said nothing new: a retry, a reminder, or another Alertmanager."""
    STRAY = "stray"
    """Resolves what was never open here."""


@dataclass(frozen=True, slots=True)
class GroupPage:
    """What the decision needs to know of a page of the group."""

    id: int
    is_open: bool
    reopened: bool
    severity: str
    alerts: tuple[PagedAlert, ...]
    ended: Mapping[str, datetime]
    """By fingerprint: the end last reported for the occurrence that ``alerts`` holds, also if it fires on."""
    heard_at: datetime
    """When Alertmanager last spoke of it while it was its group's newest."""

    def knows(self, alert: PagedAlert) -> bool:
        """Tell whether this occurrence of the alert is one of the page's."""
        if all(known.fingerprint != alert.fingerprint for known in self.alerts):
            return False
        ended = self.ended.get(alert.fingerprint)
        return alert.starts_at <= ended if ended is not None else not self.fell_silent_before(alert)

    def fell_silent_before(self, alert: PagedAlert) -> bool:
        """Tell whether nothing had been heard of the page for long when the alert began."""
        return alert.starts_at > self.heard_at + QUIET[self.severity]


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done."""

    outcome: Outcome
    page_id: int | None = None
    """The page it belongs to; None to open one, and for a stray."""
    closes_id: int | None = None
    """A page that turns out to be over, since a later incident of its group has begun."""


def decide(pages: Sequence[GroupPage], notification: Notification) -> Decision:
    """Decide what a notification does to the group's ``pages``, newest first."""
    latest = pages[0] if pages else None
    if notification.status == FIRING:
        return _firing(latest, pages, notification)
    return _resolved(latest, pages, notification)


def _firing(latest: GroupPage | None, pages: Sequence[GroupPage], notification: Notification) -> Decision:
    alerts = notification.firing or notification.alerts
    homes = [_home(alert, pages) for alert in alerts]
    known = [home for home in homes if home is not None]
    has_new = len(known) < len(homes)
    if latest is None or (has_new and not latest.is_open):
        return Decision(Outcome.OPENED)
    if not has_new and latest.id not in known:
        return Decision(Outcome.REPEATED, max(known))
    if not latest.is_open:
        return Decision(Outcome.REOPENED, latest.id)
    is_over = latest.id not in known and all(latest.fell_silent_before(alert) for alert in alerts)
    if is_over or (latest.reopened and not known):
        return Decision(Outcome.OPENED, closes_id=latest.id)
    changed = merge(latest, notification)[0] != latest.alerts
    return Decision(Outcome.UPDATED if changed else Outcome.REPEATED, latest.id)


def _resolved(latest: GroupPage | None, pages: Sequence[GroupPage], notification: Notification) -> Decision:
    if latest is None:
        return Decision(Outcome.STRAY)
    known = [home for alert in notification.alerts if (home := _home(alert, pages)) is not None]
    if latest.is_open and (latest.id in known or (not known and not _is_older(notification, latest))):
        return Decision(Outcome.RESOLVED, latest.id)
    return Decision(Outcome.REPEATED, max(known)) if known else Decision(Outcome.STRAY)


def _home(alert: PagedAlert, pages: Sequence[GroupPage]) -> int | None:
    """Find the page that knows this occurrence; the oldest that may, since ends only grow."""
    return next((page.id for page in reversed(pages) if page.knows(alert)), None)


def _is_older(notification: Notification, page: GroupPage) -> bool:
    began = min(alert.starts_at for alert in page.alerts)
    return all(alert.ends_at is not None and alert.ends_at < began for alert in notification.alerts)


def merge(
    page: GroupPage | None, notification: Notification
) -> tuple[tuple[PagedAlert, ...], Mapping[str, datetime]]:
    """Give a page's alerts and their ends after a notification: each alert as last reported.

    Alerts that the notification does not mention stay: Alertmanager leaves out what is silenced.
    """
    alerts = {alert.fingerprint: alert for alert in page.alerts} if page else {}
    ended = dict(page.ended) if page else {}
    for alert in notification.alerts:
        known = alerts.get(alert.fingerprint)
        if known is not None and alert.ends_at is not None and alert.ends_at < known.starts_at:
            continue
        alerts[alert.fingerprint] = alert
        last_end = ended.get(alert.fingerprint)
        if alert.status == FIRING:
            if last_end is not None and alert.starts_at > last_end:
                del ended[alert.fingerprint]
        else:
            end = alert.ends_at or alert.starts_at
            ended[alert.fingerprint] = max(end, last_end) if last_end else end
    ordered = sorted(alerts.values(), key=lambda alert: (alert.status != FIRING, alert.fingerprint))
    kept = tuple(ordered[:KNOWN_ALERTS_MAX])
    names = {alert.fingerprint for alert in kept}
    return kept, {name: end for name, end in ended.items() if name in names}


def severity(alerts: Sequence[PagedAlert], before: str | None = None) -> str:
    """Tell whether these alerts wake someone; a page never becomes a ticket.

    An alert without a severity that we know wakes people: unknown is not harmless.
    """
    harmless = all(alert.labels.get(SEVERITY) == SEVERITY_TICKET for alert in alerts)
    return SEVERITY_TICKET if harmless and before != SEVERITY_PAGE else SEVERITY_PAGE
