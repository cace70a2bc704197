"""``watchkeeper explain slo``: what is printed, for eyes and for machines.

After a wanted change of the text: ``make goldens``, and review the diff.
"""

import json
import os
from pathlib import Path

from click.testing import CliRunner, Result

from watchkeeper.cli import cli

ROOT = Path(__file__).parents[3]
GOLDEN = Path(__file__).with_name("gateway-availability.txt")


def explain(*arguments: str) -> Result:
    """Run the command on the demo catalog."""
    return CliRunner().invoke(cli, ["explain", "slo", "--catalog", str(ROOT / "catalog"), *arguments])


def test_the_text_is_as_reviewed() -> None:
    """Promise, budget, windows, detection, expressions and costs of one demo SLO."""
    result = explain("gateway-availability")
    assert result.exit_code == 0, result.output
    if os.environ.get("WATCHKEEPER_UPDATE_GOLDENS"):
        GOLDEN.write_text(result.output, "utf-8")
    assert result.output == GOLDEN.read_text("utf-8")


def test_the_document_quotes_the_command() -> None:
    """The table in docs/slo-rules.md is what the command prints today."""
    lines = GOLDEN.read_text("utf-8").splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith("Detection:"))
    table = "\n".join(lines[start : lines.index("", start)])
    assert table in (ROOT / "docs/slo-rules.md").read_text("utf-8")


def test_machines_get_seconds_and_ratios() -> None:
    """One JSON document."""
    document = json.loads(explain("gateway-latency", "--json").output)
    assert document["error_budget_ratio"] == 0.01
    assert {row["bad_ratio"] for row in document["detection"]} == {1, 0.5, 0.1, 0.02, 0.011, 0.01}
    assert all(rule["samples_per_series"] >= 0 for rule in document["rules"])


def test_a_tier_that_is_off_is_not_called_never() -> None:
    """First tokens wake nobody, by decision."""
    assert " off " in explain("gateway-first-token").output


def test_an_unknown_slo_is_a_usage_error_that_names_the_known() -> None:
    """Exit 2."""
    result = explain("gateway-avail")
    assert result.exit_code == 2
    assert "no SLO 'gateway-avail'; it has: alerting-delivery," in result.output


def test_a_server_that_is_away_is_said() -> None:
    """Nobody listens on port 9."""
    result = explain("gateway-availability", "--prometheus", "http://127.0.0.1:9")
    assert result.exit_code == 1
    assert "no answer from Prometheus" in str(result.exception)
