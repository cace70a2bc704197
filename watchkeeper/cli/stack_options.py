"""What the commands of the native stack share: its state directory and port offset."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from deploy.local.paths import StateDir
from deploy.local.programs import Place
from deploy.local.start import repository

STATE_DIR = "WATCHKEEPER_STATE_DIR"
PORT_OFFSET = "WATCHKEEPER_PORT_OFFSET"
PORT_OFFSET_MAX = 40_000

Command = TypeVar("Command", bound=Callable[..., Any])


def state_option(command: Command) -> Command:
    """Add ``--state-dir``, which defaults to ``.run`` in the repository."""
    return click.option(
        "--state-dir",
        type=click.Path(file_okay=False, path_type=Path),
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
        default=0,
        help="Shift every port by this much, to run beside another stack.",
    )(command)


def state_dir(path: Path) -> StateDir:
    """Give the layout below a directory."""
    return StateDir.at(path)


def place(state: StateDir, port_offset: int) -> Place:
    """Describe where a stack with that state runs."""
    # Not resolved: the interpreter of a virtual environment is a link whose own path is what counts.
    return Place(repo=repository(), state=state.root, python=Path(sys.executable), port_offset=port_offset)


def environ() -> dict[str, str]:
    """Give this command's environment, for the processes of the stack to inherit."""
    return dict(os.environ)
