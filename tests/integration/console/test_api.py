"""The JSON side of the console: what it takes, what it refuses, what it tells."""

import json
from collections.abc import Callable

import pytest

from console.body import BODY_BYTES_MAX
from tests.integration.console.harness import RunningConsole, notification
from watchkeeper.pages import InboxApi


def test_a_page_from_delivery_to_resolution(shared: RunningConsole) -> None:
    """Typed readers see it open, then resolved, with its timeline."""
    opened = shared.deliver(notification("story")).json()
    assert opened["outcome"] == "opened"
    with InboxApi(shared.url) as inbox:
        page = inbox.page(opened["page"])
        assert (page.status, page.severity, page.label("service")) == ("open", "page", "shop")
        shared.deliver(notification("story"))
        shared.deliver(notification("story", "resolved"))
        after = inbox.page(opened["page"])
        assert after.status == "resolved"
        assert after.notifications == 3
        assert [(each.outcome, each.deliveries) for each in after.timeline] == [
            ("opened", 2),
            ("resolved", 1),
        ]
        assert page.id in {each.id for each in inbox.pages(status="resolved")}
        assert page.id not in {each.id for each in inbox.pages(status="open")}
        assert inbox.pages(after_id=page.id, status="resolved") == ()


def test_tickets_are_kept_beside_pages(shared: RunningConsole) -> None:
    """Both severities are received, and can be told apart."""
    labels = {"alertname": "TargetDown", "severity": "ticket", "service": "shop"}
    shared.deliver(notification("ticket", labels=labels))
    assert [page["group_key"] for page in shared.pages(severity="ticket")] == ["ticket"]
    assert "ticket" not in [page["group_key"] for page in shared.pages(severity="page", limit=1000)]


def test_what_is_for_nobody_opens_no_page(shared: RunningConsole) -> None:
    """Severity none is never shown to people."""
    labels = {"alertname": "Maintenance", "severity": "none"}
    assert shared.deliver(notification("silent", labels=labels)).json()["outcome"] == "ignored"
    assert "silent" not in [page["group_key"] for page in shared.pages(limit=1000)]


def test_the_watchdog_is_a_heartbeat(shared: RunningConsole) -> None:
    """Only a firing Watchdog counts, and it makes no page."""
    heartbeat = "watchkeeper_heartbeat_last_timestamp_seconds"
    assert shared.http.post("/api/v1/heartbeat", json=notification()).json()["outcome"] == "ignored"
    assert shared.metric(heartbeat) == 0
    labels = {"alertname": "Watchdog", "severity": "none"}
    heard = shared.http.post("/api/v1/heartbeat", json=notification("dog", labels=labels))
    assert heard.json()["outcome"] == "heard"
    assert shared.metric(heartbeat) > 1.7e9
    assert "dog" not in [page["group_key"] for page in shared.pages(limit=1000)]


@pytest.mark.parametrize(
    ("body", "content_type", "status", "says"),
    [
        (b"{", "application/json", 400, "EOF"),
        (b'{"version": "3"}', "application/json", 400, "version"),
        (json.dumps(notification()).encode(), "text/plain", 415, "application/json"),
        (b" " * (BODY_BYTES_MAX + 1), "application/json", 413, "max_alerts"),
    ],
)
def test_what_is_refused_says_why(
    shared: RunningConsole, body: bytes, content_type: str, status: int, says: str
) -> None:
    """The sender's log is where the reason is read."""
    answer = shared.http.post("/api/v1/alertmanager", content=body, headers={"Content-Type": content_type})
    assert answer.status_code == status
    assert says in answer.json()["detail"]


def test_a_body_without_a_length_is_bounded_too(shared: RunningConsole) -> None:
    """Chunked encoding is no way around the limit."""
    chunks = (b" " * 65536 for _ in range(17))
    headers = {"Content-Type": "application/json"}
    assert shared.http.post("/api/v1/alertmanager", content=chunks, headers=headers).status_code == 413


@pytest.mark.parametrize(
    "query", ["status=weird", "limit=0", "limit=1001", "after_id=-1", "after_id=x", f"after_id={2**63}"]
)
def test_queries_out_of_range_are_refused(shared: RunningConsole, query: str) -> None:
    """A wrong question gets no answer that looks right."""
    assert shared.http.get(f"/api/v1/pages?{query}").status_code == 422


@pytest.mark.parametrize("page_id", [0, -1, 999_999, 2**64])
def test_a_page_that_is_not_there(shared: RunningConsole, page_id: int) -> None:
    """404, whatever the number."""
    assert shared.http.get(f"/api/v1/pages/{page_id}").status_code == 404


def test_every_series_is_there_from_the_start(start: Callable[..., RunningConsole]) -> None:
    """An alert on an increase needs the 0 before it."""
    console = start()
    assert console.metric('watchkeeper_pages_open{severity="page"}') == 0
    assert console.metric('watchkeeper_pages_open{severity="ticket"}') == 0
    assert console.metric('watchkeeper_notifications_received_total{status="firing"}') == 0
    assert console.metric('watchkeeper_notifications_rejected_total{reason="invalid"}') == 0
    assert console.metric("watchkeeper_heartbeat_last_timestamp_seconds") == 0
    console.deliver(notification())
    assert console.metric('watchkeeper_notifications_received_total{status="firing"}') == 1
