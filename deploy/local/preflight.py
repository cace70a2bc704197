"""What must be true of this machine before anything is started.

Each failure is one sentence that says what to do.
"""

import shutil
import socket
import subprocess
from collections.abc import Collection, Iterable, Iterator

import psutil

from deploy.local.programs import LOOPBACK, Program
from watchkeeper.errors import StackError


def check(programs: Iterable[Program], *, ours: Collection[int]) -> None:
    """Check the tools we start processes with, and that every port is free or held by a process of ours.

    Args:
        programs: what is to run.
        ours: pids of the stack's own processes.

    Raises:
        StackError: names everything that is missing or taken.
    """
    problems = [*_tools_missing(), *_ports_taken(programs, ours)]
    if problems:
        raise StackError("\n".join(problems))


def _tools_missing() -> Iterator[str]:
    setpriv = shutil.which("setpriv")
    works = setpriv is not None and (
        subprocess.run(  # noqa: S603  # found on the PATH
            [setpriv, "--pdeathsig", "KILL", "--", "true"], capture_output=True, check=False
        ).returncode
        == 0
    )
    if not works:
        yield (
            "setpriv with --pdeathsig is missing; it keeps processes from outliving their supervisor: "
            "apt-get install util-linux"
        )
    if shutil.which("env") is None:
        yield "env is missing; it gives processes their environment: apt-get install coreutils"


def _ports_taken(programs: Iterable[Program], ours: Collection[int]) -> Iterator[str]:
    for program in programs:
        own = [] if program.port is None else [program.port]
        for port in (*own, *program.ports.values()):
            if _is_free(port):
                continue
            pid = _holder(port)
            if pid in ours:
                continue
            yield (
                f"port {port} is wanted by {program.name} but held by {_describe(pid)}; "
                "end that, or move this stack: WATCHKEEPER_PORT_OFFSET=1000 make up"
            )


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: what is left of closed connections does not count, a listener does.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _holder(port: int) -> int | None:
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:
        return None
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port:
            return connection.pid
    return None


def _describe(pid: int | None) -> str:
    if pid is None:
        return "a process that this user cannot see"
    try:
        return f"{psutil.Process(pid).name()} (pid {pid})"
    except psutil.Error:
        return f"pid {pid}"
