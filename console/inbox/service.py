"""Takes a delivery in: reads it, stores it, counts it. The one way in, whoever calls."""

from collections.abc import Callable
from datetime import datetime

import structlog

from console import metrics as m
from console.inbox import webhook
from console.inbox.grouping import Decision, Outcome
from console.inbox.notification import Notification
from console.inbox.store import InboxStore, StoreError
from console.metrics import ConsoleMetrics

_log = structlog.get_logger("console.inbox")

Clock = Callable[[], datetime]


class Inbox:
    """The inbox as its HTTP API uses it."""

    def __init__(self, store: InboxStore, metrics: ConsoleMetrics, clock: Clock) -> None:
        self.store = store
        self._metrics = metrics
        self._clock = clock
        self._metrics.open_pages(store.open_counts())
        last_beat = store.last_beat()
        if last_beat is not None:
            self._metrics.heartbeat(last_beat)

    def take(self, body: bytes) -> Decision | None:
        """Take a notification in; None when it is for nobody.

        Raises:
            WebhookError: the body is no notification.
            StoreError: it could not be stored; Alertmanager has to try again.
        """
        notification = self._read(body)
        if webhook.is_for_nobody(notification):
            self._metrics.rejected(m.FOR_NOBODY)
            return None
        try:
            decision = self.store.take(notification, now=self._clock())
            counts = self.store.open_counts()
        except StoreError as error:
            self._failed(error)
            raise
        self._metrics.open_pages(counts)
        if decision.outcome is Outcome.STRAY:
            self._metrics.rejected(m.STRAY)
        else:
            self._metrics.received(notification.status)
        _log.info(
            "notification",
            outcome=decision.outcome.value,
            page=decision.page_id,
            status=notification.status,
            group=notification.group_key,
            alerts=len(notification.alerts),
        )
        return decision

    def beat(self, body: bytes) -> bool:
        """Take a heartbeat in; False when the delivery is not a firing Watchdog.

        Raises:
            WebhookError: the body is no notification.
            StoreError: it could not be stored.
        """
        notification = self._read(body)
        if not webhook.is_heartbeat(notification):
            self._metrics.rejected(m.FOR_NOBODY)
            _log.warning("heartbeat_without_watchdog", status=notification.status)
            return False
        now = self._clock()
        try:
            self.store.beat(now)
        except StoreError as error:
            self._failed(error)
            raise
        self._metrics.heartbeat(now)
        return True

    def prove_writable(self) -> None:
        """Write something.

        Raises:
            StoreError: it could not be written.
        """
        self.store.prove_writable(self._clock())

    def _read(self, body: bytes) -> Notification:
        try:
            return webhook.read(body)
        except webhook.WebhookError:
            self._metrics.rejected(m.INVALID)
            raise

    def _failed(self, error: StoreError) -> None:
        self._metrics.rejected(m.STORE_FAILED)
        _log.error("store_failed", error=str(error))
