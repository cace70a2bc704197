"""How problems are printed: in colour where a terminal wants it, and never with a traceback."""

import io
import os
import sys

import click

from watchkeeper.catalog.problems import Paint, Role


def colour() -> tuple[Paint, bool]:
    """Give what colours problems on standard output, and whether it does."""
    coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return (_colour if coloured else lambda text, _: text), coloured


def never_fail_to_print() -> None:
    """Let a terminal that cannot show a script show escapes: what is printed may hold any."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _colour(text: str, role: Role) -> str:
    match role:
        case "place" | "summary":
            return click.style(text, bold=True)
        case "what" | "caret":
            return click.style(text, fg="red")
        case "fix":
            return click.style(text, fg="green")
        case "gutter":
            return click.style(text, dim=True)
