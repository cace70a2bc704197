"""``watchkeeper check``: every problem of the catalog at once, each with its place."""

import json
import sys
from pathlib import Path

import click

import alerts.check
from watchkeeper.catalog.catalog import Catalog
from watchkeeper.catalog.loader import load_catalog
from watchkeeper.catalog.problems import CatalogError, Problem, counted, render
from watchkeeper.cli.places import in_repository
from watchkeeper.cli.printing import colour, never_fail_to_print


@click.command("check")
@click.argument(
    "catalog_dir",
    metavar="[CATALOG]",
    default=lambda: in_repository("catalog"),
    type=click.Path(path_type=Path),
)
@click.option("--json", "as_json", is_flag=True, help="Print the problems as JSON.")
def command(catalog_dir: Path, *, as_json: bool) -> None:
    """Check the catalog in the CATALOG directory; report every problem at once.

    Exits 0 when there is none, and 1 otherwise.
    """
    never_fail_to_print()
    try:
        catalog = load_catalog(catalog_dir, alerts.check.check)
    except CatalogError as error:
        _print_problems(error.problems, as_json=as_json)
        sys.exit(1)
    click.echo(json.dumps({"problems": []}) if as_json else _summary(catalog_dir, catalog))


def _print_problems(problems: tuple[Problem, ...], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"problems": [problem.as_json() for problem in problems]}, indent=2))
        return
    paint, coloured = colour()
    for line in render(problems, paint):
        click.echo(line, color=coloured)


def _summary(catalog_dir: Path, catalog: Catalog) -> str:
    counts = (
        counted(len(catalog.services), "service"),
        counted(len(catalog.objectives), "SLO"),
        counted(len(catalog.teams), "team"),
        counted(sum(1 for _ in catalog.drills()), "drill"),
    )
    return f"{catalog_dir}: {', '.join(counts)}: no problems"
