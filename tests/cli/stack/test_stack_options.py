"""Whose stack a command acts on, and where that stack listens."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy.local.paths import StateDir
from deploy.local.programs import Place
from deploy.local.record import Record, write_record
from deploy.local.stack import Stack
from watchkeeper.cli import cli, stack_options
from watchkeeper.cli.endpoints import stack_endpoints

NOBODY = 65534


@pytest.fixture
def running(tmp_path: Path) -> StateDir:
    """The record of a stack that was moved by 1000 ports."""
    state = StateDir.at(tmp_path)
    state.conf.mkdir()
    place = Place(repo=Path("/r"), state=state.root, python=Path("/p"), port_offset=1000)
    record = Record(
        stack=Stack(processes=()), place=place, replicas={}, active=(), digests={}, started_at=time.time()
    )
    write_record(state, record)
    return state


def test_a_stack_stays_on_its_ports_unless_told_to_move(running: StateDir, tmp_path: Path) -> None:
    """Whoever moved it once because a port was taken need not say so ever after."""
    assert stack_options.place(running, None).port_offset == 1000
    assert stack_options.place(running, 0).port_offset == 0
    assert stack_options.place(StateDir.at(tmp_path / "none"), None).port_offset == 0


def test_commands_ask_the_stack_that_runs(
    running: StateDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own offset counts before the shell's; a URL that is named counts before both."""
    monkeypatch.delenv("WATCHKEEPER_CONSOLE_URL", raising=False)
    monkeypatch.setenv("WATCHKEEPER_PORT_OFFSET", "7")
    assert stack_endpoints(running).console == "http://127.0.0.1:10400"
    assert stack_endpoints(StateDir.at(tmp_path / "none")).console == "http://127.0.0.1:9407"
    monkeypatch.setenv("WATCHKEEPER_CONSOLE_URL", "http://127.0.0.1:1")
    assert stack_endpoints(running).console == "http://127.0.0.1:1"


@contextmanager
def _another_user() -> Iterator[None]:
    """Not root, whom nothing can be forbidden."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Path]:
    """A state directory below one that only its owner may enter."""
    home = tmp_path / "home"
    (home / "state/conf").mkdir(parents=True)
    home.chmod(0o000)
    yield home / "state"
    home.chmod(0o700)


@pytest.mark.parametrize(
    "command",
    [
        ["status"],
        ["down"],
        ["logs"],
        ["scale", "gateway", "2"],
        ["pages"],
        ["up", "--stack", "/none"],
        ["incident", "start", "total-outage"],
        ["incident", "stop"],
    ],
    ids=" ".join,
)
def test_another_users_stack_is_refused_in_one_sentence(
    command: list[str], locked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not with a traceback."""
    monkeypatch.setenv("WATCHKEEPER_CONSOLE_URL", "http://127.0.0.1:9")
    # Once where there is no stack, so that all is imported: the interpreter may be root's alone.
    CliRunner().invoke(cli, [*command, "--state-dir", str(tmp_path / "none")])
    with _another_user():
        result = CliRunner().invoke(cli, [*command, "--state-dir", str(locked)])
    assert result.exit_code == 1
    assert str(result.exception).startswith(f"{locked}: belongs to another user; ")
