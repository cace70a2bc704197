"""``watchkeeper render``: write every generated file from the catalog, or say which one is stale."""

import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import click

import alerts.artifacts
import alerts.check
import dashboards.artifacts
import deploy.servers
from watchkeeper.artifact import Artifact
from watchkeeper.catalog.loader import load_catalog
from watchkeeper.cli.places import in_repository

GENERATED_DIRECTORIES = (
    "alerts/generated/rules",
    "alerts/generated/tests",
    "dashboards/generated",
    "deploy/haproxy/generated",
    "deploy/prometheus/generated",
    "deploy/alertmanager/generated",
)
"""Wholly ours: a file in one of these that the catalog does not ask for is a leftover."""


@click.command("render")
@click.argument(
    "catalog_dir",
    metavar="[CATALOG]",
    default=lambda: in_repository("catalog"),
    type=click.Path(path_type=Path, file_okay=False),
)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a file is stale, missing or left over.")
@click.option(
    "--target",
    type=click.Choice(sorted(deploy.servers.TARGETS)),
    help="Only the server configurations of this target (default: of all).",
)
@click.option(
    "--output",
    default=lambda: in_repository("."),
    show_default="the repository",
    type=click.Path(path_type=Path, file_okay=False),
    help="Directory that the generated paths are relative to.",
)
def command(catalog_dir: Path, *, check: bool, target: str | None, output: Path) -> None:
    """Write every generated file from the CATALOG directory. The same catalog gives the same bytes."""
    catalog = load_catalog(catalog_dir, alerts.check.check)
    targets = [target] if target else sorted(deploy.servers.TARGETS)
    artifacts = {
        artifact.path: artifact
        for artifact in chain(
            alerts.artifacts.artifacts(catalog),
            dashboards.artifacts.artifacts(catalog),
            *(deploy.servers.artifacts(catalog, name) for name in targets),
        )
    }
    stale = [artifact for artifact in artifacts.values() if _current_text(output, artifact) != artifact.text]
    left_over = [] if target else sorted(_left_over(output, artifacts.values()))
    if check:
        _report(stale, left_over, total=len(artifacts))
        return
    for artifact in stale:
        path = output / artifact.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(artifact.text, encoding="utf-8", newline="\n")
        click.echo(f"wrote {artifact.path}")
    for path in left_over:
        (output / path).unlink()
        click.echo(f"removed {path}")
    click.echo(f"{len(artifacts)} files are up to date")


def _report(stale: list[Artifact], left_over: list[Path], *, total: int) -> None:
    for artifact in stale:
        click.echo(f"{artifact.path}: stale; run: watchkeeper render")
    for path in left_over:
        click.echo(f"{path}: nothing in the catalog asks for it; run: watchkeeper render")
    if stale or left_over:
        sys.exit(1)
    click.echo(f"{total} files are up to date")


def _current_text(output: Path, artifact: Artifact) -> str | None:
    try:
        return (output / artifact.path).read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def _left_over(output: Path, artifacts: Iterable[Artifact]) -> Iterator[Path]:
    wanted = {Path(artifact.path) for artifact in artifacts}
    for directory in GENERATED_DIRECTORIES:
        for path in (output / directory).glob("*"):
            relative = path.relative_to(output)
            if path.is_file() and relative not in wanted:
                yield relative
