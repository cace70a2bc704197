"""``watchkeeper status``: processes, SLOs and open pages, as they are at this moment."""

import json
from pathlib import Path

import click

from deploy.local.outlook import Outlook, look_out
from deploy.local.record import read_record
from deploy.local.status import look
from watchkeeper.cli import stack_options, status_view, terminal


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of tables.")
@stack_options.state_option
def command(as_json: bool, state_dir: Path) -> None:
    """Show processes, SLOs and open pages.

    Exits 0 when everything is healthy, and 1 when something is not, which is then said on stderr.
    """
    state = stack_options.state_dir(state_dir)
    found = look(state)
    record = read_record(state)
    programs = record.programs() if record is not None else ()
    outlook = look_out(programs) if programs else Outlook(slos=None, open_pages=None, problems=())
    complaints = [*found.complaints, *(outlook.problems if found.is_up else ())]
    if as_json:
        document = {"stack": found.model_dump(mode="json"), "outlook": outlook.model_dump(mode="json")}
        click.echo(json.dumps({**document, "complaints": complaints}, indent=2))
    elif found.is_up:
        status_view.show(terminal.stdout(), found, outlook)
    for complaint in complaints:
        click.echo(complaint, err=True)
    raise SystemExit(1 if complaints else 0)
