"""Where a stack keeps its files, and who may change them.

One directory per stack. Stands alone, and imports nothing heavy, because the guardian must be ready within
moments.
"""

import fcntl
import hashlib
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from watchkeeper.errors import StackError

SOCKET_PATH_BYTES_MAX = 90
"""``sun_path`` holds 107 bytes; supervisor and HAProxy first bind a longer, temporary name."""
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-")
OPERATION_WAIT_S = 5.0


@dataclass(frozen=True)
class StateDir:
    """The layout of a stack's directory; a path here is spelled nowhere else."""

    root: Path

    @classmethod
    def at(cls, path: Path) -> "StateDir":
        """Take a directory by its real path, so that one directory is always the same stack."""
        return cls(path.expanduser().resolve())

    @property
    def id(self) -> str:
        """What marks this stack's processes (``WATCHKEEPER_STACK`` in their environment)."""
        return hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]

    @property
    def conf(self) -> Path:
        """Configuration as placed for the servers, and our own."""
        return self.root / "conf"

    @property
    def logs(self) -> Path:
        """One file per process."""
        return self.root / "logs"

    @property
    def data(self) -> Path:
        """What the servers store."""
        return self.root / "data"

    @property
    def targets(self) -> Path:
        """Prometheus's file-based service discovery, one file per job."""
        return self.conf / "targets"

    @property
    def record(self) -> Path:
        """What the stack should be."""
        return self.conf / "record.json"

    @property
    def supervisor_conf(self) -> Path:
        """The programs that should run now, in supervisor's own format."""
        return self.conf / "supervisord.conf"

    @property
    def starts(self) -> Path:
        """How often each process was started."""
        return self.data / "starts.json"

    @property
    def supervisor_pid(self) -> Path:
        """Written by the supervisor when it begins to supervise."""
        return self.conf / "supervisord.pid"

    @property
    def stopping(self) -> Path:
        """Exists from the moment an orderly stop begins: nobody may revive the supervisor."""
        return self.conf / "stopping"

    @property
    def supervisor_lock(self) -> Path:
        """Locked by the one supervisor for as long as it lives."""
        return self.conf / "supervisord.lock"

    @property
    def sockets(self) -> Path:
        """Where Unix sockets go: in here, or in a private short directory when this path is long or odd."""
        inside = self.root / "sock"
        if len(os.fsencode(inside)) <= SOCKET_PATH_BYTES_MAX - 20 and _PLAIN.issuperset(str(inside)):
            return inside
        return Path("/tmp") / f"watchkeeper-{os.getuid()}-{self.id}"  # noqa: S108  # made 0700, owner checked

    @property
    def supervisor_socket(self) -> Path:
        """Supervisor's XML-RPC."""
        return self.sockets / "supervisor"

    @property
    def haproxy_socket(self) -> Path:
        """HAProxy's runtime API."""
        return self.sockets / "haproxy"

    def log(self, process: str) -> Path:
        """Where a process's output goes."""
        return self.logs / f"{process}.log"

    def check_access(self) -> None:
        """Check that this user may look at and change what is there, if anything is.

        Raises:
            StackError: it is another user's.
        """
        try:
            self.conf.stat()
        except (FileNotFoundError, NotADirectoryError):
            return
        except PermissionError:
            raise StackError(f"{self.root}: belongs to another user; {_WHOSE}") from None
        if not os.access(self.conf, os.R_OK | os.W_OK | os.X_OK, effective_ids=True):
            raise StackError(f"{self.root}: belongs to another user; {_WHOSE}")

    def make(self) -> None:
        """Make the directories, private to this user.

        Raises:
            StackError: one cannot be made or is not ours.
        """
        for path in (self.root, self.conf, self.logs, self.data, self.targets, self.sockets):
            try:
                path.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise StackError(f"{path}: cannot be made: {error.strerror}; {_WHOSE}") from error
        for path in (self.root, self.sockets):
            found = path.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
                raise StackError(f"{path}: belongs to another user; {_WHOSE}")
        self.sockets.chmod(0o700)
        for path in (self.conf, self.logs, self.data):
            if not os.access(path, os.W_OK | os.X_OK):
                raise StackError(f"{path}: not writable for this user; {_WHOSE}")


_WHOSE = "start as the user who started before, remove the directory, or set WATCHKEEPER_STATE_DIR to another"


def write_atomically(path: Path, data: bytes) -> bool:
    """Write a file so that a reader sees the old or the new one, never half; tell whether it changed."""
    try:
        if path.read_bytes() == data:
            return False
    except FileNotFoundError:
        pass
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        temporary = Path(file.name)
        try:
            file.write(data)
            file.flush()
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    return True


@contextmanager
def operation(state: StateDir, what: str, *, wait_s: float = OPERATION_WAIT_S) -> Iterator[None]:
    """Hold the right to change the stack; the kernel takes it back if we die.

    Raises:
        StackError: somebody else is changing it.
    """
    path = state.conf / "operation.lock"
    with path.open("a+", encoding="utf-8") as file:
        give_up = time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > give_up:
                    file.seek(0)
                    holder = file.read(200).strip() or "another command"
                    raise StackError(
                        f"{holder} is changing this stack; wait for it or interrupt it, then try again"
                    ) from None
                time.sleep(0.1)
        file.seek(0)
        file.truncate()
        file.write(f"`watchkeeper {what}` (pid {os.getpid()})")
        file.flush()
        yield


def repository() -> Path:
    """Give the directory that this code was installed from, where the committed files are."""
    return Path(__file__).resolve().parents[2]
