"""What was not carried over: where it stands, why, and what to do about it.

It stands alone because every format reports in the same words, and because a value that a converter
refuses must reach its reader with the place it was read from.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from watchkeeper.catalog.problems import Place, Problem, harmless
from watchkeeper.catalog.tree import Step
from watchkeeper.errors import WatchkeeperError

CHECK = "import"

Path = tuple[Step, ...]


class NotExactError(Exception):
    """Something has no exact counterpart: ``why``, and what to do (``fix``)."""

    def __init__(self, why: str, fix: str) -> None:
        super().__init__(f"{why}; {fix}")
        self.why = why
        self.fix = fix


class InteropError(WatchkeeperError):
    """A file that can not be written, or a format that can not be told."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that was not carried over exactly."""

    place: Place
    path: str
    """Within the document: ``slos[0].sli.events.error_query``."""
    what: str
    why: str
    fix: str

    def as_problem(self) -> Problem:
        """Give it as the catalog's problems are shown."""
        where = f"{self.path}: " if self.path else ""
        return Problem(self.place, CHECK, f"{where}{self.what}: {self.why}", self.fix)

    def as_json(self) -> Mapping[str, object]:
        """Give it to a machine."""
        return {
            "file": self.place.file,
            "line": self.place.line,
            "column": self.place.column,
            "path": harmless(self.path),
            "what": harmless(self.what),
            "why": harmless(self.why),
            "fix": harmless(self.fix),
        }


def unreadable(problems: Iterable[Problem]) -> list[Finding]:
    """Report a document that could not be read at all."""
    return [
        Finding(problem.place, "", "the document is not read", problem.what, problem.fix)
        for problem in problems
    ]


def written(path: Path) -> str:
    """Write a path as people do: ``slos[0].sli``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")
