"""Keeps pages in SQLite. What it has taken in survives the loss of the process, and of the machine's power.

One writer and one transaction per delivery, on disk before the method returns: only then may Alertmanager
be told that it need not try again. Stands alone so that durability is judged in one place.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from console.inbox.grouping import Decision, GroupPage, Outcome, decide, merge, severity
from console.inbox.notification import Notification
from console.inbox.schema import migrate
from watchkeeper.conventions import SEVERITY_PAGE, SEVERITY_TICKET
from watchkeeper.errors import WatchkeeperError
from watchkeeper.pages import OPEN, RESOLVED, Page, PagedAlert, PageDetail, TimelineEntry

FILE_NAME: Final = "inbox.sqlite3"
PAGES_MAX: Final = 10_000
RESOLVED_AGE_MAX: Final = timedelta(days=400)
"""A year and a bit: last winter's incidents can be compared."""
TIMELINE_MAX: Final = 500
"""Entries kept of one page; what comes later is counted on the last one."""
GROUP_PAGES_MAX: Final = 10
"""How far back a late delivery may belong."""
PRUNED_AT_ONCE_MAX: Final = 100
BUSY_TIMEOUT_S: Final = 5.0

_ALERTS = TypeAdapter(tuple[PagedAlert, ...])
_ENDS = TypeAdapter(dict[str, datetime])
_COLUMNS = (
    "id, group_key, receiver, status, severity, group_labels, opened_at_ms, heard_at_ms, resolved_at_ms, "
    "notifications, alerts"
)


class StoreError(WatchkeeperError):
    """The inbox's database can not be read or written."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is kept."""

    pages_max: int = PAGES_MAX
    resolved_age_max: timedelta = RESOLVED_AGE_MAX
    timeline_max: int = TIMELINE_MAX


class InboxStore:
    """The inbox's database. Safe to use from several threads; every method raises ``StoreError``."""

    def __init__(self, path: Path, *, limits: Limits | None = None) -> None:
        self._path = path
        self._limits = limits or Limits()
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(
                path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
        except (OSError, sqlite3.Error) as error:
            raise StoreError(
                f"{path}: the inbox can not be opened ({error}); is its folder writable?"
            ) from error
        try:
            self._db.row_factory = sqlite3.Row
            self._db.execute("PRAGMA journal_mode = WAL")
            # In WAL mode only FULL syncs each commit; with NORMAL a power cut may undo an acknowledged page.
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA foreign_keys = ON")
            migrate(self._db)
        except (LookupError, sqlite3.Error) as error:
            self._db.close()
            raise StoreError(
                f"{path}: not an inbox that can be used ({error}); move the file away to start an empty one"
            ) from error

    def close(self) -> None:
        """Close the database; what was stored is on disk already."""
        with self._lock:
            self._db.close()

    def take(self, notification: Notification, *, now: datetime) -> Decision:
        """Store what a notification does to the pages of its group; on disk when this returns."""
        with self._transaction() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS}, reopened, ended FROM page WHERE group_key = ? ORDER BY id DESC LIMIT ?",  # noqa: S608
                (notification.group_key, GROUP_PAGES_MAX),
            ).fetchall()
            known = {row["id"]: _group_page(row) for row in rows}
            decision = decide(list(known.values()), notification)
            if decision.closes_id is not None:
                self._set(db, decision.closes_id, {"status": RESOLVED, "resolved_at_ms": _ms(now)})
            if decision.outcome is Outcome.STRAY:
                return decision
            if decision.page_id is None:
                page_id = self._open(db, notification, now)
                self._prune(db, now)
            else:
                page_id = decision.page_id
                if page_id == rows[0]["id"]:
                    # What comes late for an older page does not prove that it fires on.
                    self._set(db, page_id, {"heard_at_ms": _ms(now)})
                self._update(db, known[page_id], decision.outcome, notification, now)
            self._note(db, page_id, decision.outcome, notification, now)
            return Decision(decision.outcome, page_id, decision.closes_id)

    def pages(
        self,
        *,
        status: str | None = None,
        severity: str | None = None,
        after_id: int = 0,
        limit: int = 100,
    ) -> Sequence[Page]:
        """Give pages, newest first."""
        conditions = ["id > :after_id"]
        if status is not None:
            conditions.append("status = :status")
        if severity is not None:
            conditions.append("severity = :severity")
        query = f"SELECT {_COLUMNS} FROM page WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT :limit"  # noqa: S608
        values = {
            "after_id": after_id,
            "status": status,
            "severity": severity,
            "limit": limit,
        }
        with self._reading() as db:
            rows = db.execute(query, values).fetchall()
        return [Page(**_fields(row)) for row in rows]

    def page(self, page_id: int) -> PageDetail | None:
        """Give one page with its timeline; None when there is none."""
        with self._reading() as db:
            row = db.execute(f"SELECT {_COLUMNS} FROM page WHERE id = ?", (page_id,)).fetchone()  # noqa: S608
            if row is None:
                return None
            notes = db.execute(
                "SELECT * FROM notification WHERE page_id = ? ORDER BY id", (page_id,)
            ).fetchall()
        return PageDetail(**_fields(row), timeline=tuple(_entry(note) for note in notes))

    def open_counts(self) -> Mapping[str, int]:
        """Count open pages by severity; every severity is there."""
        with self._reading() as db:
            rows = db.execute(
                "SELECT severity, count(*) AS n FROM page WHERE status = ? GROUP BY severity", (OPEN,)
            ).fetchall()
        return {SEVERITY_PAGE: 0, SEVERITY_TICKET: 0} | {row["severity"]: row["n"] for row in rows}

    def beat(self, now: datetime) -> None:
        """Remember that the Watchdog's heartbeat came."""
        self._stamp("heartbeat", now)

    def last_beat(self) -> datetime | None:
        """Tell when the Watchdog's heartbeat last came; None before the first."""
        with self._reading() as db:
            row = db.execute("SELECT at_ms FROM beat WHERE name = 'heartbeat'").fetchone()
        return _at(row["at_ms"]) if row else None

    def prove_writable(self, now: datetime) -> None:
        """Write something and see it reach the disk."""
        self._stamp("probe", now)

    def _stamp(self, name: str, now: datetime) -> None:
        with self._transaction() as db:
            db.execute(
                "INSERT INTO beat VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET at_ms = excluded.at_ms",
                (name, _ms(now)),
            )

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._reading() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                # A failed COMMIT (a full disk) may have ended the transaction already.
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._db
            except (sqlite3.Error, ValueError) as error:
                raise StoreError(f"{self._path}: the inbox failed: {error}") from error

    def _open(self, db: sqlite3.Connection, notification: Notification, now: datetime) -> int:
        alerts, ended = merge(None, notification)
        values = {
            "group_key": notification.group_key,
            "receiver": notification.receiver,
            "status": OPEN,
            "severity": severity(notification.alerts),
            "group_labels": json.dumps(dict(notification.group_labels)),
            "opened_at_ms": _ms(now),
            "heard_at_ms": _ms(now),
            "notifications": 1,
            "alerts": _ALERTS.dump_json(alerts).decode(),
            "ended": _ENDS.dump_json(dict(ended)).decode(),
        }
        names = ", ".join(values)
        marks = ", ".join(f":{name}" for name in values)
        page_id = db.execute(f"INSERT INTO page ({names}) VALUES ({marks})", values).lastrowid  # noqa: S608
        if page_id is None:
            raise sqlite3.DatabaseError("no row id for the new page")
        return page_id

    def _update(
        self,
        db: sqlite3.Connection,
        page: GroupPage,
        outcome: Outcome,
        notification: Notification,
        now: datetime,
    ) -> None:
        changes: dict[str, str | int | None] = {}
        if outcome is not Outcome.REPEATED:
            alerts, ended = merge(page, notification)
            changes |= {
                "severity": severity(alerts, page.severity),
                "alerts": _ALERTS.dump_json(alerts).decode(),
                "ended": _ENDS.dump_json(dict(ended)).decode(),
            }
        if outcome is Outcome.RESOLVED:
            changes |= {"status": RESOLVED, "resolved_at_ms": _ms(now)}
        elif outcome is Outcome.REOPENED:
            changes |= {"status": OPEN, "resolved_at_ms": None, "reopened": 1}
        if changes:
            self._set(db, page.id, changes)
        db.execute("UPDATE page SET notifications = notifications + 1 WHERE id = ?", (page.id,))

    def _set(self, db: sqlite3.Connection, page_id: int, changes: Mapping[str, str | int | None]) -> None:
        assignments = ", ".join(f"{name} = :{name}" for name in changes)
        db.execute(f"UPDATE page SET {assignments} WHERE id = :id", {**changes, "id": page_id})  # noqa: S608

    def _note(
        self,
        db: sqlite3.Connection,
        page_id: int,
        outcome: Outcome,
        notification: Notification,
        now: datetime,
    ) -> None:
        if outcome is Outcome.REPEATED or self._timeline_is_full(db, page_id):
            db.execute(
                "UPDATE notification SET deliveries = deliveries + 1, last_received_at_ms = ? "
                "WHERE id = (SELECT max(id) FROM notification WHERE page_id = ?)",
                (_ms(now), page_id),
            )
            return
        firing = len(notification.firing)
        db.execute(
            "INSERT INTO notification (page_id, outcome, received_at_ms, last_received_at_ms, deliveries, "
            "firing, resolved, sender) VALUES (?, ?, ?, ?, 1, ?, ?, ?)",
            (
                page_id,
                outcome.value,
                _ms(now),
                _ms(now),
                firing,
                len(notification.alerts) - firing,
                notification.sender,
            ),
        )

    def _timeline_is_full(self, db: sqlite3.Connection, page_id: int) -> bool:
        (count,) = db.execute("SELECT count(*) FROM notification WHERE page_id = ?", (page_id,)).fetchone()
        return bool(count >= self._limits.timeline_max)

    def _prune(self, db: sqlite3.Connection, now: datetime) -> None:
        """Forget the oldest pages beyond the limits, resolved ones first; a few at a time."""
        (count,) = db.execute("SELECT count(*) FROM page").fetchone()
        surplus = min(max(count - self._limits.pages_max, 0), PRUNED_AT_ONCE_MAX)
        db.execute(
            "DELETE FROM page WHERE id IN (SELECT id FROM page ORDER BY status = 'open', id LIMIT ?)",
            (surplus,),
        )
        db.execute(
            "DELETE FROM page WHERE id IN "
            "(SELECT id FROM page WHERE status = 'resolved' AND resolved_at_ms < ? ORDER BY id LIMIT ?)",
            (_ms(now - self._limits.resolved_age_max), PRUNED_AT_ONCE_MAX),
        )


def _group_page(row: sqlite3.Row) -> GroupPage:
    return GroupPage(
        id=row["id"],
        is_open=row["status"] == OPEN,
        reopened=bool(row["reopened"]),
        severity=row["severity"],
        alerts=_ALERTS.validate_json(row["alerts"]),
        ended=_ENDS.validate_json(row["ended"]),
        heard_at=_at(row["heard_at_ms"]),
    )


def _fields(row: sqlite3.Row) -> dict[str, object]:
    return {
        "id": row["id"],
        "group_key": row["group_key"],
        "receiver": row["receiver"],
        "status": row["status"],
        "severity": row["severity"],
        "group_labels": json.loads(row["group_labels"]),
        "opened_at": _at(row["opened_at_ms"]),
        "resolved_at": _at(row["resolved_at_ms"]) if row["resolved_at_ms"] is not None else None,
        "notifications": row["notifications"],
        "alerts": _ALERTS.validate_json(row["alerts"]),
        "heard_at": _at(row["heard_at_ms"]),
    }


def _entry(row: sqlite3.Row) -> TimelineEntry:
    return TimelineEntry(
        outcome=row["outcome"],
        received_at=_at(row["received_at_ms"]),
        last_received_at=_at(row["last_received_at_ms"]),
        deliveries=row["deliveries"],
        firing=row["firing"],
        resolved=row["resolved"],
        sender=row["sender"],
    )


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, tz=UTC)
