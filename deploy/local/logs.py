"""Reads the stack's logs: the last lines of each, and what is appended from then on, through rotations."""

import io
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from deploy.local.paths import StateDir

TAIL_BYTES_MAX = 1024 * 1024
LINE_CHARS_MAX = 16_384


@dataclass(frozen=True)
class Line:
    """A line of a process's log."""

    process: str
    text: str


def last_lines(path: Path, count: int) -> list[str]:
    """Give the last lines of a file, as many as asked but from no more than its last MiB."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, io.SEEK_END)
            file.seek(max(0, size - TAIL_BYTES_MAX))
            data = file.read(TAIL_BYTES_MAX)
    except OSError:
        return []
    return [_clean(line) for line in data.splitlines()[-count:]] if count else []


def processes_with_logs(state: StateDir) -> list[str]:
    """Name every process that has a log."""
    return sorted(path.stem for path in state.logs.glob("*.log"))


def chosen(available: Sequence[str], wanted: Sequence[str]) -> tuple[list[str], list[str]]:
    """Pick what is wanted, by a process's name or its group's; name what does not exist."""
    if not wanted:
        return list(available), []
    picked: dict[str, None] = {}
    unknown: list[str] = []
    for name in wanted:
        found = [each for each in available if each == name or re.fullmatch(rf"{re.escape(name)}-\d+", each)]
        picked.update(dict.fromkeys(found))
        unknown += [] if found else [name]
    return list(picked), unknown


class Follower:
    """Gives what is appended to the logs; a rotated file is read to its end before its successor."""

    def __init__(self, state: StateDir, processes: Sequence[str]) -> None:
        self._state = state
        self._tails = {name: _Tail(state.log(name)) for name in processes}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for tail in self._tails.values():
            tail.close()

    def join(self, processes: Sequence[str]) -> None:
        """Give the logs of further processes too, from their beginning."""
        for name in processes:
            if name not in self._tails:
                self._tails[name] = _Tail(self._state.log(name), from_start=True)

    def new_lines(self) -> Iterator[Line]:
        """Give the lines that were completed since the last call."""
        for name, tail in self._tails.items():
            for text in tail.read():
                yield Line(process=name, text=text)


class _Tail:
    def __init__(self, path: Path, *, from_start: bool = False) -> None:
        self._path = path
        self._rest = b""
        self._file: BinaryIO | None = self._open()
        if self._file is not None and not from_start:
            self._file.seek(0, io.SEEK_END)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def read(self) -> list[str]:
        lines = self._read_open_file()
        if self._was_replaced():
            self.close()
            self._file = self._open()
            lines += self._read_open_file()
        return [_clean(line) for line in lines]

    def _open(self) -> BinaryIO | None:
        try:
            return self._path.open("rb")
        except FileNotFoundError:
            return None

    def _was_replaced(self) -> bool:
        try:
            now = self._path.stat()
        except FileNotFoundError:
            return False
        return self._file is None or os.fstat(self._file.fileno()).st_ino != now.st_ino

    def _read_open_file(self) -> list[bytes]:
        if self._file is None:
            return []
        if os.fstat(self._file.fileno()).st_size < self._file.tell():
            self._file.seek(0)
        *lines, self._rest = (self._rest + self._file.read(TAIL_BYTES_MAX)).split(b"\n")
        self._rest = self._rest[:LINE_CHARS_MAX]
        return lines


def _clean(line: bytes) -> str:
    """Make a line safe to print: a log may hold anything, terminal control included."""
    text = line[:LINE_CHARS_MAX].decode(errors="replace").replace("\t", "    ")
    return "".join(char for char in text if char.isprintable())
