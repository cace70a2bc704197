"""Watches the supervisor, and takes its place when it dies without having been told to.

The supervisor restarts every process but itself. This one is started by it, outlives it, and *becomes* the
next supervisor by ``exec``; that one starts the next guardian. If the guardian dies, the supervisor restarts
it. So any one process can be killed. An orderly stop leaves a mark first (``StateDir.stopping``) and ends the
guardian before the supervisor, so nothing is revived against the user's will.
"""

import os
import select
import signal
import sys
from pathlib import Path

from deploy.local import marked
from deploy.local.paths import StateDir
from deploy.local.supervise import SUPERVISOR_PID, take_lock

LOCK_WAIT_S = 10.0
SWEEP_WAIT_S = 5.0


def wait_for_death(pid: int) -> None:
    """Return when that process, our parent, is gone; at once when it already was."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    # A pid can be used again: what we hold is the supervisor only if it is our parent after it was opened.
    if os.getppid() == pid:
        select.select([descriptor], [], [])
    os.close(descriptor)


def main(root: str) -> None:
    """Wait for the supervisor's death and replace it, unless that was wanted or somebody else did."""
    state = StateDir.at(Path(root))
    # Terminated means that an orderly stop is under way: end quietly.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    wait_for_death(int(os.environ[SUPERVISOR_PID]))
    if state.stopping.exists():
        return
    _leave_the_dead_supervisors_pipes(state)
    if not take_lock(state, wait_s=LOCK_WAIT_S):
        return
    left = marked.kill_all(state.id, but={os.getpid()}, wait_s=SWEEP_WAIT_S)
    if state.stopping.exists():
        return
    sys.stderr.write(
        f"the supervisor died; taking its place as pid {os.getpid()}; ended {left or 'nothing'}\n"
    )
    env = {key: value for key, value in os.environ.items() if not key.startswith("SUPERVISOR_")}
    env[marked.PROCESS_MARK] = "supervisord"
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.execve(sys.executable, [sys.executable, "-m", "deploy.local.supervise", str(state.root)], env)  # noqa: S606


def _leave_the_dead_supervisors_pipes(state: StateDir) -> None:
    """Writing to a pipe that nobody reads would kill us; from here on our words go to a file."""
    log = os.open(state.log("supervisord-output"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(null)
    os.close(log)


if __name__ == "__main__":
    main(sys.argv[1])
