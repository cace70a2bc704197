"""Keeps the catalog at hand for exporters: read once, read again when a file changes.

A broken catalog replaces nothing: the last good one stays in use, and the failure is counted.
"""

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from watchkeeper.catalog.catalog import Catalog
from watchkeeper.errors import WatchkeeperError

FILES_MAX = 5_000
_log = structlog.get_logger("exporters.catalog")

Load = Callable[[Path], Catalog]


@dataclass(frozen=True, slots=True)
class CatalogState:
    """The catalog in use."""

    catalog: Catalog | None
    """None: no good one was ever seen."""
    loaded_at: datetime | None
    failures: int
    """Changed catalogs that could not be read."""


class CatalogWatch:
    """Reads a catalog's folder when it changed. Safe to use from several threads."""

    def __init__(self, root: Path, load: Load) -> None:
        self._root = root
        self._load = load
        self._lock = threading.Lock()
        self._seen: object = None
        self._state = CatalogState(None, None, 0)

    def current(self, now: datetime) -> CatalogState:
        """Give the catalog as it is now, or the last good one."""
        with self._lock:
            marks = frozenset(self._marks())
            if marks != self._seen:
                # Taken before reading: a file that changes meanwhile is read again next time.
                self._seen = marks
                self._state = self._read(now)
            return self._state

    def _read(self, now: datetime) -> CatalogState:
        try:
            catalog = self._load(self._root)
        except WatchkeeperError as error:
            _log.error("catalog_refused", catalog=str(self._root), error=str(error))
            return CatalogState(self._state.catalog, self._state.loaded_at, self._state.failures + 1)
        _log.info("catalog_loaded", catalog=str(self._root), services=len(catalog.services))
        return CatalogState(catalog, now, self._state.failures)

    def _marks(self) -> Iterator[tuple[str, int, int, int]]:
        """Give what changes when a file does, also when it is replaced by one of the same size."""
        seen = 0
        for folder, _, names in os.walk(self._root):
            for name in names:
                seen += 1
                if seen > FILES_MAX:
                    return
                path = Path(folder, name)
                try:
                    stat = path.stat()
                except OSError:
                    yield str(path), 0, 0, 0
                else:
                    yield str(path), stat.st_ino, stat.st_size, stat.st_ctime_ns
