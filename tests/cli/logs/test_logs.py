"""``watchkeeper logs`` from the command line, on logs that a stack could have written."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

WATCHKEEPER = str(Path(sys.executable).with_name("watchkeeper"))


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state directory with two logs."""
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "api-1.log").write_text("one\ntwo\n")
    (logs / "haproxy.log").write_text("three\n")
    return tmp_path


def logs(state: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [WATCHKEEPER, "logs", "--state-dir", str(state), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


@contextmanager
def following(state: Path, *arguments: str) -> Iterator[Iterator[str]]:
    """Run the command until the block ends; give its lines as they come."""
    command = [WATCHKEEPER, "logs", "--follow", "--state-dir", str(state), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield iter(process.stdout)
        finally:
            process.send_signal(2)
        assert process.wait(10) == 0


def test_the_last_lines_stand_beside_who_wrote_them(state: Path) -> None:
    """As many as asked, of all or of some; a group's name stands for its replicas."""
    assert logs(state).stdout == "api-1   | one\napi-1   | two\nhaproxy | three\n"
    assert logs(state, "api", "-n", "1").stdout == "api-1 | two\n"


def test_without_logs_it_does_not_wait_for_some(tmp_path: Path) -> None:
    """Nobody would know what it waits for."""
    failed = logs(tmp_path, "--follow")
    assert failed.returncode == 1
    assert failed.stderr == f"no logs in {tmp_path / 'logs'}; `make up` writes them\n"


def test_an_unknown_process_is_wrong_usage(state: Path) -> None:
    """With those that there are."""
    failed = logs(state, "nginx")
    assert failed.returncode == 2
    assert "no log of nginx; there are: api-1, haproxy" in failed.stderr


def test_following_shows_what_is_added_and_who_comes_later(state: Path) -> None:
    """A replica that is started meanwhile is followed too, from its first line."""
    with following(state, "api") as lines:
        assert [next(lines), next(lines)] == ["api-1 | one\n", "api-1 | two\n"]
        (state / "logs/api-2.log").write_text("hello\n")
        assert next(lines) == "api-2 | hello\n"
        with (state / "logs/api-1.log").open("a") as log:
            log.write("more\n")
        assert next(lines) == "api-1 | more\n"
