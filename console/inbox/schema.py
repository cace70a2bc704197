"""The inbox's tables, and how a database that an older version wrote becomes what this one needs.

One statement list per version, each applied once, in a transaction of its own. Never edit one that was
released: append.
"""

import sqlite3
from collections.abc import Sequence
from typing import Final

MIGRATIONS: Final[Sequence[Sequence[str]]] = (
    (
        """
        CREATE TABLE page (
            id INTEGER PRIMARY KEY AUTOINCREMENT, -- never reused: `after_id` must stay true after pruning
            group_key TEXT NOT NULL,
            receiver TEXT NOT NULL,
            status TEXT NOT NULL CHECK (status IN ('open', 'resolved')),
            severity TEXT NOT NULL CHECK (severity IN ('page', 'ticket')),
            group_labels TEXT NOT NULL, -- JSON object
            opened_at_ms INTEGER NOT NULL,
            heard_at_ms INTEGER NOT NULL,
            resolved_at_ms INTEGER,
            reopened INTEGER NOT NULL DEFAULT 0,
            notifications INTEGER NOT NULL,
            alerts TEXT NOT NULL, -- JSON array, as served
            ended TEXT NOT NULL -- JSON object: fingerprint to the end last reported
        ) STRICT
        """,
        "CREATE INDEX page_by_group ON page (group_key, id)",
        "CREATE INDEX page_by_status ON page (status, id)",
        """
        CREATE TABLE notification (
            id INTEGER PRIMARY KEY,
            page_id INTEGER NOT NULL REFERENCES page (id) ON DELETE CASCADE,
            outcome TEXT NOT NULL,
            received_at_ms INTEGER NOT NULL,
            last_received_at_ms INTEGER NOT NULL,
            deliveries INTEGER NOT NULL,
            firing INTEGER NOT NULL,
            resolved INTEGER NOT NULL,
            sender TEXT NOT NULL
        ) STRICT
        """,
        "CREATE INDEX notification_by_page ON notification (page_id, id)",
        """
        CREATE TABLE beat (
            name TEXT PRIMARY KEY, -- heartbeat: the Watchdog's; probe: the readiness check's
            at_ms INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
    ),
)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the database up to this version.

    Raises:
        LookupError: a newer version wrote it.
        sqlite3.Error: it can not be written.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise LookupError(f"it has schema version {version}, and this program knows up to {len(MIGRATIONS)}")
    for number, statements in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
