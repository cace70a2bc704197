"""Finds this stack's processes by the mark in their environment, whoever their parent is by now.

The only place that signals a process by pid. A mark cannot be wrong the way a pid file can: it is read from
the very process that is signalled, through a descriptor that keeps meaning that process.
"""

import os
import signal
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

STACK_MARK = "WATCHKEEPER_STACK"
"""Environment variable with the id of the stack; every process of it inherits the variable."""
PROCESS_MARK = "WATCHKEEPER_PROCESS"
"""Environment variable with the name of the process."""
PROC = Path("/proc")


@dataclass(frozen=True)
class Marked:
    """A living process of the stack."""

    pid: int
    process: str


def find(stack_id: str) -> tuple[Marked, ...]:
    """Give every process that carries the mark, zombies left out."""
    return tuple(_marked(stack_id))


def _marked(stack_id: str) -> Iterator[Marked]:
    for entry in os.listdir(PROC):  # noqa: PTH208  # thousands of entries: no Path for each
        if entry.isdigit() and (name := _mark_of(int(entry), stack_id)) is not None:
            yield Marked(pid=int(entry), process=name)


def _mark_of(pid: int, stack_id: str) -> str | None:
    try:
        environ = (PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return None  # gone, or another user's: never ours to signal
    if f"{STACK_MARK}={stack_id}".encode() not in environ.split(b"\0"):
        return None
    names = [each for each in environ.split(b"\0") if each.startswith(f"{PROCESS_MARK}=".encode())]
    return names[0].partition(b"=")[2].decode(errors="replace") if names else "unknown"


def signal_one(pid: int, stack_id: str, number: signal.Signals) -> bool:
    """Signal a process if it carries the mark; tell whether it was there."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    try:
        if _mark_of(pid, stack_id) is None:
            return False
        signal.pidfd_send_signal(descriptor, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(descriptor)
    return True


def kill_all(stack_id: str, *, but: Collection[int] = (), wait_s: float, polite_s: float = 0.0) -> list[str]:
    """End every process of the stack; name them. SIGTERM first if ``polite_s`` is given.

    Processes that start others meanwhile are found too: it looks again until there is none.
    """
    ended: dict[int, str] = {}
    begun = time.monotonic()
    while time.monotonic() - begun < polite_s + wait_s:
        living = [each for each in find(stack_id) if each.pid not in {*but, os.getpid()}]
        if not living:
            break
        polite = time.monotonic() - begun < polite_s
        for each in living:
            if not (polite and each.pid in ended):
                signal_one(each.pid, stack_id, signal.SIGTERM if polite else signal.SIGKILL)
            ended[each.pid] = each.process
        time.sleep(0.05)
    return sorted(set(ended.values()))
