"""The package installer, against stand-ins for apt-get and sudo: what it does, and what it never does."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

PACKAGES = Path(__file__).parents[3] / "deploy/local/packages"
TOOLS = ["sh", "id", "mktemp", "rm", "chmod", "grep", "tail", "dirname", "cat", "kill", "sleep", "touch"]
PROGRAMS = ["prometheus", "promtool", "prometheus-alertmanager", "amtool", "haproxy", "setpriv", "python3"]


class Machine:
    """A PATH of our own making."""

    def __init__(self, root: Path) -> None:
        self.bin = root / "bin"
        self.bin.mkdir()
        self.policy = root / "policy-rc.d"
        self.log = root / "log"
        self.log.touch()
        for tool in TOOLS:
            found = next(p for p in (Path("/usr/bin") / tool, Path("/bin") / tool) if p.exists())
            (self.bin / tool).symlink_to(found)

    def program(self, name: str, script: str = "exit 0") -> None:
        """Put a program on the PATH that notes its call."""
        path = self.bin / name
        path.write_text(f'#!/bin/sh\nprintf "%s\\n" "{name} $*" >> "{self.log}"\n{script}\n')
        path.chmod(0o755)

    def has(self, *but: str) -> None:
        """Have everything installed but these."""
        for name in PROGRAMS:
            if name not in but:
                self.program(name)

    def start(self) -> subprocess.Popen[str]:
        """Begin the installation."""
        script = self.bin.parent / "deploy/local/packages"
        script.parent.mkdir(parents=True, exist_ok=True)
        # What the machine has in its own sbin directories must not count here.
        script.write_text(PACKAGES.read_text().replace("SBIN=/usr/local/sbin:/usr/sbin:/sbin", "SBIN=/none"))
        script.chmod(0o755)
        return subprocess.Popen(
            [script],
            env={"PATH": str(self.bin), "WATCHKEEPER_POLICY_RC_D": str(self.policy)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self) -> tuple[int, str]:
        """Install to the end; give the exit status and what was said."""
        process = self.start()
        _, said = process.communicate(timeout=30)
        return process.returncode, said

    @property
    def calls(self) -> list[str]:
        """What was called, in order."""
        return self.log.read_text().splitlines()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine without any of what we need."""
    return Machine(tmp_path)


as_root = pytest.mark.skipif(os.getuid() != 0, reason="the script asks `id`")


def test_nothing_is_called_when_nothing_is_missing(machine: Machine) -> None:
    """A warm start costs nothing and needs no rights."""
    machine.has()
    machine.program("apt-get")
    assert machine.run() == (0, "")
    assert not [call for call in machine.calls if call.startswith("apt-get")]


@as_root
def test_only_what_is_missing_is_installed_and_debian_starts_no_service(machine: Machine) -> None:
    """While apt-get works, policy-rc.d forbids; afterwards it is gone."""
    machine.has("haproxy", "amtool")
    machine.program(
        "apt-get",
        f'[ ! -f "{machine.policy}" ] || {{ "{machine.policy}"; echo "policy $?" >> "{machine.log}"; }}',
    )
    assert machine.run()[0] == 0
    update, _, install, policy = [call for call in machine.calls if not call.startswith("python3")]
    assert update.startswith("apt-get update")
    assert install.startswith("apt-get install")
    assert "--no-install-recommends" in install
    assert install.endswith(" prometheus-alertmanager haproxy")
    assert policy == "policy 101"
    assert not machine.policy.exists()


@as_root
def test_only_services_installed_now_are_kept_from_starting_at_the_next_boot(machine: Machine) -> None:
    """Debian enables what it installs; what was there before is the administrator's."""
    machine.has("haproxy", "amtool")
    machine.program("apt-get")
    machine.program("systemctl", "exit 1")
    assert machine.run() == (0, "installing: prometheus-alertmanager haproxy\n")
    assert [call for call in machine.calls if call.startswith("systemctl")] == [
        "systemctl disable -q prometheus-alertmanager",
        "systemctl disable -q haproxy",
    ]


@as_root
def test_a_policy_that_was_there_is_never_touched(machine: Machine) -> None:
    """It is the administrator's."""
    machine.has("haproxy")
    machine.program("apt-get")
    machine.policy.write_text("#!/bin/sh\nexit 0\n")
    assert machine.run()[0] == 0
    assert machine.policy.read_text() == "#!/bin/sh\nexit 0\n"


@as_root
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interruption_cleans_up(machine: Machine, number: signal.Signals) -> None:
    """Ctrl-C reaches apt-get too, as it does in a terminal."""
    machine.has("haproxy")
    machine.program("apt-get", 'case "$1" in install) exec sleep 20;; esac')
    process = machine.start()
    _until(lambda: any(call.startswith("apt-get install") for call in machine.calls))
    assert machine.policy.exists()
    os.killpg(process.pid, number)
    process.communicate(timeout=10)
    assert process.returncode != 0
    assert not machine.policy.exists()


@as_root
def test_what_a_killed_run_left_has_no_effect_and_goes_with_the_next_one(machine: Machine) -> None:
    """SIGKILL cannot be cleaned up after, so what stays must be harmless."""
    machine.has("haproxy")
    machine.program("apt-get", 'case "$1" in install) exec sleep 20;; esac')
    process = machine.start()
    _until(lambda: any(call.startswith("apt-get install") for call in machine.calls))
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=10)
    assert subprocess.run([machine.policy], check=False).returncode == 0
    machine.program("apt-get")
    assert machine.run()[0] == 0
    assert not machine.policy.exists()


@as_root
@pytest.mark.parametrize(
    ("failing", "sentence"),
    [
        ("update", "apt-get update failed: is there a network? Then run this again"),
        ("install", "apt-get could not install: haproxy."),
    ],
)
def test_failures_are_told_with_apts_own_last_words(machine: Machine, failing: str, sentence: str) -> None:
    """And the policy is gone."""
    machine.has("haproxy")
    machine.program("apt-get", f'[ "$1" != {failing} ] || {{ echo "Could not resolve"; exit 100; }}')
    status, said = machine.run()
    assert status == 1
    assert "Could not resolve" in said
    assert sentence in said
    assert not machine.policy.exists()


@pytest.mark.parametrize("sudo", [None, "exit 1"])
def test_without_rights_the_exact_command_is_told(machine: Machine, sudo: str | None) -> None:
    """One sentence, to be copied."""
    machine.has("haproxy", "promtool")
    machine.program("apt-get")
    (machine.bin / "id").unlink()
    machine.program("id", "echo 1000")
    if sudo:
        machine.program("sudo", sudo)
    status, said = machine.run()
    assert status == 1
    assert said.startswith(
        "missing packages: prometheus haproxy. Installing them needs root; run once: sudo '/"
    )
    assert said.endswith("/deploy/local/packages'\n")


def test_sudo_that_asks_nothing_is_used(machine: Machine) -> None:
    """A user who may do so without a password is not bothered."""
    machine.has("haproxy")
    machine.program("apt-get")
    (machine.bin / "id").unlink()
    machine.program("id", "echo 1000")
    machine.program("sudo")
    assert machine.run()[0] == 0
    assert [call.rsplit("/", 1)[-1] for call in machine.calls if call.startswith("sudo")] == [
        "sudo -n true",
        "packages",
    ]


def test_another_system_is_told_what_to_bring(machine: Machine) -> None:
    """No apt-get: the names are all that can be said."""
    machine.has("haproxy")
    status, said = machine.run()
    assert status == 1
    assert said.startswith("missing: haproxy. This is not Debian")


def _until(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.02)
