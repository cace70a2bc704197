"""The one way an exporter publishes: built off the scrape path, rendered when built, swapped whole.

A scrape serves bytes that are there already, so it is quick whatever the source does. A build that fails
keeps the last good snapshot, is counted, and lets the snapshot's age show.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog
from prometheus_client import Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from watchkeeper.errors import WatchkeeperError

_log = structlog.get_logger("exporters.snapshot")

Clock = Callable[[], datetime]


class Exporter(Protocol):
    """Knows some metrics. Called from one thread of its own; may take its time."""

    @property
    def name(self) -> str:
        """Its name in the metrics about exporters, and on the command line."""

    @property
    def interval_s(self) -> float:
        """How long to wait between two builds."""

    def collect(self, now: datetime) -> Iterable[Metric]:
        """Give every family, complete; raises when that is not possible."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What an exporter published."""

    body: bytes
    """In the text format, version 0.0.4."""
    families: frozenset[str]
    built_at: datetime
    duration_s: float


@dataclass(frozen=True, slots=True)
class Standing:
    """How an exporter is doing."""

    snapshot: Snapshot | None
    failures: int


class FamilyClashError(WatchkeeperError):
    """Two exporters publish one family; served together, Prometheus would refuse the whole scrape."""


class Board:
    """Holds the latest snapshot of every exporter."""

    def __init__(self, exporters: Iterable[Exporter]) -> None:
        self._lock = threading.Lock()
        self._standings = {exporter.name: Standing(None, 0) for exporter in exporters}

    def standings(self) -> Mapping[str, Standing]:
        """Tell how every exporter is doing."""
        with self._lock:
            return dict(self._standings)

    def publish(self, name: str, snapshot: Snapshot) -> None:
        """Swap an exporter's snapshot.

        Raises:
            FamilyClashError: another exporter publishes one of its families already.
        """
        with self._lock:
            for other, standing in self._standings.items():
                taken = standing.snapshot.families & snapshot.families if standing.snapshot else frozenset()
                if other != name and taken:
                    raise FamilyClashError(
                        f"exporter {name}: {', '.join(sorted(taken))} belongs to exporter {other}; rename one"
                    )
            self._standings[name] = Standing(snapshot, self._standings[name].failures)

    def failed(self, name: str) -> None:
        """Count a build that failed."""
        with self._lock:
            standing = self._standings[name]
            self._standings[name] = Standing(standing.snapshot, standing.failures + 1)

    def bodies(self) -> Sequence[bytes]:
        """Give every snapshot's text."""
        return [standing.snapshot.body for standing in self.standings().values() if standing.snapshot]


class _Families(Collector):
    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def render(families: Sequence[Metric]) -> bytes:
    """Write families in the text format."""
    return generate_latest(_Families(families))


def build(exporter: Exporter, board: Board, clock: Clock) -> bool:
    """Build and publish one snapshot; False when it failed and the last good one stays."""
    began = time.monotonic()
    now = clock()
    try:
        families = list(exporter.collect(now))
        body = render(families)
        names = frozenset(family.name for family in families)
        board.publish(exporter.name, Snapshot(body, names, now, time.monotonic() - began))
    except WatchkeeperError as error:
        board.failed(exporter.name)
        _log.warning("snapshot_failed", exporter=exporter.name, error=str(error))
        return False
    except Exception:  # noqa: BLE001 - a bug in one exporter must neither end its thread unseen nor harm others
        board.failed(exporter.name)
        _log.exception("snapshot_crashed", exporter=exporter.name)
        return False
    return True


class Poller:
    """Builds an exporter's snapshots, one after another, in a thread of its own."""

    def __init__(self, exporter: Exporter, board: Board, clock: Clock) -> None:
        self._exporter = exporter
        self._board = board
        self._clock = clock
        self._stop = threading.Event()
        # A build that hangs in its source must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name=f"poll-{exporter.name}", daemon=True)

    def start(self) -> None:
        """Build the first snapshot now, in the background."""
        self._thread.start()

    def stop(self, *, timeout_s: float) -> None:
        """Ask it to end, and wait a little."""
        self._stop.set()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._stop.is_set():
            build(self._exporter, self._board, self._clock)
            self._stop.wait(self._exporter.interval_s)
