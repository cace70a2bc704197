"""What a drill needs of whoever supervises the processes: see them, and kill one.

Killing is the stack's business and differs from place to place, so a drill is handed something that
can; this module only says what.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Instance:
    """One process of a job as it is at this moment."""

    name: str
    pid: int | None
    """None while it does not run."""
    healthy: bool
    """It answers, not only exists."""


class ProcessControl(Protocol):
    """A supervisor of processes."""

    def instances(self, job: str) -> Sequence[Instance]:
        """Give the processes of a job, by name.

        Raises:
            WatchkeeperError: the supervisor does not answer.
        """
        ...

    def kill(self, name: str) -> None:
        """End one process at once (SIGKILL), so that its supervisor takes it for a crash.

        Raises:
            WatchkeeperError: there is no such process, or it does not run.
        """
        ...
