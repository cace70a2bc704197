"""What was answered with 200 is there, whatever happens to the process."""

import json
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path

from tests.integration.console.harness import RunningConsole, notification


def test_an_acknowledged_page_survives_kill_nine(
    start: Callable[..., RunningConsole], tmp_path: Path
) -> None:
    """The process dies right after its 200; its successor knows the page, and no second one is made."""
    state = tmp_path / "state with a space"
    for round_ in range(3):
        console = start(state)
        assert console.deliver(notification(f"group-{round_}")).status_code == 200
        console.process.send_signal(signal.SIGKILL)
        console.process.wait()
    successor = start(state)
    assert [page["group_key"] for page in successor.pages()] == ["group-2", "group-1", "group-0"]
    assert successor.deliver(notification("group-1")).json() == {"outcome": "repeated", "page": 2}
    assert successor.metric('watchkeeper_pages_open{severity="page"}') == 3


def test_what_can_not_be_stored_is_not_acknowledged(
    start: Callable[..., RunningConsole], tmp_path: Path
) -> None:
    """A locked database: 503, so that Alertmanager tries again; 200 once it is free. Readiness knows."""
    console = start()
    with sqlite3.connect(tmp_path / "state" / "inbox.sqlite3") as other:
        other.execute("BEGIN IMMEDIATE")
        refused = console.deliver(notification())
        assert refused.status_code == 503
        assert refused.headers["Retry-After"]
        assert "locked" in refused.json()["detail"]
        assert console.http.get("/readyz").status_code == 503
        assert console.http.get("/healthz").status_code == 200
        other.rollback()
    other.close()
    assert console.deliver(notification()).json() == {"outcome": "opened", "page": 1}
    assert console.http.get("/readyz").status_code == 200
    assert console.metric('watchkeeper_notifications_rejected_total{reason="store_failed"}') == 1


def test_sigterm_is_a_clean_end(start: Callable[..., RunningConsole], tmp_path: Path) -> None:
    """Exit 0; every line of the log is JSON and says whose it is."""
    console = start()
    console.deliver(notification())
    console.process.terminate()
    assert console.process.wait(10) == 0
    lines = [json.loads(line) for line in (tmp_path / "console-0.log").read_text().splitlines()]
    assert {line["service"] for line in lines} == {"console"}
    assert [line["event"] for line in lines] == ["starting", "notification", "stopped"]
