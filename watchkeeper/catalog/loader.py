"""Read a catalog from its folder: all of it, or every reason why not.

Each file goes as far as it can (text, YAML, structure); then the checks look across all that could be
read. So one run shows every problem, and a broken file hides none in the others.
"""

from pathlib import Path

from watchkeeper.catalog.catalog import Catalog
from watchkeeper.catalog.checks import Check, run_checks
from watchkeeper.catalog.discover import Found, discover
from watchkeeper.catalog.documents import MaintenanceFile, TeamsFile
from watchkeeper.catalog.draft import Draft, DraftFile
from watchkeeper.catalog.explain import validate
from watchkeeper.catalog.money import Ownership, PriceBook
from watchkeeper.catalog.problems import CatalogError, Problem
from watchkeeper.catalog.service import Service
from watchkeeper.catalog.settings import Settings
from watchkeeper.catalog.source import read_source
from watchkeeper.catalog.tree import read_tree


def load_catalog(root: Path, *checks: Check) -> Catalog:
    """Read the catalog in the folder ``root``; run the given checks beside the loader's own.

    Raises:
        CatalogError: it is wrong somewhere; ``problems`` holds everything that is.
    """
    found, problems = discover(root)
    files: list[DraftFile] = []
    every: list[Problem] = list(problems)
    for one in found:
        file, wrong = _read(one)
        files.append(file)
        every += wrong
    draft = Draft(tuple(files))
    every += run_checks(draft, checks)
    if every:
        raise CatalogError(every)
    return _assemble(draft)


def _read(found: Found) -> tuple[DraftFile, tuple[Problem, ...]]:
    """Take one file as far as it goes."""
    try:
        root = read_tree(read_source(found.path, found.name))
    except CatalogError as error:
        return DraftFile(found.document, found.name), error.problems
    model, problems = validate(found.document.model, root)
    return DraftFile(found.document, found.name, root, model), problems


def _assemble(draft: Draft) -> Catalog:
    (settings,) = draft.models(Settings)
    return Catalog(
        settings=settings,
        teams=tuple(team for file in draft.models(TeamsFile) for team in file.teams),
        services=tuple(draft.models(Service)),
        prices=next(draft.models(PriceBook), PriceBook()),
        ownership=next(draft.models(Ownership), Ownership()),
        maintenance=tuple(window for file in draft.models(MaintenanceFile) for window in file.maintenance),
    )
