"""One catalog file as text: read within limits, in UTF-8, with a place for every character.

It stands alone because this is where bytes from outside come in. What passes here is at most
``BYTES_MAX`` long, is text, and holds no character that hides from its reader.
"""

import os
import re
import stat
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from watchkeeper.catalog.problems import CatalogError, Place, Problem

BYTES_MAX = 1 << 20
"""One mebibyte: a hundred times the largest file a person writes."""

_LINE_END = re.compile(r"\r\n|\n|\r")
# C0 and C1 controls, line ends that editors do not show as such, text direction overrides, stray byte
# order marks, noncharacters. What YAML forbids, and what makes a reviewer see another text than we do.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]"
)


@dataclass(frozen=True)
class Source:
    """The text of one catalog file, and what people call that file."""

    name: str
    text: str

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines without their ends."""
        return tuple(_LINE_END.split(self.text))

    @cached_property
    def _last(self) -> int:
        """The index of the last line that says anything."""
        return max((index for index, line in enumerate(self.lines) if line.strip()), default=0)

    def place(self, line: int, column: int, length: int = 1) -> Place:
        """Give the place of ``length`` characters; ``line`` and ``column`` count from 0, as YAML's marks do.

        Beyond the end of the text (where YAML reports what it missed) it is the end of the last line
        that says anything.
        """
        at = min(line, self._last)
        text = self.lines[at]
        column = column if at == line else len(text.rstrip())
        return Place(self.name, at + 1, column + 1, max(1, min(length, len(text) - column)), text)

    def whole(self) -> Place:
        """Give the place of the file as a whole."""
        return Place(self.name)


def read_source(path: Path, name: str) -> Source:
    """Read a file.

    Raises:
        CatalogError: it is no regular file, cannot be read, is too large, or is not plain UTF-8 text.
    """
    raw = _read(path, name)
    if len(raw) > BYTES_MAX:
        raise _error(
            Place(name),
            f"the file is larger than {BYTES_MAX:,} bytes",
            "make it smaller; files that people write are a hundredth of that",
        )
    try:
        # A byte order mark, as some editors write it, is no part of the text.
        text = raw.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        byte = raw[error.start]
        good = raw[: error.start].decode("utf-8").removeprefix("\ufeff")
        lines = _LINE_END.split(good)
        place = Place(name, len(lines), len(lines[-1]) + 1, 1, lines[-1] + f"\\x{byte:02x}")
        raise _error(
            place,
            f"the file is not UTF-8: byte {error.start:,} is 0x{byte:02x}",
            "save it as UTF-8",
        ) from None
    source = Source(name, text)
    if hidden := _HIDDEN.search(text):
        raise _error(_place_at(source, hidden.start()), *_hidden_words(hidden[0]))
    return source


def _read(path: Path, name: str) -> bytes:
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            kind = "a directory" if stat.S_ISDIR(mode) else "not a regular file"
            raise _error(Place(name), f"this is {kind}", "put a YAML file in its place or rename it")
        with path.open("rb") as file:
            return file.read(BYTES_MAX + 1)
    except FileNotFoundError:
        raise _error(Place(name), "the link points to nothing", "mend or remove it") from None
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        fix = "give yourself the right to read it" if isinstance(error, PermissionError) else "mend the file"
        raise _error(Place(name), f"the file cannot be read: {reason[:1].lower()}{reason[1:]}", fix) from None


def _place_at(source: Source, index: int) -> Place:
    lines = _LINE_END.split(source.text[:index])
    return source.place(len(lines) - 1, len(lines[-1]))


def _hidden_words(char: str) -> tuple[str, str]:
    if char == "\0":
        return "a NUL character: this is no text file", "save it as UTF-8 text"
    return f"an invisible character, U+{ord(char):04X}", "delete it; in quotes it can be written as an escape"


def _error(place: Place, what: str, fix: str) -> CatalogError:
    return CatalogError([Problem(place, "file", what, fix)])
