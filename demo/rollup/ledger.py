"""The ledger: what providers counted, what was rolled up of it, and whether the two agree.

A provider counts from zero in each of its lives (epochs), so `counted` keeps the highest total of each. A
batch is always the difference between everything counted and everything rolled up: what one batch lost, the
next one brings, and a provider's restart takes nothing back. A total that falls within one epoch is kept as
it was and remembered as a contradiction.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS counted (
    provider TEXT NOT NULL, epoch TEXT NOT NULL, model TEXT NOT NULL, kind TEXT NOT NULL,
    tokens INTEGER NOT NULL,
    PRIMARY KEY (provider, epoch, model, kind)
) STRICT;
CREATE TABLE IF NOT EXISTS rolled_up (
    minute INTEGER NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL, kind TEXT NOT NULL,
    tokens INTEGER NOT NULL,
    PRIMARY KEY (minute, provider, model, kind)
) STRICT;
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value REAL NOT NULL) STRICT;
"""
_MISSING: Final = """
SELECT c.provider, c.model, c.kind, c.tokens - coalesce(r.tokens, 0) AS missing
FROM (SELECT provider, model, kind, sum(tokens) AS tokens FROM counted GROUP BY 1, 2, 3) AS c
LEFT JOIN (SELECT provider, model, kind, sum(tokens) AS tokens FROM rolled_up GROUP BY 1, 2, 3) AS r
    USING (provider, model, kind)
WHERE missing <> 0 ORDER BY 1, 2, 3
"""
_SECONDS_PER_MINUTE: Final = 60


@dataclass(frozen=True)
class Count:
    """One total of one provider's life."""

    provider: str
    epoch: str
    model: str
    kind: str
    tokens: int


@dataclass(frozen=True)
class Row:
    """Tokens to be added to the roll-up."""

    provider: str
    model: str
    kind: str
    tokens: int


class Ledger:
    """SQLite file with the counts and their roll-up. Each method is one transaction."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._transaction() as db:
            db.executescript(_SCHEMA)

    def roll_up(
        self, counts: list[Count], *, at: float, survives: Callable[[Row], bool] = lambda _row: True
    ) -> bool:
        """Take in the counts and add what is missing to the minute of `at` (unix seconds).

        Returns whether all now agrees. `survives` lets a fault lose rows.
        """
        with self._transaction() as db:
            backwards = [count for count in counts if not self._take_in(db, count)]
            minute = int(at // _SECONDS_PER_MINUTE) * _SECONDS_PER_MINUTE
            for row in self._missing(db):
                if row.tokens > 0 and survives(row):
                    db.execute(
                        "INSERT INTO rolled_up VALUES (?, ?, ?, ?, ?) "
                        "ON CONFLICT DO UPDATE SET tokens = tokens + excluded.tokens",
                        (minute, row.provider, row.model, row.kind, row.tokens),
                    )
            return not backwards and not list(self._missing(db))

    def note_success(self, *, at: float) -> None:
        """Remember when the last complete run ended."""
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO state VALUES ('last_success', ?)", (at,))

    def last_success(self) -> float | None:
        """Unix seconds of the last complete run, of this process or one before; None if there was none."""
        with self._transaction() as db:
            row = db.execute("SELECT value FROM state WHERE name = 'last_success'").fetchone()
        return None if row is None else float(row[0])

    def totals(self) -> dict[tuple[str, str, str], int]:
        """Rolled-up tokens by provider, model and kind."""
        with self._transaction() as db:
            rows = db.execute(
                "SELECT provider, model, kind, sum(tokens) FROM rolled_up GROUP BY 1, 2, 3"
            ).fetchall()
        return {(provider, model, kind): tokens for provider, model, kind, tokens in rows}

    @staticmethod
    def _take_in(db: sqlite3.Connection, count: Count) -> bool:
        """Keep a total; False if it is lower than the one of the same epoch before."""
        key = (count.provider, count.epoch, count.model, count.kind)
        before = db.execute(
            "SELECT tokens FROM counted WHERE provider = ? AND epoch = ? AND model = ? AND kind = ?", key
        ).fetchone()
        if before is not None and before[0] > count.tokens:
            return False
        db.execute("INSERT OR REPLACE INTO counted VALUES (?, ?, ?, ?, ?)", (*key, count.tokens))
        return True

    @staticmethod
    def _missing(db: sqlite3.Connection) -> Iterator[Row]:
        for provider, model, kind, tokens in db.execute(_MISSING).fetchall():
            yield Row(provider, model, kind, tokens)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        # A connection for each use: the job runs in worker threads, and SQLite binds a connection to one.
        with closing(sqlite3.connect(self._path, timeout=5)) as db, db:
            yield db
