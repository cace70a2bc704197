"""How drills look in a terminal, and in a log: a table of them, and one told line by line as it happens."""

from datetime import datetime
from typing import Self

from rich.console import Console
from rich.status import Status
from rich.text import Text

from loadtests.drills import narrate
from loadtests.drills.evidence import Evidence
from loadtests.drills.timeline import INVALIDATING, Event, Step, Timeline
from loadtests.drills.verdict import Verdict

_STYLES = {Verdict.PASS: "bold green", Verdict.FAIL: "bold red", Verdict.INVALID: "bold yellow"}
_ALARMING = frozenset(
    {Step.PAGED_AGAIN, Step.OTHER_PAGE, Step.OTHER_ALERT, Step.RESOLVED_EARLY, Step.SUPPRESSED, *INVALIDATING}
)


class Narrator:
    """Tells a drill as it happens: a line per event, and on a terminal what is being waited for."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status: Status | None = None

    def __enter__(self) -> Self:
        """Show what is being waited for, where that can be shown."""
        if self._console.is_terminal:
            self._status = self._console.status("looking around")
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Show it no longer."""
        if self._status is not None:
            self._status.stop()

    def heading(self, text: str) -> None:
        """Say what is about to happen."""
        self._console.print(Text(text, style="bold"))

    def event(self, timeline: Timeline, event: Event) -> None:
        """Print one event."""
        style = "red" if event.step in _ALARMING else ""
        self._console.print(Text(narrate.line(timeline, event), style=style))
        self._console.file.flush()

    def waiting(self, timeline: Timeline, now: datetime) -> None:
        """Show what is being waited for."""
        if self._status is not None:
            self._status.update(Text(narrate.waiting_for(timeline, now)))

    def ending(self, evidence: Evidence) -> None:
        """Say how it ended."""
        for line in narrate.summary(evidence):
            style = "" if line.startswith(" ") else _STYLES[evidence.verdict]
            self._console.print(Text(line, style=style))
