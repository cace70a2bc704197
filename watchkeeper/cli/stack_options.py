"""What the commands of the native stack share: its state directory and port offset."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from deploy.local.paths import StateDir, repository
from deploy.local.programs import Place
from deploy.local.record import known_record

STATE_DIR = "WATCHKEEPER_STATE_DIR"
PORT_OFFSET = "WATCHKEEPER_PORT_OFFSET"
PORT_OFFSET_MAX = 40_000

Command = TypeVar("Command", bound=Callable[..., Any])


def state_option(command: Command) -> Command:
    """Add ``--state-dir``, which defaults to ``.run`` in the repository."""
    return click.option(
        "--state-dir",
        # Whether it can be read is asked, and explained, by state_dir().
        type=click.Path(file_okay=False, readable=False, path_type=Path),
        envvar=STATE_DIR,
        show_envvar=True,
        default=lambda: repository() / ".run",
        help="Directory of the stack's data, logs and configuration.  [default: .run in the repository]",
    )(command)


def port_offset_option(command: Command) -> Command:
    """Add ``--port-offset``, by which every port is shifted."""
    return click.option(
        "--port-offset",
        type=click.IntRange(-PORT_OFFSET_MAX, PORT_OFFSET_MAX),
        envvar=PORT_OFFSET,
        show_envvar=True,
        help="Shift every port by this much, to run beside another stack.  "
        "[default: as the stack that runs, or 0]",
    )(command)


def state_dir(path: Path) -> StateDir:
    """Give the layout below a directory.

    Raises:
        StackError: what is there is another user's.
    """
    state = StateDir.at(path)
    state.check_access()
    return state


def place(state: StateDir, port_offset: int | None) -> Place:
    """Describe where a stack with that state runs; one that runs stays on its ports unless told to move."""
    if port_offset is None:
        record = known_record(state)
        port_offset = record.place.port_offset if record is not None else 0
    # Not resolved: the interpreter of a virtual environment is a link whose own path is what counts.
    return Place(repo=repository(), state=state.root, python=Path(sys.executable), port_offset=port_offset)


def environ() -> dict[str, str]:
    """Give this command's environment, for the processes of the stack to inherit."""
    return dict(os.environ)
