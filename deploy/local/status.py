"""The truth about the stack, asked for now: what runs, what answers, how long, how often it was restarted.

Three witnesses are heard: supervisor (what it started), the kernel (what lives and carries the stack's mark)
and each process itself (its health). When they disagree the worse answer is the true one, and a dead
supervisor hides nothing.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict

from deploy.local import marked
from deploy.local.control import ProcessInfo, State, Supervisor, SupervisorAwayError
from deploy.local.health import Health, Prober
from deploy.local.ledger_file import read_starts
from deploy.local.paths import StateDir
from deploy.local.programs import GUARDIAN, Program
from deploy.local.record import Record, read_record

SUPERVISOR = "supervisord"


class Condition(StrEnum):
    """How a process is, in one word; only ``RUNNING`` is good."""

    RUNNING = "running"
    STARTING = "starting"
    UNHEALTHY = "unhealthy"
    PAUSED = "paused"
    BACKING_OFF = "backing off"
    STOPPING = "stopping"
    EXITED = "exited"
    STOPPED = "stopped"
    UNSUPERVISED = "unsupervised"
    NOT_ANSWERING = "not answering"


class ProcessStatus(BaseModel):
    """One process, as of now."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    condition: Condition
    detail: str
    pid: int | None
    uptime_s: float | None
    restarts: int
    memory_bytes: int | None
    address: str | None
    url: str | None

    @property
    def is_good(self) -> bool:
        """Whether there is nothing to say about it."""
        return self.condition is Condition.RUNNING


class StackStatus(BaseModel):
    """The whole stack, as of now."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    state_dir: str
    is_up: bool
    processes: tuple[ProcessStatus, ...]

    @property
    def complaints(self) -> list[str]:
        """What is not well, a sentence each."""
        if not self.is_up:
            return ["the stack is not running; `make up` starts it"]
        return [
            f"{each.name} is {each.condition}{': ' + each.detail if each.detail else ''}"
            for each in self.processes
            if not each.is_good
        ]


def look(state: StateDir, *, now: Callable[[], float] = time.time) -> StackStatus:
    """Ask all three witnesses.

    Raises:
        StackError: the stack is another user's, or its record is damaged.
    """
    record = read_record(state) if state.record.exists() else None
    living = _living(state)
    if record is None and not living:
        return StackStatus(state_dir=str(state.root), is_up=False, processes=())
    infos, away = _supervised(state)
    programs = record.programs() if record is not None else ()
    with Prober() as prober:
        healths = prober.ask(program for program in programs if program.name in living)
    starts = read_starts(state.starts)
    witness = _Witness(
        infos=infos,
        living=living,
        healths=healths,
        starts=starts,
        supervising_since=_modified_at(state.supervisor_pid),
        now=now(),
    )
    rows = [witness.supervisor(away), *(witness.program(each, record) for each in programs)]
    rows.append(witness.guardian())
    known = {SUPERVISOR, GUARDIAN, *(program.name for program in programs)}
    rows += [witness.stranger(name) for name in living if name not in known]
    return StackStatus(state_dir=str(state.root), is_up=True, processes=tuple(rows))


def _living(state: StateDir) -> Mapping[str, list[int]]:
    living: dict[str, list[int]] = defaultdict(list)
    for each in marked.find(state.id):
        living[each.process].append(each.pid)
    return living


def _supervised(state: StateDir) -> tuple[Mapping[str, ProcessInfo] | None, str]:
    try:
        return Supervisor(state.supervisor_socket).processes(), ""
    except SupervisorAwayError as error:
        return None, str(error)


class _Witness:
    def __init__(
        self,
        *,
        infos: Mapping[str, ProcessInfo] | None,
        living: Mapping[str, list[int]],
        healths: Mapping[str, Health],
        starts: Mapping[str, int],
        supervising_since: float | None,
        now: float,
    ) -> None:
        self._infos = infos
        self._living = living
        self._healths = healths
        self._starts = starts
        self._supervising_since = supervising_since
        self._now = now

    def supervisor(self, away: str) -> ProcessStatus:
        alive = SUPERVISOR in self._living
        if self._infos is not None:
            return self._row(SUPERVISOR, Condition.RUNNING)
        if alive:
            return self._row(SUPERVISOR, Condition.NOT_ANSWERING, away)
        return self._row(SUPERVISOR, Condition.STOPPED, "nothing restarts what ends; run `make up`")

    def guardian(self) -> ProcessStatus:
        return self._supervised(GUARDIAN, None)

    def program(self, program: Program, record: Record | None) -> ProcessStatus:
        started = record is not None and program.name in record.active
        if not started and program.name not in self._living:
            return self._row(program.name, Condition.STOPPED, "not started yet; `make up` goes on", program)
        return self._supervised(program.name, program)

    def stranger(self, name: str) -> ProcessStatus:
        return self._row(name, Condition.UNSUPERVISED, "belongs to this stack but not to what it should be")

    def _supervised(self, name: str, program: Program | None) -> ProcessStatus:
        alive = name in self._living
        info = self._infos.get(name) if self._infos is not None else None
        if info is None:
            if not alive:
                return self._row(name, Condition.STOPPED, "", program)
            return self._row(name, Condition.UNSUPERVISED, "nothing restarts it", program)
        if info.statename is State.BACKOFF:
            return self._row(name, Condition.BACKING_OFF, info.spawnerr, program)
        if info.statename is State.STOPPING:
            return self._row(name, Condition.STOPPING, "", program)
        return self._alive(name, info, program) if alive else self._gone(name, info, program)

    def _gone(self, name: str, info: ProcessInfo, program: Program | None) -> ProcessStatus:
        if info.statename is State.STARTING:
            return self._row(name, Condition.STARTING, "", program)
        gone = Condition.STOPPED if info.statename is State.STOPPED else Condition.EXITED
        return self._row(name, gone, info.spawnerr or f"exit status {info.exitstatus}", program)

    def _alive(self, name: str, info: ProcessInfo, program: Program | None) -> ProcessStatus:
        if self._is_paused(name):
            return self._row(name, Condition.PAUSED, "stopped by a signal; it holds its port", program)
        health = self._healths.get(name)
        if health is not None and health.ok is False:
            starting = info.statename is State.STARTING
            return self._row(
                name, Condition.STARTING if starting else Condition.UNHEALTHY, health.said, program
            )
        if info.statename is State.STARTING and program is not None and (health is None or health.ok is None):
            return self._row(name, Condition.STARTING, "", program)
        return self._row(name, Condition.RUNNING, "", program)

    def _is_paused(self, name: str) -> bool:
        try:
            return any(psutil.Process(pid).status() == psutil.STATUS_STOPPED for pid in self._living[name])
        except psutil.NoSuchProcess:
            return False

    def _uptime_s(self, name: str, pid: int | None) -> float | None:
        # A supervisor that took over is older as a process than as a supervisor.
        began = self._supervising_since if name == SUPERVISOR else None
        try:
            began = began or psutil.Process(pid).create_time()
        except psutil.NoSuchProcess:
            return None
        return max(0.0, self._now - began)

    def _row(
        self, name: str, condition: Condition, detail: str = "", program: Program | None = None
    ) -> ProcessStatus:
        pids = self._living.get(name, [])
        info = self._infos.get(name) if self._infos is not None else None
        pid = info.pid if info is not None and info.pid else min(pids, default=None)
        return ProcessStatus(
            name=name,
            condition=condition,
            detail=detail,
            pid=pid if pids else None,
            uptime_s=self._uptime_s(name, pid) if pids else None,
            restarts=max(0, self._starts.get(name, 1) - 1),
            memory_bytes=_memory_bytes(pids),
            address=program.address if program is not None else None,
            url=_url(program),
        )


def _modified_at(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return None


def _url(program: Program | None) -> str | None:
    if program is None or program.port is None:
        return None
    return f"http://127.0.0.1:{program.ports.get('edge', program.port)}"


def _memory_bytes(pids: Sequence[int]) -> int | None:
    total = 0
    for pid in pids:
        try:
            total += psutil.Process(pid).memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total or None
