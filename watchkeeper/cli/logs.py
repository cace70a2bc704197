"""``watchkeeper logs``: what the processes of the native stack wrote."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click

from deploy.local.logs import Follower, chosen, last_lines, processes_with_logs
from watchkeeper.cli import stack_options
from watchkeeper.errors import StackError

LINES = 20
LINES_MAX = 100_000
POLL_S = 0.25
_COLOURS = ("cyan", "green", "yellow", "blue", "magenta", "bright_cyan", "bright_green", "bright_yellow")


@click.command()
@click.argument("processes", nargs=-1, metavar="[PROCESS]...")
@click.option(
    "--follow", "-f", is_flag=True, help="Go on with what is written from now on, until interrupted."
)
@click.option(
    "--lines",
    "-n",
    type=click.IntRange(0, LINES_MAX),
    default=LINES,
    show_default=True,
    help="Last lines of each log.",
)
@stack_options.state_option
def command(processes: tuple[str, ...], follow: bool, lines: int, state_dir: Path) -> None:
    """Show the logs of the stack's processes, all or some; a group's name stands for its replicas."""
    state = stack_options.state_dir(state_dir)
    available = processes_with_logs(state)
    if not available:
        raise StackError(f"no logs in {state.logs}; `make up` writes them")
    picked, unknown = chosen(available, processes)
    if unknown:
        raise click.UsageError(f"no log of {', '.join(unknown)}; there are: {', '.join(available)}")
    screen = _Screen(picked)
    with Follower(state, picked) as follower:
        for name in picked:
            for text in last_lines(state.log(name), lines):
                screen.show(name, text)
        try:
            while follow:
                for line in follower.new_lines():
                    screen.show(line.process, line.text)
                sys.stdout.flush()
                time.sleep(POLL_S)
                # Replicas may be added, and processes that an `up` has yet to start.
                follower.join(chosen(processes_with_logs(state), processes)[0])
        except KeyboardInterrupt:
            return


class _Screen:
    """Lines side by side with the process that wrote them, each process in a colour of its own."""

    def __init__(self, processes: Sequence[str]) -> None:
        self._width = max((len(name) for name in processes), default=0)
        self._colours: dict[str, str] = {}

    def show(self, process: str, text: str) -> None:
        colour = self._colours.setdefault(process, _COLOURS[len(self._colours) % len(_COLOURS)])
        click.echo(f"{click.style(process.ljust(self._width), fg=colour)} | {text}")
