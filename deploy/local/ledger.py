"""A supervisor plug-in: counts the starts of every process and caps the pause between two tries.

Supervisor itself counts neither, and its pauses grow without end. It runs inside the supervisor because only
there no start can be missed; the count is a file because the truth must be told also when the supervisor is
dead.
"""

import json
from pathlib import Path
from typing import Protocol

from supervisor import events

BACKOFF_S_MAX = 30.0


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
        events.subscribe(events.ProcessStateStartingEvent, self._started)  # type: ignore[no-untyped-call]
        events.subscribe(events.ProcessStateBackoffEvent, self._backed_off)  # type: ignore[no-untyped-call]
        events.subscribe(events.ProcessGroupRemovedEvent, self._removed)  # type: ignore[no-untyped-call]

    def _started(self, event: _ProcessEvent) -> None:
        name = event.process.config.name
        self._starts[name] = self._starts.get(name, 0) + 1
        self._write()

    def _backed_off(self, event: _ProcessEvent) -> None:
        """Tries go on for ever, so the pause must not grow for ever."""
        process = event.process
        process.delay = min(process.delay, process.laststart + BACKOFF_S_MAX)

    def _removed(self, event: _GroupEvent) -> None:
        self._starts.pop(event.group, None)
        self._write()

    def _write(self) -> None:
        temporary = self._path.with_suffix(".new")
        temporary.write_text(json.dumps(self._starts), encoding="utf-8")
        temporary.replace(self._path)


def read_starts(path: Path) -> dict[str, int]:
    """Read the counts; none when there are none or they are damaged (they are only shown, never acted on)."""
    try:
        counts = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return {str(name): int(count) for name, count in counts.items()} if isinstance(counts, dict) else {}


def attach(_supervisord: object) -> Ledger:
    """Make the plug-in; supervisor calls this, in the state directory."""
    return Ledger(Path("data/starts.json"))
