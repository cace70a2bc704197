"""How the status looks in a terminal: three small tables, made to be read at a glance."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.local.outlook import Outlook
from deploy.local.status import Condition, ProcessStatus, StackStatus
from watchkeeper.cli.terminal import duration

_STYLES = {Condition.RUNNING: "green", Condition.STARTING: "yellow", Condition.STOPPING: "yellow"}
_LINKS = (
    ("console", "pages, runbooks"),
    ("prometheus", "metrics, rules"),
    ("alertmanager", "alerts, silences"),
)


def show(console: Console, status: StackStatus, outlook: Outlook) -> None:
    """Print processes, SLOs, open pages and where to look."""
    console.print(_processes(status))
    if outlook.slos:
        console.print(_slos(outlook))
    if outlook.open_pages is not None:
        console.print(f"open pages: {outlook.open_pages}", style="red" if outlook.open_pages else "green")
    for name, what in _LINKS:
        url = next((each.url for each in status.processes if each.name == name), None)
        if url:
            console.print(f"{name:<13}{url}  ({what})", highlight=False, soft_wrap=True)


def _table(title: str) -> Table:
    return Table(
        title=title, title_justify="left", box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0)
    )


def _processes(status: StackStatus) -> Table:
    table = _table("processes")
    for heading in ("process", "state", "pid", "uptime", "restarts", "memory", "address"):
        right = heading in {"pid", "uptime", "restarts", "memory"}
        table.add_column(heading, justify="right" if right else "left", overflow="fold", no_wrap=right)
    for each in status.processes:
        table.add_row(
            each.name,
            _condition(each),
            str(each.pid or "-"),
            duration(each.uptime_s),
            str(each.restarts),
            f"{each.memory_bytes / 1e6:.0f} MB" if each.memory_bytes else "-",
            (each.url or "-").removeprefix("http://"),
        )
    return table


def _condition(each: ProcessStatus) -> Text:
    text = Text(each.condition.value, style=_STYLES.get(each.condition, "bold red"))
    if each.detail:
        text.append(f" ({each.detail})", style="dim")
    return text


def _slos(outlook: Outlook) -> Table:
    table = _table("\nSLOs")
    windows = list(outlook.slos[0].error_ratio) if outlook.slos else []
    for heading in (
        "SLO",
        "service",
        "objective",
        "budget left",
        *(f"errors {window}" for window in windows),
    ):
        is_text = heading in {"SLO", "service"}
        table.add_column(
            heading, justify="left" if is_text else "right", overflow="fold", no_wrap=not is_text
        )
    for each in outlook.slos or ():
        left = each.budget_remaining_ratio
        table.add_row(
            each.slo,
            each.service,
            percent(each.objective_ratio),
            Text(percent(left), style="dim" if left is None else "red" if left <= 0 else "green"),
            *(percent(each.error_ratio[window]) for window in windows),
        )
    return table


def percent(ratio: float | None) -> str:
    """Show a ratio; a dash where there is none.

    >>> percent(0.999), percent(None)
    ('99.9 %', '-')
    """
    return "-" if ratio is None else f"{100 * ratio:.5g} %"
