"""Finds and renders the runbooks: Markdown files named after the alert they are for.

A name from outside never becomes a path: it is looked up among the names of the files that are there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markupsafe import Markup

FILE_BYTES_MAX = 256 * 1024


@dataclass(frozen=True, slots=True)
class Runbook:
    """One runbook, ready to be shown."""

    alert: str
    html: Markup


class Runbooks:
    """The runbooks in a folder; read when asked for, so that an edit shows at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # No raw HTML, no images from elsewhere: a runbook is text.
        self._markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")

    def names(self) -> list[str]:
        """Name every alert that has a runbook."""
        return sorted(self._files())

    def get(self, alert: str) -> Runbook | None:
        """Render the runbook of an alert; None when there is none."""
        path = self._files().get(alert)
        if path is None:
            return None
        with path.open("rb") as file:
            text = file.read(FILE_BYTES_MAX).decode("utf-8", errors="replace")
        # The source is ours, and html=False escapes whatever markup is in it.
        return Runbook(alert, Markup(self._markdown.render(text)))  # noqa: S704

    def _files(self) -> Mapping[str, Path]:
        return {path.stem: path for path in self._folder.glob("*.md") if path.is_file()}
