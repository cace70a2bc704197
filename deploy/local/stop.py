"""Stops the stack so that nothing of it is left, whatever state it is in.

Politely first, users before what they use; then the supervisor; then whatever still carries the stack's mark.
"""

import contextlib
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from deploy.local import marked
from deploy.local.control import Supervisor, SupervisorAwayError
from deploy.local.paths import StateDir, operation
from deploy.local.programs import GUARDIAN, stop_waves
from deploy.local.record import known_record
from watchkeeper.errors import StackError

SUPERVISOR_WAIT_S = 20.0
POLITE_S = 3.0
KILL_WAIT_S = 5.0
POLL_S = 0.05


@dataclass(frozen=True)
class Stopped:
    """What ``down`` did. ``forced`` had to be killed or had lost their supervisor."""

    names: tuple[str, ...]
    forced: tuple[str, ...]


def stop(state: StateDir, report: Callable[[str], None] = lambda _: None) -> Stopped:
    """Stop everything; harmless when nothing runs.

    Raises:
        StackError: another command is at work on this stack, or a process could not be ended.
    """
    if not state.conf.is_dir():
        return Stopped(names=(), forced=())
    with operation(state, "down"):
        return _stop(state, report)


def _stop(state: StateDir, report: Callable[[str], None]) -> Stopped:
    state.stopping.touch()
    before = {each.process for each in marked.find(state.id)}
    for each in marked.find(state.id):
        # A paused process cannot end by itself; for others this means nothing.
        marked.signal_one(each.pid, state.id, signal.SIGCONT)
    supervisor = Supervisor(state.supervisor_socket)
    # Dead, or dying under our hands: the rest is up to the sweep.
    with contextlib.suppress(SupervisorAwayError):
        _stop_politely(state, supervisor, report)
    forced = marked.kill_all(state.id, polite_s=POLITE_S, wait_s=KILL_WAIT_S)
    if left := marked.find(state.id):
        names = ", ".join(f"{each.process} (pid {each.pid})" for each in left)
        raise StackError(f"still running although killed: {names}; they wait for the kernel, try again")
    for path in (state.supervisor_conf, state.record, state.supervisor_socket, state.haproxy_socket):
        path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # gone already, or somebody put something there
        state.sockets.rmdir()
    return Stopped(names=tuple(sorted(before | set(forced))), forced=tuple(forced))


def _stop_politely(state: StateDir, supervisor: Supervisor, report: Callable[[str], None]) -> None:
    pid = supervisor.pid()
    supervisor.stop(GUARDIAN)
    record = known_record(state)
    for wave in stop_waves(record.programs() if record is not None else ()):
        running = [name for name, info in supervisor.processes().items() if name in wave and info.pid]
        for name in running:
            report(name)
            supervisor.stop(name)
        _wait(lambda names=frozenset(running): not _alive(supervisor, names))  # type: ignore[misc]
    report("supervisord")
    supervisor.shutdown()
    _wait(lambda: all(each.pid != pid for each in marked.find(state.id)))


def _alive(supervisor: Supervisor, names: frozenset[str]) -> bool:
    return any(info.statename.has_process for name, info in supervisor.processes().items() if name in names)


def _wait(done: Callable[[], bool]) -> None:
    """Wait within reason: supervisor itself kills what does not end, and the sweep comes after."""
    give_up = time.monotonic() + SUPERVISOR_WAIT_S
    while not done() and time.monotonic() < give_up:
        time.sleep(POLL_S)
