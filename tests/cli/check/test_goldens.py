r"""Every mistake has its exact message, place and exit code: golden cases of ``watchkeeper check``.

A case is the files, and exactly what is printed, in one readable file:

::

    What the case shows.

    -- services/gateway.yaml --
    the file's content
    -- output --
    what is printed
    exit 1

The files lie over those of ``base.txt``. Where plain text will not do, the header says how to make the file:

``(absent)``      the file of the base is left out
``(folder)``      a folder with this name
``(link TARGET)`` a symbolic link
``(escaped)``     ``\xff`` and the like stand for bytes
``(times N)``     the content, so many times

To write the outputs anew, run with ``WATCHKEEPER_UPDATE_GOLDENS=1``; then read the diff as its user would.
"""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from watchkeeper.cli.check import command

HERE = Path(__file__).parent
BASE = HERE / "base.txt"
CASES = sorted((HERE / "cases").glob("*.txt"))
CASES_MIN = 45
"""Fewer cases than this means that some are not found."""

_HEADER = re.compile(r"^-- (?P<name>\S+)(?: \((?P<how>[^)]+)\))? --\n", re.MULTILINE)
OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class File:
    """One file of a case: its content, and how to make it from that."""

    content: str
    how: str = ""

    def write(self, path: Path) -> None:
        """Make the file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        word, _, argument = self.how.partition(" ")
        if word == "absent":
            return
        if word == "folder":
            path.mkdir()
        elif word == "link":
            path.symlink_to(argument)
        elif word == "escaped":
            path.write_bytes(self.content.encode("latin-1").decode("unicode_escape").encode("latin-1"))
        elif word == "times":
            path.write_text(self.content * int(argument), encoding="utf-8")
        else:
            path.write_text(self.content, encoding="utf-8", newline="")


@dataclass(frozen=True, slots=True)
class Case:
    """A golden file, taken apart."""

    story: str
    files: dict[str, File]
    output: str

    @classmethod
    def read(cls, path: Path) -> "Case":
        """Take a golden file apart."""
        story, *parts = _HEADER.split(path.read_text(encoding="utf-8"))
        files = {
            name: File(content, how or "")
            for name, how, content in zip(parts[::3], parts[1::3], parts[2::3], strict=True)
        }
        output = files.pop(OUTPUT, File("")).content
        return cls(story, files, output)

    def write_output(self, path: Path, output: str) -> None:
        """Put the output that was printed into the golden file."""
        before = path.read_text(encoding="utf-8").split(f"-- {OUTPUT} --\n")[0]
        path.write_text(f"{before}-- {OUTPUT} --\n{output}", encoding="utf-8")


def _lay_out(root: Path, *cases: Case) -> None:
    """Write the files of the cases, a later one over an earlier one."""
    root.mkdir()
    files = {name: file for case in cases for name, file in case.files.items()}
    for name, file in files.items():
        file.write(root / name)


def _check() -> str:
    result = CliRunner().invoke(command, ["catalog"], catch_exceptions=False)
    return f"{result.output}exit {result.exit_code}\n"


@pytest.mark.parametrize("path", [BASE, *CASES], ids=lambda path: path.stem)
def test_the_output_is_exactly_the_golden_one(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever makes this mistake is told where it is, what it is and how to mend it."""
    case = Case.read(path)
    _lay_out(tmp_path / "catalog", Case.read(BASE), case)
    monkeypatch.chdir(tmp_path)

    output = _check()

    if os.environ.get("WATCHKEEPER_UPDATE_GOLDENS"):
        case.write_output(path, output)
    else:
        assert output == case.output


def test_there_are_many_cases_and_no_two_are_alike() -> None:
    """A lost folder of cases must not pass for success."""
    outputs = [Case.read(path).output for path in CASES]

    assert len(outputs) >= CASES_MIN
    assert len(set(outputs)) == len(outputs)
    assert all(output.endswith("exit 1\n") for output in outputs)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_every_problem_says_how_to_mend_it(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message that only complains leaves its reader alone."""
    _lay_out(tmp_path / "catalog", Case.read(BASE), Case.read(path))
    monkeypatch.chdir(tmp_path)

    result = CliRunner().invoke(command, ["catalog", "--json"], catch_exceptions=False)
    problems = json.loads(result.stdout)["problems"]

    assert problems
    assert all(problem["what"] and problem["fix"] for problem in problems)
