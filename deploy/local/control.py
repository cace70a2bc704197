"""Speaks to the supervisor: XML-RPC over its Unix socket, as typed values and with a time limit."""

import http.client
import socket
import xmlrpc.client  # our own private socket, no foreign XML
from contextlib import closing
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict
from supervisor.xmlrpc import Faults

from watchkeeper.errors import StackError

RPC_TIMEOUT_S = 5.0
ANSWER_BYTES_MAX = 4 * 1024 * 1024


class SupervisorAwayError(StackError):
    """The supervisor does not answer: it is dead, starting or stopping."""


class State(StrEnum):
    """What supervisor knows about a process; no more than that it was started and has not ended."""

    STOPPED = "STOPPED"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    BACKOFF = "BACKOFF"
    STOPPING = "STOPPING"
    EXITED = "EXITED"
    FATAL = "FATAL"
    UNKNOWN = "UNKNOWN"

    @property
    def has_process(self) -> bool:
        """Whether there is a living process."""
        return self in {State.STARTING, State.RUNNING, State.STOPPING}


class ProcessInfo(BaseModel):
    """One process as supervisor sees it. ``start`` is Unix time, ``pid`` is 0 when there is none."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    statename: State
    pid: int
    start: int
    exitstatus: int
    spawnerr: str


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=RPC_TIMEOUT_S)
        self._path = str(path)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(self._path)
        except OSError:
            self.close()
            raise


class Supervisor:
    """The supervisor of one stack. Keeps no connection: it may be another process at the next call."""

    def __init__(self, socket_path: Path) -> None:
        self._socket_path = socket_path

    def _call(self, method: str, *arguments: str | bool) -> Any:  # noqa: ANN401  # checked by the callers
        request = xmlrpc.client.dumps(arguments, f"supervisor.{method}")
        try:
            with closing(_Connection(self._socket_path)) as connection:
                connection.request("POST", "/RPC2", request.encode(), {"Content-Type": "text/xml"})
                response = connection.getresponse()
                body = response.read(ANSWER_BYTES_MAX)
            if response.status != http.client.OK:
                raise SupervisorAwayError(f"the supervisor answers HTTP {response.status}")
            (result,), _ = xmlrpc.client.loads(body)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode == Faults.SHUTDOWN_STATE:
                raise SupervisorAwayError("the supervisor is stopping") from fault
            raise
        except PermissionError as error:
            raise StackError(
                f"{self._socket_path}: no permission to control this stack; it was started by another user"
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise SupervisorAwayError(
                f"the supervisor does not answer at {self._socket_path}: {error!r}"
            ) from error
        return result

    def pid(self) -> int:
        """Give the supervisor's own pid."""
        return int(self._call("getPID"))

    def processes(self) -> dict[str, ProcessInfo]:
        """Give every process it has, by name."""
        return {info["name"]: ProcessInfo.model_validate(info) for info in self._call("getAllProcessInfo")}

    def reread(self) -> tuple[list[str], list[str], list[str]]:
        """Read its configuration again; name what was added, changed and removed (none of it done yet)."""
        added, changed, removed = self._call("reloadConfig")[0]
        return added, changed, removed

    def add(self, name: str) -> None:
        """Add a process from the configuration; it starts by itself."""
        self._tolerating({Faults.ALREADY_ADDED}, "addProcessGroup", name)

    def remove(self, name: str) -> None:
        """Forget a stopped process."""
        self._tolerating({Faults.BAD_NAME}, "removeProcessGroup", name)

    def start(self, name: str) -> None:
        """Start a process that it has; do not wait."""
        self._tolerating({Faults.ALREADY_STARTED}, "startProcess", name, False)

    def stop(self, name: str) -> None:
        """Ask a process to end; do not wait."""
        self._tolerating({Faults.NOT_RUNNING, Faults.BAD_NAME}, "stopProcess", name, False)

    def signal(self, name: str, signal: str) -> None:
        """Send a signal to a process without meaning to stop it."""
        try:
            self._call("signalProcess", name, signal)
        except xmlrpc.client.Fault as fault:
            reason = {Faults.NOT_RUNNING: "is not running", Faults.BAD_NAME: "does not exist"}.get(
                fault.faultCode
            )
            if reason is None:
                raise
            raise StackError(f"process {name!r} {reason}") from fault

    def shutdown(self) -> None:
        """Ask it to stop everything, then itself."""
        self._call("shutdown")

    def _tolerating(self, faults: set[int], method: str, *arguments: str | bool) -> None:
        try:
            self._call(method, *arguments)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode not in faults:
                raise
