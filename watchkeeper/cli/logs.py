"""``watchkeeper logs``: what the processes of the native stack wrote."""

import sys
import time
from pathlib import Path

import click

from deploy.local.logs import Follower, chosen, last_lines, processes_with_logs
from watchkeeper.cli import stack_options

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
    picked, unknown = chosen(available, processes)
    if unknown:
        raise click.UsageError(f"no log of {', '.join(unknown)}; there are: {', '.join(available) or 'none'}")
    width = max((len(name) for name in picked), default=0)
    colours = {name: _COLOURS[index % len(_COLOURS)] for index, name in enumerate(available)}

    def show(process: str, text: str) -> None:
        click.echo(f"{click.style(process.ljust(width), fg=colours[process])} | {text}")

    with Follower(state, picked) as follower:
        for name in picked:
            for text in last_lines(state.log(name), lines):
                show(name, text)
        try:
            while follow:
                for line in follower.new_lines():
                    show(line.process, line.text)
                sys.stdout.flush()
                time.sleep(POLL_S)
        except KeyboardInterrupt:
            return
