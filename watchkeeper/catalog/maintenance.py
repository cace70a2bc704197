"""Planned maintenance: windows in which a service's badness is expected."""

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from watchkeeper.catalog.base import Duration, Instant, Model, Slug, Text


class MaintenanceWindow(Model):
    """One window, for some services, from an instant on."""

    id: Slug
    reason: Text
    services: Annotated[tuple[Slug, ...], Field(min_length=1)]
    starts: Instant
    """With its offset from UTC: a window in 'local time' is a window in nobody's time."""
    duration: Duration

    @property
    def ends(self) -> datetime:
        """The first instant after the window."""
        return self.starts + self.duration

    def covers(self, now: datetime) -> bool:
        """Tell whether the window is open at ``now`` (aware)."""
        return timedelta(0) <= now - self.starts < self.duration
