"""Up and down as a user meets them: twice, from elsewhere, with a space in the path, without root."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import marked
from deploy.local.paths import StateDir

REPO = Path(__file__).parents[2]
CLI = Path(sys.executable).with_name("watchkeeper")
PORT_OFFSET = int(os.environ.get("WATCHKEEPER_E2E_PORT_OFFSET", "4000"))
NOBODY = 65534
OF_THIS_USER = (
    "XDG_CACHE_HOME",
    "PIP_CACHE_DIR",
    "UV_CACHE_DIR",
    "VIRTUAL_ENV",
    "PYTHONPATH",
    "MAKEFLAGS",
    "MAKELEVEL",
)
"""Variables that would lead another user to directories of this one, or make to this make."""

pytestmark = pytest.mark.timeout(600)


class Shell:
    """Runs the command line over one state directory."""

    def __init__(self, state: Path, command: list[str], cwd: Path, prefix: list[str]) -> None:
        self.state = state
        self._command = [*prefix, *command]
        self._cwd = cwd

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [*self._command, *arguments],
            env=self.env(),
            cwd=self._cwd,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command."""
        return subprocess.Popen(
            [*self._command, *arguments], env=self.env(), cwd=self._cwd, stderr=subprocess.PIPE, text=True
        )

    def env(self) -> dict[str, str]:
        """Give the environment of a command."""
        return {
            **os.environ,
            "WATCHKEEPER_STATE_DIR": str(self.state),
            "WATCHKEEPER_PORT_OFFSET": str(PORT_OFFSET),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": str(self.state.parent),
        }

    def left(self) -> tuple[marked.Marked, ...]:
        """Give what of the stack still lives."""
        return marked.find(StateDir.at(self.state).id)


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A user in another directory than the repository."""
    shell = Shell(tmp_path / "state dir", [str(CLI)], Path("/"), [])
    try:
        yield shell
    finally:
        shell.run("down")
        assert shell.left() == ()


def test_up_twice_then_down_twice(shell: Shell) -> None:
    """SLO values are there when it returns; twice changes nothing; down leaves nothing."""
    assert shell.run("up").returncode == 0
    assert shell.run("down").returncode == 0
    up = shell.run("up")
    assert up.returncode == 0, up.stderr
    assert "gateway-availability" in up.stdout
    assert f"127.0.0.1:{9400 + PORT_OFFSET}" in up.stdout
    before = {each.process: each.pid for each in shell.left()}
    again = shell.run("up")
    assert again.returncode == 0, again.stderr
    assert "prometheus runs already" in again.stderr
    assert {each.process: each.pid for each in shell.left()} == before
    assert shell.run("status").returncode == 0
    down = shell.run("down")
    assert "prometheus" in down.stdout
    assert shell.left() == ()
    assert shell.run("down").stdout == "nothing was running\n"
    status = shell.run("status")
    assert status.returncode == 1
    assert status.stderr == "the stack is not running; `make up` starts it\n"


def test_an_interrupted_up_is_finished_by_the_next_one(shell: Shell) -> None:
    """Ctrl-C in the middle leaves what runs; `up` goes on from there."""
    first = shell.begin("up")
    give_up = time.monotonic() + 60
    while len(shell.left()) < 4:
        assert time.monotonic() < give_up, "nothing was started"
        time.sleep(0.05)
    first.send_signal(2)
    _, said = first.communicate(timeout=30)
    assert first.returncode == 130
    assert "interrupted; `watchkeeper up` goes on from here" in said
    assert shell.run("status").returncode == 1
    up = shell.run("up")
    assert up.returncode == 0, up.stderr


def test_a_port_in_use_is_one_sentence(shell: Shell) -> None:
    """Who wants it, who has it, how to move."""
    port = 9090 + PORT_OFFSET
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        up = shell.run("up")
    assert up.returncode == 1
    assert up.stderr.splitlines()[-1].startswith(f"port {port} is wanted by prometheus but held by ")
    assert "WATCHKEEPER_PORT_OFFSET" in up.stderr
    assert shell.left() == ()


@pytest.fixture
def copy() -> Iterator[Path]:
    """The repository somewhere else, with a space in its path, owned by somebody who is not root."""
    if os.getuid() != 0:
        pytest.skip("needs root to become somebody else")
    home = Path(tempfile.mkdtemp(prefix="watchkeeper e2e "))
    home.chmod(0o755)
    copy = home / "my watchkeeper"
    ignored = shutil.ignore_patterns(".git", ".venv", ".run", "__pycache__", ".*_cache", ".hypothesis")
    shutil.copytree(REPO, copy, symlinks=True, ignore=ignored)
    for directory, _, files in os.walk(home):
        os.chown(directory, NOBODY, NOBODY)
        for name in files:
            os.chown(Path(directory) / name, NOBODY, NOBODY, follow_symlinks=False)
    try:
        yield copy
    finally:
        marked.kill_all(StateDir.at(home / "state").id, wait_s=5)
        shutil.rmtree(home)


def test_make_up_in_a_copy_with_a_space_in_its_path_by_an_ordinary_user(copy: Path) -> None:
    """Once Debian's packages are there nobody needs root; every process belongs to that user."""
    prefix = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--"]
    readable = subprocess.run([*prefix, "test", "-r", copy / "Makefile"], check=False).returncode == 0
    assert readable, f"{copy.parent}: an ordinary user can not enter; set TMPDIR to a directory open to all"
    prefix += ["env", *(f"--unset={name}" for name in OF_THIS_USER)]
    shell = Shell(copy.parent / "state", ["make", "-C", str(copy)], Path("/"), prefix)
    up = shell.run("up")
    assert up.returncode == 0, up.stderr
    assert "gateway-availability" in up.stdout
    assert {Path(f"/proc/{each.pid}").stat().st_uid for each in shell.left()} == {NOBODY}
    assert str(copy) in (copy.parent / "state/conf/record.json").read_text()
    assert shell.run("status").returncode == 0
    assert shell.run("down").returncode == 0
    assert shell.left() == ()
