"""What the stack should be, kept on disk.

Written by whoever holds the operation lock and read by everybody (the status, ``scale``, ``down`` from
another shell), so that no later command needs the environment or the files that ``up`` was given.
"""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, ValidationError

from deploy.local.paths import StateDir, write_atomically
from deploy.local.programs import Place, Program, find_program, resolve
from deploy.local.stack import Stack
from watchkeeper.errors import StackError


class Record(BaseModel):
    """What the stack should be.

    Attributes:
        stack: every described process.
        place: where it runs.
        replicas: how many of each replicated process.
        active: names of the programs that were started and should run.
        digests: of each server's placed configuration, to tell whether it must read it again.
        started_at: when the last ``up`` began (Unix time).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    stack: Stack
    place: Place
    replicas: Mapping[str, int]
    active: tuple[str, ...]
    digests: Mapping[str, str]
    started_at: float

    def programs(self) -> tuple[Program, ...]:
        """Every program that belongs to the stack now, whether it was started or not."""
        # A program that was uninstalled since is the business of whoever starts it, not of whoever asks.
        return resolve(self.stack, self.place, self.replicas, which=lambda name: find_program(name) or name)


def read_record(state: StateDir) -> Record | None:
    """Read what the stack should be; ``None`` when there is no stack.

    Raises:
        StackError: the record is damaged.
    """
    try:
        return Record.model_validate_json(state.record.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise StackError(
            f"{state.record}: cannot be read ({type(error).__name__}); run `watchkeeper down`, then `up`"
        ) from error


def known_record(state: StateDir) -> Record | None:
    """Read what the stack should be; ``None`` also when the record is damaged and tells nothing."""
    try:
        return read_record(state)
    except StackError:
        return None


def write_record(state: StateDir, record: Record) -> None:
    """Replace the record in one step."""
    write_atomically(state.record, record.model_dump_json(indent=1).encode())
