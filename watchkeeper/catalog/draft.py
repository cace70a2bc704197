"""A catalog on its way in: every file as far as it could be read.

The checks look at this and not at the finished models, so that a mistake in one file neither hides
nor invents problems in another.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from watchkeeper.catalog.base import Model
from watchkeeper.catalog.documents import Document
from watchkeeper.catalog.problems import Problem
from watchkeeper.catalog.tree import Node


@dataclass(frozen=True, slots=True)
class DraftFile:
    """One file: unreadable (no tree), malformed (a tree, no model), or well-formed (both)."""

    document: Document
    name: str
    root: Node | None = None
    model: Model | None = None


@dataclass(frozen=True)
class Draft:
    """Every file of the catalog."""

    files: tuple[DraftFile, ...]

    def check(self) -> Iterator[Problem]:
        """Look across the files."""
        return iter(())
