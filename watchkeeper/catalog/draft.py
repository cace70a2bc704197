"""A catalog on its way in: every file as far as it could be read.

The checks look at this and not at the finished models, so that a mistake in one file neither hides
nor invents problems in another.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TypeVar

from watchkeeper.catalog.base import Model
from watchkeeper.catalog.documents import SERVICE, Document
from watchkeeper.catalog.tree import Node

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class DraftFile:
    """One file: unreadable (no tree), malformed (a tree, no model), or well-formed (both)."""

    document: Document
    name: str
    root: Node | None = None
    model: Model | None = None

    @property
    def stem(self) -> str:
        """The file's own name, without folder and extension."""
        return PurePosixPath(self.name).stem

    def names(self, key: str, field: str) -> tuple[str, ...] | None:
        """Give the names that the list ``key`` defines; ``None`` where a broken file may define more."""
        if self.root is None or (self.model is None and self.root.get(key) is None):
            return None
        nodes = [item.get(field) for item in self.root.each(key)]
        names = tuple(node.text for node in nodes if node is not None and node.text)
        return names if len(names) == len(nodes) else None


@dataclass(frozen=True, slots=True)
class Draft:
    """Every file of the catalog."""

    files: tuple[DraftFile, ...]

    def models(self, kind: type[M]) -> Iterator[M]:
        """Give the models of one kind, of the files that are well-formed, in the order of their names."""
        return (model for model, _ in self.modelled(kind))

    def modelled(self, kind: type[M]) -> Iterator[tuple[M, Node]]:
        """Give the models of one kind, each with the tree that knows its places."""
        for file in self.files:
            if isinstance(file.model, kind) and file.root is not None:
                yield file.model, file.root

    def trees(self, document: Document) -> Iterator[Node]:
        """Give the trees of one kind of file, of those that are readable."""
        return (file.root for file in self.files if file.document is document and file.root is not None)

    def names(self, document: Document, key: str, field: str) -> tuple[str, ...] | None:
        """Give the names that one kind of file defines; ``None`` where a broken file may define more."""
        files = [file for file in self.files if file.document is document]
        every = [file.names(key, field) for file in files]
        if None in every or (document.required and not files):
            return None
        return tuple(name for names in every for name in names or ())

    def service_ids(self) -> tuple[str, ...]:
        """Give the services' ids by their files' names: they are known even where the file is broken."""
        return tuple(file.stem for file in self.files if file.document is SERVICE)

    def in_services(self, *keys: str) -> Iterator[Node]:
        """Give the items of one list of every service."""
        for service in self.trees(SERVICE):
            yield from service.each(*keys)
