"""Problems: what is wrong in the catalog, where, and how to fix it.

They stand alone so that whatever finds one (YAML, structure, references) says it the same way, and
so that the command line, other commands' error messages and ``--json`` all show the same thing.
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Literal

from watchkeeper.errors import WatchkeeperError

Role = Literal["place", "what", "fix", "gutter", "caret", "summary"]
Paint = Callable[[str, Role], str]
"""Colours a piece of text by the part it plays; the command line has one, error messages have none."""

_EXCERPT_WIDTH = 100
_TAB = "    "
_MESSAGE_LENGTH_MAX = 600
SHOWN_MAX = 200
"""Problems written out at once; who has more has one cause for most of them."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A stretch of one line of one catalog file. Line and column count characters from 1."""

    file: str
    """As people call it: ``catalog/services/gateway.yaml``, wherever the catalog lies."""
    line: int = 0
    """0 means the file as a whole."""
    column: int = 0
    length: int = 0
    text: str = field(default="", compare=False, repr=False)
    """The whole line, as it stands in the file."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake."""

    place: Place
    check: str
    """Which check found it; stable, for machines: ``yaml``, ``structure``, ``references`` and so on."""
    what: str
    fix: str
    also: tuple[tuple[str, Place], ...] = ()
    """Other places that matter, each with what it is: ``("first", ...)``."""

    def as_json(self) -> Mapping[str, object]:
        """Give the problem to a machine."""
        return {
            "file": self.place.file,
            "line": self.place.line,
            "column": self.place.column,
            "length": self.place.length,
            "check": self.check,
            "what": harmless(self.what),
            "fix": harmless(self.fix),
            "also": [
                {"what": what, "file": place.file, "line": place.line, "column": place.column}
                for what, place in self.also
            ],
        }


class CatalogError(WatchkeeperError):
    """The catalog is wrong. ``problems`` holds every one that was found, in the order of the files."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(render(self.problems)))


def problem(place: Place, check: str, message: str, also: tuple[tuple[str, Place], ...] = ()) -> Problem:
    """Make a problem from one sentence of the form ``what; fix``."""
    what, _, fix = message.partition("; ")
    return Problem(place, check, what, fix, also)


def render(problems: Iterable[Problem], paint: Paint = lambda text, _: text) -> Iterator[str]:
    """Write problems as lines: each with a caret under its text, and a count at the end."""
    every = tuple(problems)
    for one in every[:SHOWN_MAX]:
        yield from _lines(one, paint)
        yield ""
    files = len({one.place.file for one in every})
    summary = f"{counted(len(every), 'problem')} in {counted(files, 'file')}"
    if len(every) > SHOWN_MAX:
        summary += f"; the first {SHOWN_MAX} are shown"
    yield paint(summary, "summary")


def harmless(text: str, length_max: int = _MESSAGE_LENGTH_MAX) -> str:
    """Make text from outside safe to print: no control or direction characters, not endless."""
    cut = text if len(text) <= length_max else text[: length_max - 1] + "…"
    return "".join(_harmless(char) for char in cut)


def _lines(one: Problem, paint: Paint) -> Iterator[str]:
    head = f"{paint(f'{one.place}:', 'place')} {paint(harmless(one.what), 'what')}"
    yield f"{head}; {paint(harmless(one.fix), 'fix')}" if one.fix else head
    if one.place.line and one.place.text.strip():
        yield from _excerpt(one.place, paint)
    for what, place in one.also:
        yield f"{paint('      =', 'gutter')} {what}: {place}"


def _excerpt(place: Place, paint: Paint) -> Iterator[str]:
    """Show the line with a caret under the text; a long line only around the caret."""
    # Only the neighbourhood is looked at: a line may be a mebibyte long, and many problems lie on it.
    cut = max(0, place.column - 1 - _EXCERPT_WIDTH)
    near = place.text[cut : place.column + 2 * _EXCERPT_WIDTH]
    cells = [_harmless(char) if char != "\t" else _TAB for char in near]
    start = max(0, min(place.column - 1 - cut, len(cells)))
    length = max(1, place.length)
    first, last = _window(cells, start)
    before = "…" if cut + first else ""
    after = "…" if cut + last < len(place.text) else ""
    shown = before + "".join(cells[first:last]) + after
    pad = _width(before) + sum(map(_width, cells[first:start]))
    carets = sum(map(_width, cells[start : min(start + length, last)]))
    yield paint(f"{place.line:5} | ", "gutter") + shown.rstrip()
    yield paint("      | ", "gutter") + " " * pad + paint("^" * max(1, carets), "caret")


def _window(cells: list[str], start: int) -> tuple[int, int]:
    """Choose which cells of a line to show: all, or about ``_EXCERPT_WIDTH`` columns around the caret."""
    edges = [0, *accumulate(map(_width, cells))]
    if edges[-1] <= _EXCERPT_WIDTH:
        return 0, len(cells)
    left = max(0, min(edges[start] - _EXCERPT_WIDTH // 3, edges[-1] - _EXCERPT_WIDTH))
    first = next(index for index, edge in enumerate(edges) if edge >= left)
    last = max(index for index, edge in enumerate(edges) if edge <= edges[first] + _EXCERPT_WIDTH)
    return first, last


def _harmless(char: str) -> str:
    # Cc, Cf, Cs, Zl, Zp: what a terminal obeys instead of showing. Joiners are part of ordinary text.
    if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and char not in "\u200c\u200d":
        return char.encode("unicode_escape").decode("ascii")
    return char


def _width(text: str) -> int:
    return sum(
        0
        if unicodedata.category(char) in {"Mn", "Me", "Cf"}
        else 2
        if unicodedata.east_asian_width(char) in "WF"
        else 1
        for char in text
    )


def counted(number: int, noun: str) -> str:
    """Write a number with its noun: ``1 file``, ``2 files``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
