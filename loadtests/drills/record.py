"""What drills leave on disk: which faults may be on, who is at it, and the evidence of past drills.

``active.json`` outlives a crash of the rehearsal, so that the next ``incident stop`` knows what to take
back. The lock does not outlive it, so that nobody has to clean up after a ``kill -9``.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from watchkeeper.errors import WatchkeeperError


class BusyError(WatchkeeperError):
    """Another drill is under way."""


class SwitchedFault(BaseModel):
    """A fault at one process: everything that is needed to take it back."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    job: str
    url: str
    fault: str

    def __str__(self) -> str:
        return f"{self.fault} at {self.job} ({self.url})"


class ActiveDrill(BaseModel):
    """Faults that were switched on and not known to be off."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    drill: str
    since: AwareDatetime
    faults: tuple[SwitchedFault, ...]


class DrillRecords:
    """The folder of a stack's drills."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._active = folder / "active.json"

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Let one drill at a time inject: two would spoil each other's evidence.

        Raises:
            BusyError: another one holds the lock.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise BusyError("another drill is under way; let it end, or end it with Ctrl-C") from error
            yield

    def active(self) -> ActiveDrill | None:
        """Give what may still be on; None when everything was taken back.

        Raises:
            WatchkeeperError: the file is damaged.
        """
        try:
            return ActiveDrill.model_validate_json(self._active.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            raise WatchkeeperError(
                f"{self._active}: can not be read ({str(error).splitlines()[0]}); restart the "
                f"stack, which ends every fault, and remove the file"
            ) from error

    def remember(self, drill: str, faults: Sequence[SwitchedFault], *, now: datetime) -> None:
        """Write down what is about to be switched on."""
        _write(
            self._active, ActiveDrill(drill=drill, since=now, faults=tuple(faults)).model_dump_json(indent=2)
        )

    def forget(self) -> None:
        """Everything was taken back."""
        self._active.unlink(missing_ok=True)

    def keep(self, name: str, text: str, *, at: datetime) -> Path:
        """Store a drill's evidence."""
        path = self.folder / f"{at:%Y-%m-%dT%H-%M-%SZ}-{name}.json"
        _write(path, text)
        return path


def _write(path: Path, text: str) -> None:
    """Replace a file whole and durably: a reader, or a crash, sees the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("w", encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
