"""``watchkeeper down``: stop the native stack."""

from pathlib import Path

import click

from deploy.local.stop import stop
from watchkeeper.cli import stack_options


@click.command()
@stack_options.state_option
def command(state_dir: Path) -> None:
    """Stop the native stack; leave no process behind. Data and logs stay."""
    stopped = stop(stack_options.state_dir(state_dir), lambda name: click.echo(f"stopping {name}", err=True))
    if not stopped.names:
        click.echo("nothing was running")
        return
    click.echo(f"stopped {len(stopped.names)} processes: {', '.join(stopped.names)}")
    if stopped.forced:
        click.echo(f"had to be ended without their supervisor: {', '.join(stopped.forced)}", err=True)
