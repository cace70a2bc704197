"""A small real stack of stub processes on free ports, stopped whatever happens."""

import os
import random
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from deploy.local import marked
from deploy.local.paths import StateDir
from deploy.local.programs import Place
from deploy.local.record import Record
from deploy.local.replicas import RunningStack
from deploy.local.stack import load
from deploy.local.start import Plan, start
from deploy.local.status import ProcessStatus, StackStatus, look
from deploy.local.stop import Stopped, stop

STUB = Path(__file__).with_name("stub.py")
REPO = Path(__file__).parents[3]


def free_ports(count: int) -> int:
    """Find the first of so many free ports in a row; workers of one test run look in different places."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = 24_000 + worker % 8 * 1_000
    for base in random.sample(range(first, first + 1_000 - count, count), k=50):
        probes = [socket.socket() for _ in range(count)]
        try:
            for offset, probe in enumerate(probes):
                probe.bind(("127.0.0.1", base + offset))
        except OSError:
            continue
        else:
            return base
        finally:
            for probe in probes:
                probe.close()
    raise AssertionError("no free ports")


def until(condition: Callable[[], bool], what: str, timeout_s: float = 20) -> None:
    """Poll a condition; fail with words when it does not come true."""
    give_up = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < give_up, f"never came true: {what}"
        time.sleep(0.05)


@dataclass
class Told:
    """Keeps what the reporter was told."""

    events: list[str] = field(default_factory=list)

    def planned(self, names: Sequence[str]) -> None:
        """Keep how many."""
        self.events.append(f"planned {len(names)}")

    def already(self, name: str) -> None:
        """Keep who."""
        self.events.append(f"already {name}")

    def starting(self, name: str) -> None:
        """Keep who."""
        self.events.append(f"starting {name}")

    def healthy(self, name: str, took_s: float) -> None:
        """Keep who."""
        del took_s
        self.events.append(f"healthy {name}")

    def note(self, text: str) -> None:
        """Keep it."""
        self.events.append(text)


class Stub:
    """A stack of stub processes."""

    def __init__(self, root: Path) -> None:
        self.state = StateDir.at(root / "state dir")
        self.port = free_ports(8)
        self.file = root / "stack.yaml"

    def command(self, *options: str) -> list[str]:
        """Give the command of a stub process."""
        return ["{python}", str(STUB), "{port}", *options]

    def up(self, processes: Sequence[Mapping[str, object]], *, timeout_s: float = 30) -> Told:
        """Describe and start."""
        self.file.write_text(
            yaml.safe_dump({"processes": [dict(each) for each in processes]}), encoding="utf-8"
        )
        told = Told()
        place = Place(repo=REPO, state=self.state.root, python=Path(sys.executable))
        start(Plan(load([self.file]), place, self.state, dict(os.environ), timeout_s=timeout_s), told)
        return told

    def down(self) -> Stopped:
        """Stop."""
        return stop(self.state)

    def look(self) -> StackStatus:
        """Ask for the truth."""
        return look(self.state)

    def row(self, name: str) -> ProcessStatus:
        """Ask for the truth about one process."""
        return next(each for each in self.look().processes if each.name == name)

    def pids(self) -> dict[str, int]:
        """Give the pid of every process that lives."""
        return {each.process: each.pid for each in marked.find(self.state.id)}

    def running(self) -> RunningStack:
        """Attach to it."""
        return RunningStack(self.state)

    def record(self) -> Record:
        """Give what it should be."""
        return self.running().record()


@pytest.fixture
def stub(tmp_path: Path) -> Iterator[Stub]:
    """A stack that is stopped at the end, by its marks if need be."""
    stack = Stub(tmp_path)
    try:
        yield stack
    finally:
        stack.state.conf.mkdir(parents=True, exist_ok=True)
        stack.state.stopping.touch()
        marked.kill_all(stack.state.id, wait_s=5)
        assert marked.find(stack.state.id) == ()
        for path in stack.state.sockets.glob("*"):
            path.unlink()
        if stack.state.sockets.exists():
            stack.state.sockets.rmdir()
