"""The command line: one command per module, loaded when it is called, so that ``--help`` stays quick.

This is the only place that prints results, reads the environment and exits:
``0`` clean, ``1`` findings, ``2`` usage.
"""

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from keyword import iskeyword
from typing import NoReturn

import click

from watchkeeper.errors import WatchkeeperError

COMMANDS: Mapping[str, str] = {
    "check": "Check the catalog; report every problem at once.",
    "schema": "Write the JSON Schemas that editors complete from.",
    "render": "Write every generated file from the catalog.",
    "plan": "Show how what runs differs from what the catalog says.",
    "explain": "Explain an SLO: its windows, how soon an outage alerts, what its rules cost.",
    "import": "Take services over from OpenSLO, Sloth or Pyrra.",
    "export": "Write the catalog as OpenSLO, PrometheusRule or Mimir namespaces.",
    "up": "Start the native stack and wait until it is healthy.",
    "down": "Stop the native stack; leave no process behind.",
    "status": "Show processes, SLOs and open pages.",
    "logs": "Show the logs of the stack's processes.",
    "scale": "Add or remove replicas while the stack runs.",
    "pages": "List the pages that the inbox received.",
    "incident": "List, start, stop and rehearse incidents.",
}
"""Command name to summary. Its module is ``watchkeeper.cli.<name>``; the click command in it, ``command``."""


class LazyGroup(click.Group):
    """A click group that imports a command's module only when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the commands in the order of ``COMMANDS``: the order in which a newcomer needs them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module and give its ``command``."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        # `import` is a word of Python's own: a module can not be called so.
        module = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
        command: click.Command = import_module(f"watchkeeper.cli.{module}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from ``COMMANDS``, importing none of them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="watchkeeper", prog_name="watchkeeper")
def cli() -> None:
    """Keep watch over a cloud product's two budgets: its error budget and its money."""


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run one command; print an actionable error instead of a traceback."""
    try:
        cli.main(args=argv, prog_name="watchkeeper", standalone_mode=True)
    except WatchkeeperError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
