"""Becomes the supervisor of a stack: the only one, for as long as it lives.

Run by ``up`` and by the guardian. Two supervisors over the same processes would be the worst that can happen
here, so a lock comes first: it belongs to the open file, is inherited through ``exec`` on descriptor 3, and
the kernel frees it when the process is gone. Descriptors below 5 are the ones that supervisor leaves open
when it reloads itself.
"""

import fcntl
import os
import sys
import time
from pathlib import Path

from deploy.local.paths import StateDir

LOCK_FD = 3
SUPERVISOR_PID = "WATCHKEEPER_SUPERVISOR_PID"
EXIT_NOT_ALONE = 75  # EX_TEMPFAIL: another supervisor holds the stack


def take_lock(state: StateDir, *, wait_s: float) -> bool:
    """Take the supervisor's lock on descriptor ``LOCK_FD``; tell whether it is ours."""
    opened = os.open(state.supervisor_lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if opened != LOCK_FD:
        os.dup2(opened, LOCK_FD, inheritable=True)
        os.close(opened)
    os.set_inheritable(LOCK_FD, True)
    give_up = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(LOCK_FD, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > give_up:
                return False
            time.sleep(0.05)
        else:
            return True


def is_locked(state: StateDir) -> bool:
    """Tell whether a supervisor lives, or is about to."""
    try:
        with state.supervisor_lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


def main(root: str) -> int:
    """Run supervisor in this process until it is told to stop."""
    state = StateDir.at(Path(root))
    if not take_lock(state, wait_s=0):
        return EXIT_NOT_ALONE
    os.environ[SUPERVISOR_PID] = str(os.getpid())
    os.chdir(state.root)
    from supervisor import supervisord  # noqa: PLC0415  # slow; only once the stack is known to be ours

    supervisord.main(["--configuration", str(state.supervisor_conf), "--nodaemon"])  # type: ignore[no-untyped-call]
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
