"""Speaks HAProxy's runtime API over its Unix socket: who gets requests, from this moment on."""

import csv
import io
import socket
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from watchkeeper.errors import StackError

TIMEOUT_S = 2.0
ANSWER_BYTES_MAX = 4 * 1024 * 1024


class Rotation(StrEnum):
    """What a server is asked to do."""

    READY = "ready"
    DRAIN = "drain"
    MAINTENANCE = "maint"


class HaproxyAwayError(StackError):
    """HAProxy does not answer on its runtime socket."""


@dataclass(frozen=True)
class ServerState:
    """A server as HAProxy sees it: ``status`` as in its statistics (UP, DOWN, MAINT, DRAIN …)."""

    status: str
    sessions: int


class Runtime:
    """The runtime API of one HAProxy."""

    def __init__(self, admin_socket: Path) -> None:
        self._socket = admin_socket

    def rotate(self, backend: str, server: str, rotation: Rotation) -> None:
        """Put a server into rotation or take it out.

        Raises:
            HaproxyAwayError: HAProxy does not answer.
            StackError: it knows no such server.
        """
        answer = self._ask(f"set server {backend}/{server} state {rotation}").strip()
        if answer:
            raise StackError(f"HAProxy refused {backend}/{server} {rotation}: {answer}")

    def servers(self, backend: str) -> dict[str, ServerState]:
        """Give the servers of a backend, by name."""
        table = self._ask(f"show stat {backend} 4 -1").removeprefix("# ")
        return {
            row["svname"]: ServerState(status=row["status"], sessions=int(row["scur"]))
            for row in csv.DictReader(io.StringIO(table))
        }

    def _ask(self, command: str) -> str:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(TIMEOUT_S)
                connection.connect(str(self._socket))
                connection.sendall(f"{command}\n".encode())
                answer = bytearray()
                while (chunk := connection.recv(65536)) and len(answer) < ANSWER_BYTES_MAX:
                    answer += chunk
        except OSError as error:
            raise HaproxyAwayError(f"HAProxy does not answer at {self._socket}: {error}") from error
        return answer.decode(errors="replace")
