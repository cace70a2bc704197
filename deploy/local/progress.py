"""Who is healthy, who is waited for, who may be started now, and when waiting has become pointless."""

import time
from collections.abc import Mapping, Sequence
from typing import Protocol

from deploy.local.control import ProcessInfo, State
from deploy.local.health import Health
from deploy.local.logs import last_lines
from deploy.local.paths import StateDir
from deploy.local.programs import Program
from watchkeeper.errors import StackError

TRIES_MAX = 5
"""A process that had to be started so often within one ``up`` is not going to become healthy."""
LOG_LINES_SHOWN = 8


class Reporter(Protocol):
    """Is told what happens, as it happens."""

    def planned(self, names: Sequence[str]) -> None:
        """These processes are to become healthy."""

    def already(self, name: str) -> None:
        """This one was running before and stays."""

    def starting(self, name: str) -> None:
        """This one is being started."""

    def healthy(self, name: str, took_s: float) -> None:
        """This one is ready."""

    def note(self, text: str) -> None:
        """Something worth a line."""


class Progress:
    """Who is healthy, who is waited for, and who may be started now."""

    def __init__(self, programs: Sequence[Program], report: Reporter) -> None:
        self.programs = {program.name: program for program in programs}
        self.waiting = dict(self.programs)
        self._report = report
        self._begun: dict[str, float] = {}
        self._said: dict[str, str] = {}
        self._pids: dict[str, set[int]] = {}
        report.planned(list(self.programs))

    def ready(self) -> list[Program]:
        """Give the programs all of whose needs are healthy."""
        unhealthy = {program.group for program in self.waiting.values()}
        return [p for p in self.waiting.values() if not unhealthy.intersection(p.after)]

    def begin(self, name: str) -> None:
        """Note that this one is being started now."""
        self._begun[name] = time.monotonic()
        self._report.starting(name)

    def learn(self, infos: Mapping[str, ProcessInfo], healths: Mapping[str, Health]) -> None:
        """Take in what supervisor and the processes themselves say."""
        now = time.monotonic()
        for name, program in list(self.waiting.items()):
            info = infos.get(name)
            if info is None:
                continue
            self._pids.setdefault(name, set()).add(info.pid)
            health = healths.get(name)
            self._said[name] = _describe(info, health)
            lives = info.statename in {State.STARTING, State.RUNNING}
            answers = health is not None and health.ok is not False
            if program.health is None:
                answers = info.statename is State.RUNNING
            if lives and answers:
                del self.waiting[name]
                if name in self._begun:
                    self._report.healthy(name, now - self._begun[name])
                else:
                    self._report.already(name)
            else:
                self._begun.setdefault(name, now)

    def fail_if_hopeless(self, infos: Mapping[str, ProcessInfo], state: StateDir, *, timed_out: bool) -> None:
        """Stop waiting when the time is up or a process ended again and again.

        Raises:
            StackError: names what is not healthy, what it says, and how its log ends.
        """
        dying = [name for name in self.waiting if len(self._pids.get(name, set()) - {0}) >= TRIES_MAX]
        if not timed_out and not dying:
            return
        blamed = dying or [name for name in self.waiting if name in infos] or list(self.waiting)
        lines = []
        for name in blamed:
            lines.append(f"{name} is not healthy: {self._said.get(name, 'could not be started yet')}")
            log = state.log(name)
            tail = last_lines(log, LOG_LINES_SHOWN)
            lines += (
                [f"  {log} ends with:", *(f"  | {line}" for line in tail)] if tail else [f"  {log} is empty"]
            )
        behind = [name for name in self.waiting if name not in blamed]
        if behind:
            lines.append(f"not started, because they wait for it: {', '.join(behind)}")
        lines.append("What runs stays: `watchkeeper up` tries again, `watchkeeper down` stops it.")
        raise StackError("\n".join(lines))


def _describe(info: ProcessInfo, health: Health | None) -> str:
    if info.statename is State.BACKOFF:
        return f"ends right after its start ({info.spawnerr})"
    if not info.statename.has_process:
        return f"{info.statename.lower()} (exit status {info.exitstatus})"
    return f"runs (pid {info.pid}) but {health.said}" if health and health.said else f"runs (pid {info.pid})"
