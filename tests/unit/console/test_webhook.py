"""What Alertmanager sends is read tolerantly, and kept within bounds."""

import json
from typing import Any

import pytest

from console.inbox import webhook
from console.inbox.notification import Notification
from console.inbox.webhook import WebhookError


def payload(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Give a delivery as Alertmanager 0.25 writes it."""
    alert = {
        "status": "firing",
        "labels": {"alertname": "ErrorBudgetBurn", "severity": "page"},
        "annotations": {"summary": "It burns"},
        "startsAt": "2026-11-01T03:00:00.123456789Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus/graph",
        "fingerprint": "c0ffee",
    }
    return {
        "version": "4",
        "groupKey": '{}:{service="shop"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "inbox",
        "groupLabels": {"service": "shop"},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager",
        "alerts": [alert],
    } | changes


def read(**changes: Any) -> Notification:  # noqa: ANN401 - JSON
    """Read a changed delivery."""
    return webhook.read(json.dumps(payload(**changes)).encode())


def test_a_firing_alert_has_no_end() -> None:
    """Go's zero time means that there is none; nanoseconds are read."""
    (alert,) = read().alerts
    assert alert.ends_at is None
    assert alert.starts_at.microsecond == 123456


def test_fields_of_later_versions_are_ignored() -> None:
    """A newer Alertmanager that says more can still wake people."""
    assert read(notificationReason="new", alerts=[payload()["alerts"][0] | {"new": {"a": 1}}]).alerts


def test_what_is_too_much_is_clipped_not_refused() -> None:
    """A clipped page wakes someone, a refused one does not; firing alerts are kept before resolved ones."""
    alert = payload()["alerts"][0]
    resolved = alert | {"status": "resolved", "endsAt": "2026-11-01T04:00:00Z", "fingerprint": "old"}
    long = alert | {
        "labels": {f"label{n}": "x" for n in range(500)} | {"alertname": "A" * 10_000},
        "fingerprint": "long",
    }
    taken = read(alerts=[resolved] * webhook.ALERTS_MAX + [long], groupKey="k" * 100_000)
    assert len(taken.alerts) == webhook.ALERTS_MAX
    assert taken.alerts[0].fingerprint == "long"
    assert len(taken.alerts[0].labels) == webhook.LABELS_MAX
    assert len(taken.alerts[0].labels["alertname"]) == webhook.TEXT_LENGTH_MAX
    assert len(taken.group_key) < webhook.TEXT_LENGTH_MAX


def test_long_group_keys_stay_apart() -> None:
    """Two groups that differ only at the end of a long key are two groups."""
    keys = {read(groupKey="k" * 5000 + end).group_key for end in "ab"}
    assert len(keys) == 2


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "EOF"),
        (b"{", "EOF"),
        (b"\xff\xfe", "body"),
        (b"[]", "body"),
        (b'{"version": "3"}', "version"),
        (b'"\\ud800"', "body"),
        (json.dumps(payload(alerts=[])).encode(), "alerts"),
        (json.dumps(payload(groupKey="")).encode(), "groupKey"),
        (json.dumps(payload(status="on fire")).encode(), "status"),
        (b"[" * 100_000, "body"),
    ],
)
def test_what_is_no_webhook_is_refused_with_a_reason(body: bytes, reason: str) -> None:
    """The reason names the field, and is short whatever was sent."""
    with pytest.raises(WebhookError, match=reason) as refused:
        webhook.read(body)
    assert len(str(refused.value)) < 1200


def test_only_a_firing_watchdog_is_a_heartbeat() -> None:
    """A resolved Watchdog means that it is dead."""
    watchdog = payload()["alerts"][0] | {"labels": {"alertname": "Watchdog", "severity": "none"}}
    assert webhook.is_heartbeat(read(alerts=[watchdog]))
    dead = watchdog | {"status": "resolved", "endsAt": "2026-11-01T04:00:00Z"}
    assert not webhook.is_heartbeat(read(alerts=[dead], status="resolved"))
    assert not webhook.is_heartbeat(read())
