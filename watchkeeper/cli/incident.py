"""``watchkeeper incident``: list, start, stop and rehearse the drills of the catalog."""

import contextlib
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.local.paths import repository
from loadtests.drills.cleanup import clean_up
from loadtests.drills.inject import FaultSwitch
from loadtests.drills.interrupt import SignalGuard
from loadtests.drills.observe import Servers
from loadtests.drills.plan import UnknownDrillError, known_faults, make_plan
from loadtests.drills.rehearse import SteadyClock, describe, rehearse
from loadtests.drills.verdict import EXIT_CODES, Verdict
from watchkeeper.alertmanager_api import AlertmanagerApi
from watchkeeper.catalog.base import format_duration
from watchkeeper.catalog.loader import load_catalog
from watchkeeper.catalog.resilience import Drill, ExpectPage
from watchkeeper.cli import stack_options
from watchkeeper.cli.incident_stage import Stage
from watchkeeper.cli.incident_view import Narrator
from watchkeeper.cli.terminal import DURATION, stdout
from watchkeeper.endpoints import ALERTMANAGER_URL_ENV, CONSOLE_URL_ENV, PROMETHEUS_URL_ENV
from watchkeeper.errors import WatchkeeperError
from watchkeeper.pages import InboxApi
from watchkeeper.prometheus_api import PrometheusApi

Command = TypeVar("Command", bound=Callable[..., Any])


def _catalog_option(command: Command) -> Command:
    return click.option(
        "--catalog",
        "catalog_dir",
        type=click.Path(path_type=Path, file_okay=False),
        default=lambda: repository() / "catalog",
        help="Directory of the catalog.  [default: catalog in the repository]",
    )(command)


def _where_options(command: Command) -> Command:
    for name, variable in (
        ("console", CONSOLE_URL_ENV),
        ("alertmanager", ALERTMANAGER_URL_ENV),
        ("prometheus", PROMETHEUS_URL_ENV),
    ):
        command = click.option(
            f"--{name}",
            f"{name}_url",
            metavar="URL",
            envvar=variable,
            show_envvar=True,
            help=f"Address of {name.capitalize()}.  [default: the stack's own]",
        )(command)
    return command


def _targets_option(command: Command) -> Command:
    return click.option(
        "--targets",
        "targets_dir",
        type=click.Path(path_type=Path, file_okay=False),
        help="Directory of <job>.json files in Prometheus's file_sd format: where processes listen.  "
        "[default: the stack's own]",
    )(command)


@click.group("incident")
def command() -> None:
    """Make incidents on purpose, and see that the right people are woken, or nobody.

    The drills are in the catalog, under 'drills:' of each service. docs/drills.md tells how to read
    a timeline.
    """


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of a table.")
@_catalog_option
def list_(as_json: bool, catalog_dir: Path) -> None:
    """List the drills: what each one breaks, and what must come of it."""
    catalog = load_catalog(catalog_dir)
    drills = [
        {
            "id": drill.id,
            "service": service.id,
            "description": drill.description,
            "injects": describe(make_plan(catalog, drill.id)),
            "expects": _expectation(drill),
        }
        for service, drill in catalog.drills()
    ]
    if as_json:
        click.echo(json.dumps({"drills": drills}, indent=2))
        return
    table = Table("drill", "service", "injects", "must come of it", box=None, pad_edge=False)
    for drill in drills:
        table.add_row(*(Text(drill[key]) for key in ("id", "service", "injects", "expects")))
    stdout().print(table)


@command.command()
@click.argument("name")
@_catalog_option
@_targets_option
@stack_options.state_option
def start(name: str, catalog_dir: Path, targets_dir: Path | None, state_dir: Path) -> None:
    """Inject what drill NAME injects, and return. Nothing is judged, and nothing ends it by itself."""
    catalog = load_catalog(catalog_dir)
    with _usage():
        plan = make_plan(catalog, name)
    with FaultSwitch() as switch:
        stage = Stage.at(state_dir, targets_dir, switch)
        injector = stage.injector(plan, SteadyClock())
        guard = SignalGuard()
        with stage.records.exclusive(), guard.installed():
            try:
                killed = injector.inject()
            except BaseException:
                with guard.shield():
                    injector.take_back()
                raise
    click.echo(f"started {name}: {describe(plan, killed)}")
    if plan.faults:
        click.echo(f"take it back with: watchkeeper incident stop {name}")


@command.command()
@click.argument("name", required=False)
@_catalog_option
@_targets_option
@stack_options.state_option
def stop(name: str | None, catalog_dir: Path, targets_dir: Path | None, state_dir: Path) -> None:
    """Take back every fault that drill NAME (default: any drill) switched on. Harmless when none is on."""
    catalog = load_catalog(catalog_dir)
    with _usage():
        faults = known_faults(catalog, name)
    with FaultSwitch() as switch:
        stage = Stage.at(state_dir, targets_dir, switch)
        found = clean_up(faults, addresses=stage.addresses, switch=switch, records=stage.records, drill=name)
    for fault in found:
        click.echo(f"took back {fault}")
    if not found:
        click.echo("no fault was on")


@command.command(name="rehearse")
@click.argument("name")
@click.option(
    "--json", "as_json", is_flag=True, help="Print the evidence as JSON; the timeline goes to stderr."
)
@click.option("--hold", type=DURATION, default="0s", help="Keep the fault on at least this long, such as 5m.")
@click.option(
    "--timeout", type=DURATION, help="Give up after this long: INVALID.  [default: what the drill allows]"
)
@_where_options
@_catalog_option
@_targets_option
@stack_options.state_option
@click.pass_context
def rehearse_(  # noqa: PLR0917 - one parameter per option
    ctx: click.Context,
    name: str,
    as_json: bool,
    hold: timedelta,
    timeout: timedelta | None,
    catalog_dir: Path,
    targets_dir: Path | None,
    state_dir: Path,
    prometheus_url: str | None,
    alertmanager_url: str | None,
    console_url: str | None,
) -> None:
    """Carry out drill NAME and judge it: from the fault to the page, and back to normal.

    Exits 0 on PASS, 1 on FAIL, 3 on INVALID (the drill proves nothing; the reason is told) and when it
    could not be carried out, such as without a stack or beside another drill.
    However it ends, the faults are taken back.
    """
    catalog = load_catalog(catalog_dir)
    with _usage():
        plan = make_plan(catalog, name, hold=hold)
    console = Console(stderr=as_json, highlight=False, soft_wrap=True)
    with _proving_nothing(ctx), FaultSwitch() as switch:
        stage = Stage.at(state_dir, targets_dir, switch)
        with (
            PrometheusApi(prometheus_url or stage.url_of("prometheus")) as prometheus,
            AlertmanagerApi(alertmanager_url or stage.url_of("alertmanager")) as alertmanager,
            InboxApi(console_url or stage.url_of("console")) as inbox,
            Narrator(console) as narrator,
        ):
            narrator.heading(f"{name}: {plan.drill.description}")
            evidence = rehearse(
                plan,
                stage,
                Servers(prometheus, alertmanager, inbox),
                known_faults=known_faults(catalog),
                audience=narrator,
                clock=SteadyClock(),
                timeout=timeout,
            )
    narrator.ending(evidence)
    if as_json:
        click.echo(evidence.model_dump_json(indent=2))
    ctx.exit(EXIT_CODES[evidence.verdict])


def _expectation(drill: Drill) -> str:
    expect = drill.expect
    if isinstance(expect, ExpectPage):
        within, resolve_within = format_duration(expect.within), format_duration(expect.resolve_within)
        return f"one page for {expect.page} within {within}, resolved within {resolve_within}"
    return f"no page for {format_duration(expect.silent_for)}"


@contextlib.contextmanager
def _proving_nothing(ctx: click.Context) -> Iterator[None]:
    """An error is no verdict on the alerts: exit 1 would say that they failed."""
    try:
        yield
    except WatchkeeperError as error:
        click.echo(str(error), err=True)
        ctx.exit(EXIT_CODES[Verdict.INVALID])


@contextlib.contextmanager
def _usage() -> Iterator[None]:
    """A name that the catalog does not have is wrong usage, not a finding."""
    try:
        yield
    except UnknownDrillError as error:
        raise click.BadParameter(str(error), param_hint="NAME") from error
