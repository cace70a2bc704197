"""Which files in a catalog's folder are read, and which should not lie there.

A file whose name has a typing mistake must not be skipped in silence: the service it describes would
be unwatched. So every YAML file below the catalog is either read or reported.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from watchkeeper.catalog.documents import DOCUMENTS, SCHEMA_FOLDER, SERVICE, Document, document_at
from watchkeeper.catalog.hints import did_you_mean, listed
from watchkeeper.catalog.problems import CatalogError, Place, Problem

FILES_MAX = 2_000
_YAML = frozenset({".yaml", ".yml"})


@dataclass(frozen=True, slots=True)
class Found:
    """A file to read: what kind it is, where it lies, what people call it."""

    document: Document
    path: Path
    name: str


def discover(root: Path) -> tuple[tuple[Found, ...], tuple[Problem, ...]]:
    """Find the catalog's files, in a stable order, and what is wrong with their names.

    Raises:
        CatalogError: there is no such folder, it cannot be read, or it holds too many files.
    """
    title = root.name if root.name not in {"", ".."} else root.resolve().name
    if not root.is_dir():
        what = "this is a file, not a catalog" if root.exists() else "there is no such folder"
        raise _error(str(root), what, "name the folder that holds watchkeeper.yaml")
    found: list[Found] = []
    problems: list[Problem] = []
    for index, relative in enumerate(_yaml_files(root, title)):
        if index >= FILES_MAX:
            raise _error(title, f"more than {FILES_MAX:,} files", "split the catalog")
        name = f"{title}/{relative}"
        if document := document_at(relative):
            found.append(Found(document, root / relative, name))
        else:
            problems.append(_stray(relative, name))
    present = {one.document for one in found}
    problems += [
        Problem(
            Place(f"{title}/{document.path}"),
            "file",
            "this file is missing, and every catalog needs it",
            "write it, or give the file that is meant this name",
        )
        for document in DOCUMENTS
        if document.required and document not in present
    ]
    return tuple(found), tuple(problems)


def _yaml_files(root: Path, title: str) -> Iterator[PurePosixPath]:
    """Give what is named like a YAML file, sorted; names that begin with a dot are nobody's business."""

    def refuse(error: OSError) -> None:
        raise _error(title, f"the folder {error.filename!r} cannot be read", "give yourself the right to")

    for folder, folders, files in os.walk(root, onerror=refuse):
        relative = PurePosixPath(Path(folder).relative_to(root).as_posix())
        named_like_files = [name for name in folders if PurePosixPath(name).suffix.lower() in _YAML]
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and name not in named_like_files
            and not (relative == PurePosixPath() and name == SCHEMA_FOLDER)
        )
        for name in sorted([*files, *named_like_files]):
            if PurePosixPath(name).suffix.lower() in _YAML and not name.startswith("."):
                yield relative / name


def _stray(relative: PurePosixPath, name: str) -> Problem:
    meant = relative.with_suffix(".yaml")
    services = PurePosixPath(SERVICE.path).parent
    if meant != relative and document_at(meant):
        fix = f"name it {meant}"
    elif services in relative.parents:
        fix = f"put it directly into {services}/"
    elif did_you_mean(relative.parent.as_posix(), [services.as_posix()]):
        fix = f"did you mean {services / relative.name}?"
    else:
        singles = {PurePosixPath(one.path).stem: one.path for one in DOCUMENTS if one is not SERVICE}
        close = did_you_mean(relative.stem, singles) if relative.parent == PurePosixPath() else None
        known = f"a catalog has {listed([*singles.values(), SERVICE.path])}"
        fix = f"did you mean {singles[close]}?" if close else known
    return Problem(Place(name), "file", "no file of a catalog has this name", fix)


def _error(name: str, what: str, fix: str) -> CatalogError:
    return CatalogError([Problem(Place(name), "file", what, fix)])
