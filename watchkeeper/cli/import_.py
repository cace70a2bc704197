"""``watchkeeper import``: services from OpenSLO, Sloth and Pyrra, and what of them was not carried over."""

import json
import sys
from datetime import timedelta
from pathlib import Path

import click

from alerts.policy import PolicyError, windows_for
from interop.importing import FILES_MAX, FORMATS, Format, Outcome, import_files
from interop.report import InteropError
from watchkeeper.catalog.base import IDENTIFIER
from watchkeeper.catalog.catalog import Objective
from watchkeeper.catalog.problems import counted, render
from watchkeeper.catalog.service import Service
from watchkeeper.cli.printing import colour, never_fail_to_print


@click.command("import")
@click.argument(
    "files",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
)
@click.option("--format", "form", type=click.Choice(FORMATS), help="Default: told by each document itself.")
@click.option(
    "--team", metavar="ID", help="Owner of every service; default: the label 'team' of the document."
)
@click.option(
    "--output",
    default="catalog",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Catalog whose services/ is written to.",
)
@click.option("--force", is_flag=True, help="Overwrite services that exist.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def command(
    files: tuple[Path, ...],
    *,
    form: Format | None,
    team: str | None,
    output: Path,
    force: bool,
    as_json: bool,
) -> None:
    """Write services/ID.yaml for what FILEs of OpenSLO, Sloth or Pyrra say.

    Whatever can not be carried over exactly is named. Exits 0 when everything was carried, and 1 otherwise.
    """
    never_fail_to_print()
    if team is not None and not IDENTIFIER.fits(team):
        raise click.BadParameter(f"{IDENTIFIER.rule}", param_hint="--team")
    if len(files) > FILES_MAX:
        raise click.UsageError(f"at most {FILES_MAX:,} files at once")
    outcome = import_files(((path, str(path)) for path in files), form=form, team=team, judge=_unfireable)
    written = _write(outcome, output, force=force)
    if as_json:
        report = [finding.as_json() for finding in outcome.findings]
        click.echo(json.dumps({"written": written, "slos": outcome.slos, "not_carried": report}, indent=2))
    else:
        _print(outcome, written)
    sys.exit(1 if outcome.findings else 0)


def _unfireable(service: Service) -> str:
    """Say which alert could never fire; the scrape interval is the target catalog's matter."""
    try:
        for slo in service.slos:
            windows_for(Objective(service, service.slis[0], slo), timedelta(milliseconds=1))
    except PolicyError as error:
        return str(error)
    return ""


def _write(outcome: Outcome, output: Path, *, force: bool) -> list[str]:
    paths = {output / "services" / f"{identifier}.yaml": text for identifier, text in outcome.files}
    taken = [path for path in paths if path.exists() or path.is_symlink()]
    if taken and not force:
        raise InteropError(
            "\n".join(f"{path}: this file exists; use --force to overwrite it, or --output" for path in taken)
        )
    for path, text in paths.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            raise InteropError(
                f"{path}: it can not be written ({error.strerror}); choose another --output"
            ) from error
    return [str(path) for path in paths]


def _print(outcome: Outcome, written: list[str]) -> None:
    if outcome.findings:
        paint, coloured = colour()
        for line in render([finding.as_problem() for finding in outcome.findings], paint):
            click.echo(line, color=coloured)
    for path in written:
        click.echo(f"wrote {path}")
    services = counted(len(written), "service")
    left = (
        f"{len(outcome.findings):,} not carried over" if outcome.findings else "everything was carried over"
    )
    click.echo(f"{services}, {counted(outcome.slos, 'SLO')}: {left}")
