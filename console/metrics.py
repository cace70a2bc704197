"""The console's own metrics. Every series exists from the start, so that its first increase can be seen."""

import platform
from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from watchkeeper.conventions import (
    BUILD_INFO,
    HEARTBEAT_TIMESTAMP,
    NOTIFICATIONS_RECEIVED,
    NOTIFICATIONS_REJECTED,
    PAGES_OPEN,
    SEVERITY,
    SEVERITY_PAGE,
    SEVERITY_TICKET,
)
from watchkeeper.pages import FIRING, RESOLVED

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

TOO_LARGE = "too_large"
MEDIA_TYPE = "media_type"
INVALID = "invalid"
SLOW = "slow"
STORE_FAILED = "store_failed"
FOR_NOBODY = "for_nobody"
STRAY = "stray"
REASONS = (TOO_LARGE, MEDIA_TYPE, INVALID, SLOW, STORE_FAILED, FOR_NOBODY, STRAY)


class ConsoleMetrics:
    """Counts what the inbox does, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        Gauge(
            BUILD_INFO,
            "Always 1; which build runs.",
            ["component", "version", "python"],
            registry=self._registry,
        ).labels("console", version("watchkeeper"), platform.python_version()).set(1)
        self._received = Counter(
            NOTIFICATIONS_RECEIVED,
            "Notifications that the inbox stored.",
            ["status"],
            registry=self._registry,
        )
        self._rejected = Counter(
            NOTIFICATIONS_REJECTED,
            "Deliveries that the inbox refused or had no use for.",
            ["reason"],
            registry=self._registry,
        )
        self._open = Gauge(PAGES_OPEN, "Pages that have not resolved.", [SEVERITY], registry=self._registry)
        self._heartbeat = Gauge(
            HEARTBEAT_TIMESTAMP, "When the Watchdog was last heard; 0: never.", registry=self._registry
        )
        for status in (FIRING, RESOLVED):
            self._received.labels(status)
        for reason in REASONS:
            self._rejected.labels(reason)
        self.open_pages({SEVERITY_PAGE: 0, SEVERITY_TICKET: 0})

    def received(self, status: str) -> None:
        """Count a stored notification."""
        self._received.labels(status).inc()

    def rejected(self, reason: str) -> None:
        """Count a delivery that was not stored."""
        self._rejected.labels(reason).inc()

    def open_pages(self, by_severity: Mapping[str, int]) -> None:
        """Publish how many pages are open."""
        for severity, count in by_severity.items():
            self._open.labels(severity).set(count)

    def heartbeat(self, at: datetime) -> None:
        """Publish when the Watchdog was last heard."""
        self._heartbeat.set(at.timestamp())

    def render(self) -> bytes:
        """Give the exposition text."""
        return generate_latest(self._registry)
