"""The state directory: sockets fit, files are replaced whole, one command at a time."""

import os
import stat
from pathlib import Path

import pytest

from deploy.local.paths import StateDir, operation, write_atomically
from watchkeeper.errors import StackError

UNIX_PATH_BYTES_MAX = 107


@pytest.mark.parametrize("tail", ["short", "with space", "d" * 120, "per%cent", "ünï"])
def test_sockets_fit_wherever_the_state_is(tmp_path: Path, tail: str) -> None:
    """Deep or odd directories get a short private one instead; it is the same at every call."""
    state = StateDir.at(tmp_path / tail)
    for path in (state.supervisor_socket, state.haproxy_socket):
        assert len(os.fsencode(path)) + len(".4194304.tmp") <= UNIX_PATH_BYTES_MAX
        assert " " not in str(path)
        assert "%" not in str(path)
    assert StateDir.at(tmp_path / tail).supervisor_socket == state.supervisor_socket
    state.make()
    assert stat.S_IMODE(state.sockets.stat().st_mode) == 0o700
    state.sockets.rmdir()


def test_two_ways_to_one_directory_are_one_stack(tmp_path: Path) -> None:
    """A link must not make a second stack over the same data."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert StateDir.at(tmp_path / "link").id == StateDir.at(tmp_path / "real").id


def test_a_planted_socket_directory_is_refused(tmp_path: Path) -> None:
    """In /tmp anybody can make a directory of that name first."""
    state = StateDir.at(tmp_path / ("d" * 120))
    state.sockets.symlink_to(tmp_path)
    try:
        with pytest.raises(StackError, match="belongs to another user"):
            state.make()
    finally:
        state.sockets.unlink()


def test_an_unchanged_file_is_not_written_again(tmp_path: Path) -> None:
    """So that nobody is told of changes which are none."""
    path = tmp_path / "f"
    assert write_atomically(path, b"1")
    before = path.stat().st_ino
    assert not write_atomically(path, b"1")
    assert path.stat().st_ino == before
    assert write_atomically(path, b"2")
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


def test_one_command_changes_the_stack_at_a_time(tmp_path: Path) -> None:
    """The second one is told who is at work."""
    state = StateDir.at(tmp_path / "s")
    state.make()
    with (
        operation(state, "up"),
        pytest.raises(StackError, match=rf"`watchkeeper up` \(pid {os.getpid()}\) is changing this stack"),
        operation(state, "down", wait_s=0),
    ):
        pass
    with operation(state, "down", wait_s=0):
        pass
