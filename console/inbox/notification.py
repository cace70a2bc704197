"""A notification as the inbox understands it: Alertmanager's, read, bounded and free of oddities.

Stands alone so that the decision about pages (``grouping``) knows neither JSON nor HTTP.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from watchkeeper.pages import FIRING, PagedAlert


@dataclass(frozen=True, slots=True)
class Notification:
    """One delivery for one Alertmanager group."""

    group_key: str
    receiver: str
    status: str
    """``firing`` while any alert of the group fires, else ``resolved``."""
    group_labels: Mapping[str, str]
    alerts: tuple[PagedAlert, ...]
    """Never empty."""
    sender: str
    """The Alertmanager's external URL."""

    @property
    def firing(self) -> tuple[PagedAlert, ...]:
        """The alerts that it reports as firing."""
        return tuple(alert for alert in self.alerts if alert.status == FIRING)
