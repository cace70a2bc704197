"""Adds and removes replicas while the stack runs, and breaks processes on purpose.

The order is what makes it lossless. Adding: started, healthy, let in. Removing: drained, taken off
Prometheus's targets, stopped. However it ends, the rotation is settled by the record at last.
"""

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from deploy.local import marked, preflight, rotation
from deploy.local.configure import write_targets
from deploy.local.control import Supervisor
from deploy.local.health import Prober
from deploy.local.paths import StateDir, operation, write_atomically
from deploy.local.programs import Program
from deploy.local.record import Record, read_record, write_record
from deploy.local.supervisor_conf import render
from watchkeeper.errors import StackError

HEALTHY_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 30.0
POLL_S = 0.1

Report = Callable[[str], None]


class RunningStack:
    """A stack that is up. Every method asks the machine anew; nothing is remembered between two calls."""

    def __init__(self, state: StateDir) -> None:
        self.state = state
        self._supervisor = Supervisor(state.supervisor_socket)

    @classmethod
    def at(cls, state_dir: Path) -> Self:
        """Attach to the stack that keeps its state there.

        Raises:
            StackError: nothing runs there.
        """
        stack = cls(StateDir.at(state_dir))
        stack.record()
        return stack

    def record(self) -> Record:
        """Give what the stack should be."""
        record = read_record(self.state) if self.state.record.exists() else None
        if record is None:
            raise StackError(f"no stack runs in {self.state.root}; `make up` starts it")
        return record

    def program(self, name: str) -> Program:
        """Find a program by name; use it for addresses and ports."""
        for program in self.record().programs():
            if program.name == name:
                return program
        raise StackError(f"there is no process {name!r}; `watchkeeper status` lists them")

    def replicas(self, group: str) -> int:
        """Tell how many replicas a group should have."""
        replicas = self.record().replicas
        if group not in replicas:
            raise StackError(
                f"{group!r} has no replicas; these have: {', '.join(sorted(replicas)) or 'none'}"
            )
        return replicas[group]

    def scale(self, group: str, count: int, report: Report = lambda _: None) -> None:
        """Bring a group to so many replicas; return when they serve, or are gone without loss.

        Raises:
            StackError: no such group, more than it may have, or a new replica did not become healthy (then
                it is removed again and the stack is as before).
        """
        with operation(self.state, "scale"):
            before = self.replicas(group)
            spec = self.record().stack.get(group)
            limit = spec.replicas_max if spec is not None else 0
            if not 1 <= count <= limit:
                raise StackError(f"{group} can have 1 to {limit} replicas, not {count}")
            try:
                if count > before:
                    self._add(group, before, count, report)
                elif count < before:
                    self._remove(group, before, count, report)
            finally:
                rotation.settle(self.state, self.record(), group)

    def kill(self, name: str) -> int:
        """End a process the hard way (SIGKILL), as a crash would; give the pid it had."""
        return self._signal(name, signal.SIGKILL)

    def pause(self, name: str) -> int:
        """Hang a process: it keeps its port and answers nothing (SIGSTOP); give its pid."""
        return self._signal(name, signal.SIGSTOP)

    def resume(self, name: str) -> int:
        """Let a hung process go on (SIGCONT); give its pid."""
        return self._signal(name, signal.SIGCONT)

    def _signal(self, name: str, number: signal.Signals) -> int:
        pids = [each.pid for each in marked.find(self.state.id) if each.process == name]
        sent = [pid for pid in pids if marked.signal_one(pid, self.state.id, number)]
        if not sent:
            raise StackError(f"process {name!r} does not run; `watchkeeper status` tells what does")
        return min(sent)

    def _add(self, group: str, before: int, count: int, report: Report) -> None:
        record = self.record()
        grown = record.model_copy(update={"replicas": {**record.replicas, group: count}})
        new = [p for p in grown.programs() if p.group == group][before:]
        names = tuple(program.name for program in new)
        preflight.check(new, ours={each.pid for each in marked.find(self.state.id)})
        self._save(grown.model_copy(update={"active": tuple(dict.fromkeys((*record.active, *names)))}))
        self._supervisor.reread()
        for name in names:
            report(f"starting {name}")
            self._supervisor.add(name)
        try:
            self._until_healthy(new)
        except BaseException:
            self._forget(record, names)
            raise
        for name in names:
            report(f"{name} is healthy")

    def _remove(self, group: str, before: int, count: int, report: Report) -> None:
        record = self.record()
        shrunk = record.model_copy(update={"replicas": {**record.replicas, group: count}})
        names = tuple(f"{group}-{index}" for index in range(count + 1, before + 1))
        # A HAProxy that is restarted while it drains must not let them in again.
        rotation.write_file(self.state, shrunk)
        for name in names:
            report(f"draining {name}")
        rotation.drain(self.state, record, group, names)
        write_targets(self.state, shrunk.programs())
        self._forget(shrunk, names)
        for name in names:
            report(f"{name} is gone")

    def _save(self, record: Record) -> None:
        write_record(self.state, record)
        programs = record.programs()
        active = [program for program in programs if program.name in record.active]
        write_atomically(self.state.supervisor_conf, render(active, record.place, self.state).encode())
        write_targets(self.state, programs)

    def _forget(self, record: Record, names: tuple[str, ...]) -> None:
        """Stop these and make ``record`` (without them) what the stack should be."""
        for name in names:
            self._supervisor.stop(name)
        give_up = time.monotonic() + STOP_TIMEOUT_S
        while time.monotonic() < give_up:
            infos = self._supervisor.processes()
            if not any(infos[name].statename.has_process for name in names if name in infos):
                break
            time.sleep(POLL_S)
        active = tuple(name for name in record.active if name not in names)
        self._save(record.model_copy(update={"active": active}))
        self._supervisor.reread()
        for name in names:
            self._supervisor.remove(name)

    def _until_healthy(self, programs: list[Program]) -> None:
        give_up = time.monotonic() + HEALTHY_TIMEOUT_S
        with Prober() as prober:
            while True:
                healths = prober.ask(programs)
                sick = [name for name, health in healths.items() if health.ok is False]
                if not sick:
                    return
                if time.monotonic() > give_up:
                    said = "; ".join(f"{name} {healths[name].said}" for name in sick)
                    raise StackError(f"not healthy within {HEALTHY_TIMEOUT_S:.0f} s, removed again: {said}")
                time.sleep(POLL_S)
