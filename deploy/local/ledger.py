"""A supervisor plug-in: counts the starts of every process and caps the pause between two tries.

Supervisor itself counts neither, and its pauses grow without end. It runs inside the supervisor because only
there no start can be missed; the count is a file because the truth must be told also when the supervisor is
dead.
"""

from pathlib import Path
from typing import Protocol

from supervisor import events

from deploy.local.ledger_file import read_starts, write_starts

BACKOFF_S_MAX = 30.0
SUPERVISOR = "supervisord"


class _Config(Protocol):
    name: str


class _Process(Protocol):
    config: _Config
    laststart: float
    delay: float


class _ProcessEvent(Protocol):
    process: _Process


class _GroupEvent(Protocol):
    group: str


class Ledger:
    """Keeps ``data/starts.json``: process name to the number of starts since it was added."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._starts = read_starts(path)
        self._count(SUPERVISOR)
        events.subscribe(events.ProcessStateStartingEvent, self._started)  # type: ignore[no-untyped-call]
        events.subscribe(events.ProcessStateBackoffEvent, self._backed_off)  # type: ignore[no-untyped-call]
        events.subscribe(events.ProcessGroupRemovedEvent, self._removed)  # type: ignore[no-untyped-call]

    def _started(self, event: _ProcessEvent) -> None:
        self._count(event.process.config.name)

    def _backed_off(self, event: _ProcessEvent) -> None:
        """Tries go on for ever, so the pause must not grow for ever."""
        process = event.process
        process.delay = min(process.delay, process.laststart + BACKOFF_S_MAX)

    def _removed(self, event: _GroupEvent) -> None:
        self._starts.pop(event.group, None)
        self._write()

    def _count(self, name: str) -> None:
        self._starts[name] = self._starts.get(name, 0) + 1
        self._write()

    def _write(self) -> None:
        write_starts(self._path, self._starts)


def attach(_supervisord: object) -> Ledger:
    """Make the plug-in; supervisor calls this, in the state directory."""
    return Ledger(Path("data/starts.json"))
