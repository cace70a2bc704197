"""The inbox's database: bounded, migrated, and never silently wrong."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console.inbox.notification import Notification
from console.inbox.schema import MIGRATIONS
from console.inbox.store import InboxStore, Limits, StoreError
from watchkeeper.pages import PagedAlert

NOW = datetime(2026, 11, 1, 3, 0, tzinfo=UTC)


def told(group: str, *, status: str = "firing", value: str = "") -> Notification:
    """Give a notification of a group with one alert."""
    alert = PagedAlert(
        status=status,
        labels={"alertname": "A", "severity": "page"},
        annotations={"description": value},
        starts_at=NOW,
        ends_at=None if status == "firing" else NOW + timedelta(minutes=1),
        fingerprint="f",
    )
    return Notification(group, "inbox", status, {}, (alert,), "http://am")


def test_what_was_stored_is_there_after_a_restart(tmp_path: Path) -> None:
    """Pages, timeline and heartbeat outlive the process; ids go on."""
    path = tmp_path / "inbox.sqlite3"
    first = InboxStore(path)
    first.take(told("a"), now=NOW)
    first.beat(NOW)
    first.close()
    second = InboxStore(path)
    assert [page.group_key for page in second.pages()] == ["a"]
    assert second.last_beat() == NOW
    assert second.take(told("b"), now=NOW).page_id == 2
    second.close()


def test_the_disk_is_asked_on_every_commit(store: InboxStore) -> None:
    """WAL with synchronous=FULL (2): anything less may lose an acknowledged page when the power goes."""
    db = store._db  # noqa: SLF001 - no other way to see the setting
    assert db.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_the_number_of_pages_is_bounded_and_open_ones_go_last(tmp_path: Path) -> None:
    """A flood prunes old resolved pages first; ids are never used twice."""
    store = InboxStore(tmp_path / "inbox.sqlite3", limits=Limits(pages_max=3))
    store.take(told("open"), now=NOW)
    for number in range(5):
        store.take(told(f"g{number}"), now=NOW)
        store.take(told(f"g{number}", status="resolved"), now=NOW)
    assert [page.id for page in store.pages()] == [6, 5, 1]
    store.close()


def test_old_resolved_pages_are_forgotten(tmp_path: Path) -> None:
    """Age counts from the end of the incident."""
    limits = Limits(resolved_age_max=timedelta(days=1))
    store = InboxStore(tmp_path / "inbox.sqlite3", limits=limits)
    store.take(told("a"), now=NOW)
    store.take(told("a", status="resolved"), now=NOW)
    store.take(told("b"), now=NOW + timedelta(days=2))
    assert [page.group_key for page in store.pages()] == ["b"]
    assert store.page(1) is None
    store.close()


def test_the_timeline_is_bounded(tmp_path: Path) -> None:
    """A description that changes with each delivery must not fill the disk; deliveries are still counted."""
    store = InboxStore(tmp_path / "inbox.sqlite3", limits=Limits(timeline_max=3))
    for number in range(10):
        store.take(told("a", value=str(number)), now=NOW)
    page = store.page(1)
    assert page is not None
    assert [entry.deliveries for entry in page.timeline] == [1, 1, 8]
    assert page.notifications == 10
    store.close()


def test_filters_and_paging(store: InboxStore) -> None:
    """Newest first; above an id; of a status."""
    for name in "abc":
        store.take(told(name), now=NOW)
    store.take(told("b", status="resolved"), now=NOW)
    assert [page.id for page in store.pages(after_id=1)] == [3, 2]
    assert [page.id for page in store.pages(status="open")] == [3, 1]
    assert [page.id for page in store.pages(limit=1)] == [3]
    assert store.pages(severity="ticket") == []
    assert store.open_counts() == {"page": 2, "ticket": 0}


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    """An old program must not write what it does not understand."""
    path = tmp_path / "inbox.sqlite3"
    InboxStore(path).close()
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    db.close()
    with pytest.raises(StoreError, match=r"schema version 2.*move the file away"):
        InboxStore(path)


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    """A file of something else is left alone, and named."""
    path = tmp_path / "inbox.sqlite3"
    path.write_bytes(b"not a database, " * 100)
    with pytest.raises(StoreError, match=r"inbox\.sqlite3.*move the file away"):
        InboxStore(path)
    assert path.read_bytes().startswith(b"not a database")


def test_a_failed_write_is_an_error_and_leaves_nothing_half_done(store: InboxStore) -> None:
    """Alertmanager has to hear of it; the next delivery finds a clean state."""
    store._db.execute(  # noqa: SLF001 - breaks it from inside
        "CREATE TRIGGER broken BEFORE INSERT ON notification BEGIN SELECT RAISE(ABORT, 'disk full'); END"
    )
    with pytest.raises(StoreError, match="disk full"):
        store.take(told("a"), now=NOW)
    store._db.execute("DROP TRIGGER broken")  # noqa: SLF001
    assert store.pages() == []
    assert store.take(told("a"), now=NOW).page_id == 1
