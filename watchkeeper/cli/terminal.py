"""How commands read and show what a person types and sees: durations, and a console of the right width."""

from datetime import timedelta
from typing import Any

import click
from rich.console import Console

from watchkeeper.catalog.base import parse_duration

WIDTH_OF_FILES = 160
"""Columns when the output is no terminal: nothing needs to fit a screen."""
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86400


class DurationType(click.ParamType[timedelta]):
    """A duration as the catalog writes it: 30s, 5m, 1h."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:  # noqa: ANN401 - click's own signature
        """Read it, or refuse it as wrong usage."""
        try:
            return value if isinstance(value, timedelta) else parse_duration(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


DURATION = DurationType()


def stdout() -> Console:
    """Give the terminal as it is; a file or a pipe is wide enough for every row."""
    console = Console()
    return console if console.is_terminal else Console(width=WIDTH_OF_FILES)


def duration(seconds: float | None) -> str:
    """Show a time span in its largest two units.

    >>> duration(59), duration(3 * 3600 + 125), duration(None)
    ('59s', '3h02m', '-')
    """
    if seconds is None:
        return "-"
    whole = int(seconds)
    if whole < _MINUTE_S:
        return f"{whole}s"
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S}m{whole % _MINUTE_S:02}s"
    if whole < _DAY_S:
        return f"{whole // _HOUR_S}h{whole % _HOUR_S // _MINUTE_S:02}m"
    return f"{whole // _DAY_S}d{whole % _DAY_S // _HOUR_S:02}h"
