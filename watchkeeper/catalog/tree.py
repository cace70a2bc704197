"""YAML text as a tree of plain values that remembers where each key and each value stands.

Built from the parser's events, without recursion and with every limit checked on the way, so that
no text, however hostile, costs more than its length. The parts of YAML that make a file mean
something else than it shows (anchors, merges, tags, several documents) are refused.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from watchkeeper.catalog.problems import CatalogError, Place, Problem
from watchkeeper.catalog.scalars import Scalar, resolve
from watchkeeper.catalog.source import Source
from watchkeeper.catalog.syntax import LOADER, explain_syntax

DEPTH_MAX = 20
NODES_MAX = 50_000

Plain = Scalar | dict[str, "Plain"] | list["Plain"]
Step = str | int
Event = Any
"""PyYAML's types admit events without marks; its parsers make none."""


@dataclass(slots=True, eq=False)
class Node:
    """A value, where it stands, and the nodes inside it. Lines and columns count from 0."""

    source: Source
    line: int
    column: int
    end: tuple[int, int]
    value: Plain = None
    raw: str = ""
    """A scalar as it was written, without its quotes."""
    quoted: bool = False
    flow: bool = False
    """A collection in brackets or braces."""
    keys: dict[str, "Node"] = field(default_factory=dict)
    """The keys of a mapping, as nodes of their own."""
    children: dict[Step, "Node"] = field(default_factory=dict)
    """What a mapping or a list holds, by key or by index."""

    @property
    def text(self) -> str:
        """The value if it is text, else nothing: what is no text is the structure's concern."""
        return self.value if isinstance(self.value, str) else ""

    def each(self, *keys: str) -> Iterator["Node"]:
        """Give the items of the list under these keys, if there is one."""
        node = self.get(*keys)
        if node is not None and isinstance(node.value, list):
            yield from node.children.values()

    def get(self, *keys: str) -> "Node | None":
        """Give what lies under these keys, if anything does."""
        node: Node | None = self
        for key in keys:
            node = node.children.get(key) if node is not None else None
        return node

    @property
    def place(self) -> Place:
        """What to underline when the value is wrong."""
        if isinstance(self.value, dict) and self.keys and not self.flow:
            return next(iter(self.keys.values())).place
        if isinstance(self.value, list) and not self.flow:
            return self.source.place(self.line, self.column)
        return self.source.place(self.line, self.column, self._length())

    def _length(self) -> int:
        end_line, end_column = self.end
        if end_line == self.line:
            return end_column - self.column
        lines = self.source.lines
        return len(lines[min(self.line, len(lines) - 1)].rstrip()) - self.column

    def find(self, path: Sequence[Step]) -> "Node":
        """Follow a path as far as it leads."""
        node = self
        for step in path:
            if step not in node.children:
                return node
            node = node.children[step]
        return node

    def place_of(self, path: Sequence[Step]) -> Place:
        """Give the place of the value at a path; of its key where no value is written."""
        if path and (parent := self.find(path[:-1])) and isinstance(key := path[-1], str):
            child = parent.children.get(key)
            if child is not None and child.value is None and not child.raw and key in parent.keys:
                return parent.keys[key].place
        return self.find(path).place

    def place_of_key(self, path: Sequence[Step]) -> Place:
        """Give the place of the key at the end of a path; of the nearest thing around it if there is none."""
        parent = self.find(path[:-1])
        key = parent.keys.get(str(path[-1])) if path else None
        return key.place if key is not None else self.place_of(path)


def read_tree(source: Source) -> Node:
    """Read a file's one document.

    Raises:
        CatalogError: it is not YAML, or uses what the catalog refuses; with every problem found.
    """
    builder = _Builder(source)
    try:
        for event in yaml.parse(source.text, Loader=LOADER):
            builder.take(event)
    except yaml.YAMLError as error:
        builder.problems.append(explain_syntax(error, source))
    except _StopError:
        pass
    if builder.root is None and not builder.problems:
        builder.refuse(source.whole(), "the file is empty", "fill it or delete it")
    if builder.problems or builder.root is None:
        raise CatalogError(builder.problems)
    return builder.root


class _StopError(Exception):
    """Reading on would only repeat the problem."""


class _Builder:
    """Takes events, grows the tree, notes problems."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self._open: list[Node] = []
        self._key: list[Node | None] = []  # for each open mapping: the key that waits for its value
        self._nodes = 0
        self._documents = 0

    def take(self, event: Event) -> None:
        """Grow the tree by one event."""
        if isinstance(event, yaml.ScalarEvent):
            self._add(self._scalar(event))
        elif isinstance(event, yaml.CollectionStartEvent):
            self._collection(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close(event)
        elif isinstance(event, yaml.AliasEvent):
            self._refuse_anchor(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._document(event)

    def refuse(self, place: Place, what: str, fix: str, *also: tuple[str, Place]) -> None:
        """Note a problem."""
        self.problems.append(Problem(place, "yaml", what, fix, also))

    def _document(self, event: Event) -> None:
        self._documents += 1
        at = self.source.place(event.start_mark.line, event.start_mark.column, 3)
        if self._documents > 1:
            self.refuse(at, "a second document begins", "keep one document per file; drop the '---'")
            raise _StopError
        if event.version or event.tags:
            self.refuse(at, "a YAML directive", "drop the line; the catalog is always YAML 1.2")

    def _node(self, event: Event) -> Node:
        self._nodes += 1
        start, end = event.start_mark, event.end_mark
        node = Node(self.source, start.line, start.column, (end.line, end.column))
        if self._nodes > NODES_MAX:
            self.refuse(node.place, f"more than {NODES_MAX:,} values in one file", "split the file")
            raise _StopError
        if event.anchor is not None:
            self._refuse_anchor(event)
        if event.tag is not None:
            self.refuse(
                self.source.place(start.line, start.column, len(event.tag)),
                "a tag: the catalog gives each value its type itself",
                "drop the '!...'; quote what is meant as text",
            )
        return node

    def _scalar(self, event: Event) -> Node:
        node = self._node(event)
        node.raw = event.value
        node.quoted = not event.implicit[0]
        waits_for_key = self._open and isinstance(self._open[-1].value, dict) and self._key[-1] is None
        if node.quoted or waits_for_key:
            node.value = event.value
            return node
        try:
            node.value = resolve(event.value)
        except ValueError as error:
            what, _, fix = str(error).partition("; ")
            self.refuse(node.place, what, fix)
        return node

    def _collection(self, event: Event) -> None:
        node = self._node(event)
        node.value = {} if isinstance(event, yaml.MappingStartEvent) else []
        node.flow = bool(event.flow_style)
        if len(self._open) >= DEPTH_MAX:
            self.refuse(node.place, f"nested more than {DEPTH_MAX} levels deep", "flatten it")
            raise _StopError
        self._add(node)
        self._open.append(node)
        self._key.append(None)

    def _close(self, event: Event) -> None:
        self._open[-1].end = (event.end_mark.line, event.end_mark.column)
        self._open.pop()
        self._key.pop()

    def _add(self, node: Node) -> None:
        """Hang a node where the text has it."""
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        if isinstance(parent.value, list):
            parent.children[len(parent.value)] = node
            parent.value.append(node.value)
        elif isinstance(parent.value, dict):
            key = self._key[-1]
            if key is None:
                self._check_key(parent, node)
                self._key[-1] = node
                return
            self._key[-1] = None
            if key.raw not in parent.keys:
                parent.keys[key.raw] = key
                parent.children[key.raw] = node
                parent.value[key.raw] = node.value

    def _check_key(self, parent: Node, key: Node) -> None:
        if isinstance(key.value, dict | list):
            self.refuse(key.place, "a key that is a mapping or a list", "use a word as the key")
            raise _StopError
        if not key.raw:
            self.refuse(key.place, "a key without a name", "write one before the ':'")
        elif key.raw == "<<" and not key.quoted:
            self.refuse(
                key.place, "a merge key", "write the keys out; the catalog says everything where it holds"
            )
        elif first := parent.keys.get(key.raw):
            self.refuse(
                key.place,
                f"the key '{key.raw}' appears twice in one mapping",
                "keep one of them",
                ("first", first.place),
            )

    def _refuse_anchor(self, event: Event) -> None:
        mark = event.start_mark
        what = "an alias" if isinstance(event, yaml.AliasEvent) else "an anchor"
        self.refuse(
            self.source.place(mark.line, mark.column, len(event.anchor) + 1),
            f"{what}: the catalog refuses '&' and '*', which let a small file grow without bound",
            "write the value out, or quote it if it is text",
        )
        raise _StopError


def walk(node: Node, path: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], Node]]:
    """Give every node of a tree with its path, from the outside in."""
    yield path, node
    for step, child in node.children.items():
        yield from walk(child, (*path, step))
