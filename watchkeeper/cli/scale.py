"""``watchkeeper scale``: add or remove replicas while the stack runs."""

from pathlib import Path

import click

from deploy.local.replicas import RunningStack
from watchkeeper.cli import stack_options


@click.command()
@click.argument("group")
@click.argument("count", type=click.IntRange(min=1))
@stack_options.state_option
def command(group: str, count: int, state_dir: Path) -> None:
    """Bring GROUP to COUNT replicas; returns when new ones serve and removed ones are drained and gone."""
    stack = RunningStack.at(stack_options.state_dir(state_dir).root)
    before = stack.replicas(group)
    stack.scale(group, count, lambda text: click.echo(text, err=True))
    click.echo(
        f"{group}: {before} -> {count} replicas" if before != count else f"{group}: {count} replicas already"
    )
