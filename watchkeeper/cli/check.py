"""``watchkeeper check``: every problem of the catalog at once, each with its place."""

import io
import json
import os
import sys
from pathlib import Path

import click

from watchkeeper.catalog.catalog import Catalog
from watchkeeper.catalog.loader import load_catalog
from watchkeeper.catalog.problems import CatalogError, Problem, Role, counted, render


@click.command("check")
@click.argument("catalog_dir", metavar="[CATALOG]", default="catalog", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the problems as JSON.")
def command(catalog_dir: Path, *, as_json: bool) -> None:
    """Check the catalog in the CATALOG directory; report every problem at once.

    Exits 0 when there is none, and 1 otherwise.
    """
    _never_fail_to_print()
    try:
        catalog = load_catalog(catalog_dir)
    except CatalogError as error:
        _print_problems(error.problems, as_json=as_json)
        sys.exit(1)
    click.echo(json.dumps({"problems": []}) if as_json else _summary(catalog_dir, catalog))


def _print_problems(problems: tuple[Problem, ...], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"problems": [problem.as_json() for problem in problems]}, indent=2))
        return
    coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    for line in render(problems, _colour if coloured else lambda text, _: text):
        click.echo(line, color=coloured)


def _summary(catalog_dir: Path, catalog: Catalog) -> str:
    counts = (
        counted(len(catalog.services), "service"),
        counted(len(catalog.objectives), "SLO"),
        counted(len(catalog.teams), "team"),
        counted(sum(1 for _ in catalog.drills()), "drill"),
    )
    return f"{catalog_dir}: {', '.join(counts)}: no problems"


def _colour(text: str, role: Role) -> str:
    match role:
        case "place" | "summary":
            return click.style(text, bold=True)
        case "what" | "caret":
            return click.style(text, fg="red")
        case "fix":
            return click.style(text, fg="green")
        case "gutter":
            return click.style(text, dim=True)


def _never_fail_to_print() -> None:
    # A catalog may hold any script; a terminal that cannot show it shows escapes instead of a traceback.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
