"""A page: what the inbox stores of an Alertmanager group, and what its readers get back as JSON.

One page is one group (Alertmanager's ``groupKey``) from its first firing notification to its resolved
one. Repeated notifications of a group that still fires update the page; a group that fires again after
it resolved opens a new one. This is how incident trackers count, so it is how we count.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, TypeAdapter

from watchkeeper.conventions import ALERTNAME, SLO
from watchkeeper.errors import BackendError
from watchkeeper.http_api import FetchError, HttpApi

OPEN = "open"
RESOLVED = "resolved"
FIRING = "firing"

_Answer = TypeVar("_Answer")


class PagedAlert(BaseModel):
    """One alert of a page, as last reported."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: str
    """``firing`` or ``resolved``."""
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: AwareDatetime
    ends_at: AwareDatetime | None
    fingerprint: str


class Page(BaseModel):
    """One page with everything an on-call engineer needs to begin."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: int
    group_key: str
    receiver: str
    status: str
    """``open`` or ``resolved``."""
    severity: str
    """``page`` or ``ticket``."""
    group_labels: dict[str, str]
    opened_at: AwareDatetime
    """When the first notification was stored."""
    resolved_at: AwareDatetime | None
    notifications: int
    """Deliveries that this page took in, the first one included."""
    alerts: tuple[PagedAlert, ...]
    heard_at: AwareDatetime | None = None
    """When Alertmanager last spoke of it: an open page that nobody has spoken of for long may be silenced."""

    def label(self, name: str) -> str | None:
        """Give the label that the page has as a whole: its group's, or the one that all its alerts share."""
        if name in self.group_labels:
            return self.group_labels[name]
        values = {alert.labels.get(name) for alert in self.alerts}
        return values.pop() if len(values) == 1 else None

    @property
    def title(self) -> str:
        """Name the alert; a page of several kinds of alert names them all."""
        own = self.label(ALERTNAME)
        names = [own] if own else sorted({alert.labels.get(ALERTNAME, "") for alert in self.alerts} - {""})
        return ", ".join(names) or "(no alert name)"

    @property
    def about(self) -> str:
        """Name the objectives that it is about, and the alerts that are about none."""
        names = {alert.labels.get(SLO) or alert.labels.get(ALERTNAME, "") for alert in self.alerts} - {""}
        return ", ".join(sorted(names)) or self.title

    def duration(self, now: datetime) -> timedelta:
        """Tell how long it has been open, or was."""
        return max((self.resolved_at or now) - self.opened_at, timedelta(0))


class TimelineEntry(BaseModel):
    """What one notification did to its page; repeats of it are counted, not listed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    outcome: str
    """``opened``, ``updated``, ``resolved`` or ``reopened``."""
    received_at: AwareDatetime
    last_received_at: AwareDatetime
    """When its last repeat came: a retry, a reminder, or another Alertmanager that says the same."""
    deliveries: int
    firing: int
    """Alerts that it reported as firing."""
    resolved: int
    sender: str
    """The Alertmanager's external URL."""


class PageDetail(Page):
    """A page with its story."""

    timeline: tuple[TimelineEntry, ...]
    """Oldest first."""


class InboxApi(HttpApi):
    """The inbox of a console, by the console's base URL."""

    def pages(
        self,
        *,
        status: str | None = None,
        severity: str | None = None,
        after_id: int = 0,
        limit: int = 100,
    ) -> Sequence[Page]:
        """Give pages, newest first: of a status (open, resolved), a severity, with an id above ``after_id``.

        Raises:
            BackendError: the console is away, or answers what it should not.
        """
        parameters: dict[str, str | int] = {"after_id": after_id, "limit": limit}
        if status is not None:
            parameters["status"] = status
        if severity is not None:
            parameters["severity"] = severity
        return self._get("/api/v1/pages", parameters, _PAGES)

    def page(self, page_id: int) -> PageDetail:
        """Give one page with its timeline.

        Raises:
            BackendError: there is no such page, the console is away, or answers what it should not.
        """
        return self._get(f"/api/v1/pages/{page_id}", {}, _DETAIL)

    def _get(self, path: str, parameters: dict[str, str | int], answer: TypeAdapter[_Answer]) -> _Answer:
        try:
            response = self._fetch("GET", path, params=parameters)
            if response.status != HTTPStatus.OK:
                raise self._failed(f"it answered {response.status}")
            return answer.validate_json(response.body)
        except (FetchError, ValueError) as error:
            raise self._failed(str(error).splitlines()[0]) from error

    def _failed(self, reason: str) -> BackendError:
        return BackendError(f"{self.base_url}: no pages from the console ({reason}); is it running?")


_PAGES = TypeAdapter(tuple[Page, ...])
_DETAIL = TypeAdapter(PageDetail)
