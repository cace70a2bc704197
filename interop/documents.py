"""Files in other tools' formats as trees that know every place, one for each YAML document.

A catalog file holds one document; the files of other tools may hold many. So the text is cut at its
document markers, and each part keeps the line numbers of the whole. Everything else is the catalog's
own reading, with its limits: bytes, values, depth, no anchors, no tags.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path as FilePath

from interop.report import Finding, Path, unreadable, written
from watchkeeper.catalog.hints import did_you_mean, listed
from watchkeeper.catalog.problems import CatalogError, Place, Problem
from watchkeeper.catalog.source import Source, read_source
from watchkeeper.catalog.tree import Node, read_tree

DOCUMENTS_MAX = 200
TEXT_LENGTH_MAX = 2_000
_MARKER = re.compile(r"(---|\.\.\.)(?=\s|$)")


@dataclass
class Report:
    """Collects what was not carried over."""

    findings: list[Finding] = field(default_factory=list)

    def add(self, place: Place, path: Path, what: str, why: str, fix: str) -> None:
        """Note one thing."""
        self.findings.append(Finding(place, written(path), what, why, fix))


class Part:
    """A mapping of a document: gives what it holds, and reports what nobody asked for.

    Whoever reads a mapping calls ``done`` at its end: a key that no converter knows is then named,
    because it may mean anything.
    """

    def __init__(self, node: Node, report: Report, path: Path = ()) -> None:
        self.node = node
        self.path = path
        self.report = report
        self._asked: set[str] = set()

    def has(self, key: str) -> bool:
        """Tell whether the key is there with a value."""
        child = self.node.get(key)
        return child is not None and child.value is not None

    def part(self, key: str) -> "Part":
        """Give the mapping under a key; an empty one where there is none."""
        child = self._take(key)
        if child is not None and isinstance(child.value, dict):
            return Part(child, self.report, (*self.path, key))
        if child is not None and child.value is not None:
            self.wrong(key, "this is not a mapping", "write 'key: value' pairs here")
        empty = Node(self.node.source, self.node.line, self.node.column, (self.node.line, self.node.column))
        empty.value = {}
        return Part(empty, self.report, (*self.path, key))

    def parts(self, key: str) -> list["Part"]:
        """Give the mappings in the list under a key."""
        child = self._take(key)
        if child is None or child.value is None:
            return []
        if not isinstance(child.value, list):
            self.wrong(key, "this is not a list", "begin each of its items with '- '")
            return []
        given = []
        for index, item in child.children.items():
            part = Part(item, self.report, (*self.path, key, index))
            if isinstance(item.value, dict):
                given.append(part)
            else:
                part.say("this item", "it is not a mapping", "write 'key: value' pairs here")
        return given

    def text(self, key: str) -> str:
        """Give the text under a key, trimmed; empty where there is none."""
        child = self._take(key)
        if child is None or child.value is None:
            return ""
        if not isinstance(child.value, str):
            self.wrong(key, "this is not text", "quote it")
            return ""
        text = child.value.strip()
        if any(not char.isprintable() and char != "\n" for char in text):
            self.wrong(key, "it holds invisible characters", "delete them")
            return ""
        return text

    def prose(self, key: str) -> str:
        """Give text for people, within the catalog's limit."""
        text = self.text(key)
        if len(text) > TEXT_LENGTH_MAX:
            self.wrong(key, f"it has more than {TEXT_LENGTH_MAX:,} characters", "shorten it")
            return ""
        return text

    def texts(self, key: str) -> tuple[str, ...]:
        """Give the texts in the list under a key."""
        child = self._take(key)
        if child is None or child.value is None:
            return ()
        every = child.value if isinstance(child.value, list) else [None]
        if not all(isinstance(one, str) and one.isprintable() for one in every):
            self.wrong(key, "this is not a list of texts", "write one name per item")
            return ()
        return tuple(str(one) for one in every)

    def number(self, key: str) -> Decimal | None:
        """Give the number under a key, exactly as it was written."""
        child = self._take(key)
        if child is None or child.value is None:
            return None
        if isinstance(child.value, int | Decimal) and not isinstance(child.value, bool):
            return Decimal(child.value)
        self.wrong(key, "this is not a number", "write a number without quotes")
        return None

    def flag(self, key: str, *, default: bool) -> bool:
        """Give the boolean under a key."""
        child = self._take(key)
        if child is None or child.value is None:
            return default
        if isinstance(child.value, bool):
            return child.value
        self.wrong(key, "this is neither true nor false", "write true or false")
        return default

    def skip(self, key: str, why: str, fix: str) -> None:
        """Report a key that has no counterpart in the catalog, if it is there."""
        child = self._take(key)
        if child is None or child.value in (None, "", {}, []):
            return
        inside = f" ({listed(list(child.keys))})" if child.keys else ""
        self.report.add(
            self.node.place_of_key((key,)), (*self.path, key), f"'{key}'{inside} is not carried", why, fix
        )

    def ignore(self, *keys: str) -> None:
        """Leave keys out that hold nothing to carry, such as a document's own kind."""
        self._asked.update(keys)

    def wrong(self, key: str, why: str, fix: str) -> None:
        """Report the value under a key."""
        self._asked.add(key)
        self.report.add(self.node.place_of((key,)), (*self.path, key), f"'{key}' is not carried", why, fix)

    def note(self, key: str, what: str, why: str, fix: str) -> None:
        """Report what was carried, but not exactly."""
        self._asked.add(key)
        self.report.add(self.node.place_of((key,)), (*self.path, key), what, why, fix)

    def say(self, what: str, why: str, fix: str) -> None:
        """Report the mapping as a whole."""
        self.report.add(self.node.place, self.path, f"{what} is not carried", why, fix)

    def done(self) -> None:
        """Report every key that nobody asked for."""
        for key in self.node.keys:
            if key not in self._asked:
                hint = did_you_mean(key, sorted(self._asked))
                self.report.add(
                    self.node.place_of_key((key,)),
                    (*self.path, key),
                    f"'{key}' is not carried",
                    "this key is not known here",
                    f"drop it, or say it in the catalog by hand{f' ({hint})' if hint else ''}",
                )

    def _take(self, key: str) -> Node | None:
        self._asked.add(key)
        return self.node.get(key)


Recognise = Callable[[Mapping[str, object]], str]


def read_documents(path: FilePath, name: str, report: Report) -> Iterator[Part]:
    """Read every document of a file; what can not be read is reported."""
    try:
        source = read_source(path, name)
    except CatalogError as error:
        report.findings += unreadable(error.problems)
        return
    before = len(report.findings)
    parts = list(_cut(source, report))
    if not parts and len(report.findings) == before:
        report.add(source.whole(), (), "the file is not read", "it is empty", "name another file")
    for part in parts:
        try:
            root = read_tree(part)
        except CatalogError as error:
            report.findings += unreadable(error.problems)
            continue
        if isinstance(root.value, dict):
            yield Part(root, report)
        else:
            report.add(root.place, (), "the document is not carried", "it is no mapping", "write one")


def _cut(source: Source, report: Report) -> Iterator[Source]:
    """Cut a text at its markers. YAML allows none of them inside a value at the beginning of a line."""
    starts = [0]
    lines = [line if not _MARKER.match(line) else _unmarked(line, index, starts) for index, line in
             enumerate(source.lines)]  # fmt: skip
    if len(starts) > DOCUMENTS_MAX:
        report.findings += unreadable(
            [
                Problem(
                    source.whole(), "file", f"it holds more than {DOCUMENTS_MAX} documents", "split the file"
                )
            ]
        )
        return
    for first, last in zip(starts, [*starts[1:], len(lines)], strict=True):
        inside = lines[first:last]
        if any(line.strip() and not line.lstrip().startswith("#") for line in inside):
            yield Source(source.name, "\n" * first + "\n".join(inside) + "\n")


def _unmarked(line: str, index: int, starts: list[int]) -> str:
    starts.append(index)
    return "   " + line[3:] if line.startswith("---") else ""
