"""``watchkeeper pages``: what the inbox received, for eyes and for machines."""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from watchkeeper.cli import stack_options
from watchkeeper.cli.endpoints import stack_endpoints
from watchkeeper.cli.terminal import duration, stdout
from watchkeeper.conventions import SERVICE
from watchkeeper.errors import BackendError
from watchkeeper.pages import OPEN, InboxApi, Page
from watchkeeper.plain import plain

LIMIT_MAX = 1000
FOLLOW_INTERVAL_S = 2.0
_COLUMNS = ("id", "severity", "status", "service", "SLO / alert", "opened (UTC)", "duration", "notifications")
_NUMBERS = frozenset({"id", "duration", "notifications"})


@click.command("pages")
@click.option("--open", "only_open", is_flag=True, help="Only pages that have not resolved.")
@click.option("--json", "as_json", is_flag=True, help="Write a JSON list; with --follow a page per line.")
@click.option(
    "--limit", type=click.IntRange(1, LIMIT_MAX), default=20, show_default=True, help="At most so many pages."
)
@click.option("--follow", is_flag=True, help="Go on, and print every page that opens or resolves.")
@click.option("--console", help="The console's URL.  [default: the stack's; env WATCHKEEPER_CONSOLE_URL]")
@stack_options.state_option
def command(
    *, only_open: bool, as_json: bool, limit: int, follow: bool, console: str | None, state_dir: Path
) -> None:
    """List the pages that the inbox received, newest first."""
    status = OPEN if only_open else None
    url = console or stack_endpoints(stack_options.state_dir(state_dir)).console
    with InboxApi(url) as inbox:
        if follow:
            try:
                for page in _changes(inbox, only_open=only_open, limit=limit):
                    click.echo(page.model_dump_json() if as_json else _line(page, datetime.now(UTC)))
            except KeyboardInterrupt:
                click.echo(err=True)
            return
        pages = inbox.pages(status=status, limit=limit)
    if as_json:
        click.echo("[" + ",\n ".join(page.model_dump_json() for page in pages) + "]")
    elif pages:
        stdout().print(_table(pages, datetime.now(UTC)))
    else:
        click.echo("No page is open." if only_open else "No page was received yet.")


def _changes(inbox: InboxApi, *, only_open: bool, limit: int) -> Iterator[Page]:
    """Give the newest pages, then what opens or resolves; outlasts a restart of the console."""
    seen: dict[int, str] = {}
    pages = inbox.pages(limit=LIMIT_MAX)
    yield from reversed([page for page in pages if page.status == OPEN or not only_open][:limit])
    while True:
        seen |= {page.id: page.status for page in pages}
        time.sleep(FOLLOW_INTERVAL_S)
        try:
            pages = inbox.pages(limit=LIMIT_MAX)
        except BackendError as error:
            click.echo(str(error), err=True)
            continue
        for page in reversed(pages):
            if seen.get(page.id) != page.status and (page.status == OPEN or not only_open):
                yield page


def _table(pages: Sequence[Page], now: datetime) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in _COLUMNS:
        wraps = heading in {"service", "SLO / alert"}
        right = heading in _NUMBERS
        table.add_column(heading, justify="right" if right else "left", no_wrap=not wraps, overflow="fold")
    for page in pages:
        table.add_row(
            str(page.id),
            Text(page.severity, "red" if page.severity == "page" else "yellow"),
            Text(page.status, "bold red" if page.status == OPEN else "green"),
            Text(plain(page.label(SERVICE) or "-", length_max=60)),
            Text(plain(page.about, length_max=120)),
            page.opened_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
            duration(page.duration(now).total_seconds()),
            str(page.notifications),
        )
    return table


def _line(page: Page, now: datetime) -> str:
    at = page.opened_at if page.status == OPEN else page.resolved_at or now
    lasted = "" if page.status == OPEN else f" after {duration(page.duration(now).total_seconds())}"
    service, about = plain(page.label(SERVICE) or "-", length_max=60), plain(page.about, length_max=120)
    return (
        f"{at.astimezone(UTC):%H:%M:%S}  {page.severity:<6}  {page.status}{lasted}  "
        f"{service}  {about}  (page {page.id})"
    )
