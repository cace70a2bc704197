"""Every alert has a runbook, and every expression in it parses."""

import re
from pathlib import Path

import promql_parser
import pytest

from console.runbooks import Runbooks
from console.settings import RUNBOOKS_DIR
from watchkeeper import conventions

ALERTS = sorted(value for name, value in vars(conventions).items() if name.startswith("ALERT_"))
SECTIONS = ("What users feel", "Check, in this order", "Mitigate", "It is over when", "When it lies")
LINES_MAX = 90
_PROMQL = re.compile(r"^ *```promql\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([A-Za-z]+)\)")


@pytest.fixture
def runbooks() -> Runbooks:
    """Give the project's runbooks."""
    return Runbooks(RUNBOOKS_DIR)


def test_there_is_a_runbook_for_each_alert_and_no_other(runbooks: Runbooks) -> None:
    """An alert without one leaves people alone at night; a runbook without an alert is never read."""
    assert runbooks.names() == ALERTS


@pytest.mark.parametrize("alert", ALERTS)
def test_a_runbook_is_complete_short_and_true(alert: str) -> None:
    """The same sections in the same order; every expression parses; every link leads somewhere."""
    text = (RUNBOOKS_DIR / f"{alert}.md").read_text("utf-8")
    headings = [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]
    assert text.startswith(f"# {alert}\n")
    assert tuple(headings) == SECTIONS
    assert len(text.splitlines()) <= LINES_MAX
    expressions = _PROMQL.findall(text)
    assert expressions
    for expression in expressions:
        promql_parser.parse(expression)
    assert set(_LINK.findall(text)) <= set(ALERTS)


def test_markup_in_a_runbook_is_text(tmp_path: Path) -> None:
    """Nothing in a runbook becomes a script, a foreign image or a harmful link."""
    (tmp_path / "A.md").write_text("<script>x</script> ![i](http://evil/i.png) [l](javascript:alert(1))")
    found = Runbooks(tmp_path).get("A")
    assert found is not None
    assert "<script" not in found.html
    assert "<img" not in found.html
    assert 'href="javascript' not in found.html


@pytest.mark.parametrize("name", ["", ".", "..", "../A", "A.md", "/etc/passwd", "A\x00", "folder"])
def test_a_name_is_never_a_path(tmp_path: Path, name: str) -> None:
    """Only names of files that are there are known."""
    (tmp_path / "A.md").write_text("# A")
    (tmp_path / "folder.md").mkdir()
    assert Runbooks(tmp_path).get(name) is None
