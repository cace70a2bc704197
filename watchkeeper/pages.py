"""A page: what the inbox stores of an Alertmanager group, and what its readers get back as JSON.

One page is one group (Alertmanager's ``groupKey``) from its first firing notification to its resolved
one. Repeated notifications of a group that still fires update the page; a group that fires again after
it resolved opens a new one. This is how incident trackers count, so it is how we count.
"""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

import httpx2
from pydantic import AwareDatetime, BaseModel, ConfigDict, TypeAdapter

from watchkeeper.errors import BackendError

TIMEOUT_S = 5.0


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


class InboxApi:
    """The inbox of a console, by the console's base URL."""

    def __init__(self, base_url: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self.base_url = base_url.rstrip("/")
        self._client = httpx2.Client(base_url=self.base_url, timeout=timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._client.close()

    def pages(self, *, status: str | None = None, after_id: int = 0, limit: int = 100) -> Sequence[Page]:
        """Give pages, newest first: of a ``status`` (open, resolved), with an id above ``after_id``.

        Raises:
            BackendError: the console is away, or answers what it should not.
        """
        parameters: dict[str, str | int] = {"after_id": after_id, "limit": limit}
        if status is not None:
            parameters["status"] = status
        try:
            response = self._client.get("/api/v1/pages", params=parameters)
            response.raise_for_status()
            return _PAGES.validate_json(response.content)
        except (httpx2.HTTPError, ValueError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise BackendError(
                f"{self.base_url}: no pages from the console ({reason}); is it running?"
            ) from error


_PAGES = TypeAdapter(tuple[Page, ...])
