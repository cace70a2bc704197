"""``watchkeeper incident`` from the command line, without a stack."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from watchkeeper.cli import cli

REPOSITORY = Path(__file__).parents[3]


def run(*arguments: str) -> Result:
    """Run a command of the incident group against the demo's catalog."""
    return CliRunner().invoke(
        cli, ["incident", *arguments, "--catalog", str(REPOSITORY / "catalog")], catch_exceptions=True
    )


def test_list_tells_what_breaks_and_what_must_come_of_it() -> None:
    """One line per drill."""
    result = run("list")
    assert result.exit_code == 0
    rows = {line.split()[0]: " ".join(line.split()) for line in result.stdout.splitlines()}
    assert rows["total-outage"] == (
        "total-outage gateway outage at provider-openai; outage at provider-anthropic "
        "one page for availability within 2m, resolved within 10m"
    )
    assert rows["replica-killed"] == "replica-killed gateway kill 1 of gateway no page for 2m"


def test_list_as_json_for_machines() -> None:
    """The same, with the description."""
    drills = json.loads(run("list", "--json").stdout)["drills"]
    assert [drill["id"] for drill in drills if drill["service"] == "gateway"] == [
        "total-outage",
        "slow-provider",
        "provider-outage",
        "replica-killed",
    ]
    assert set(drills[0]) == {"id", "service", "description", "injects", "expects"}


@pytest.mark.parametrize("command", ["start", "stop", "rehearse"])
def test_an_unknown_drill_is_wrong_usage(command: str, tmp_path: Path) -> None:
    """Exit 2, and the drills that there are."""
    result = run(command, "total-outrage", "--state-dir", str(tmp_path))
    assert result.exit_code == 2
    assert "the catalog has no drill 'total-outrage'; it has: total-outage, slow-provider" in result.stderr


@pytest.mark.parametrize("option", ["--hold", "--timeout"])
@pytest.mark.parametrize("value", ["soon", "5", "-1m"])
def test_a_wrong_duration_is_wrong_usage(option: str, value: str, tmp_path: Path) -> None:
    """Durations are written as in the catalog."""
    result = run("rehearse", "total-outage", option, value, "--state-dir", str(tmp_path))
    assert result.exit_code == 2
    assert "is not a duration" in result.stderr


def test_without_a_stack_nothing_is_started(tmp_path: Path) -> None:
    """The error says what to do."""
    result = run("start", "total-outage", "--state-dir", str(tmp_path))
    assert result.exit_code == 1
    assert str(result.exception).endswith("start the stack with: make up")
    assert not list(tmp_path.rglob("active.json"))


def test_a_rehearsal_that_can_not_begin_is_no_failure_of_the_alerts(tmp_path: Path) -> None:
    """Exit 1 is kept for FAIL, so that a pipeline can tell."""
    result = run("rehearse", "total-outage", "--state-dir", str(tmp_path))
    assert result.exit_code == 3
    assert result.stderr.endswith("start the stack with: make up\n")
    assert not list(tmp_path.rglob("active.json"))


def test_stop_without_a_stack_is_harmless(tmp_path: Path) -> None:
    """There is nothing to take back."""
    result = run("stop", "--state-dir", str(tmp_path))
    assert (result.exit_code, result.stdout) == (0, "no fault was on\n")


@pytest.mark.parametrize("command", [[], ["list"], ["start"], ["stop"], ["rehearse"]])
def test_every_command_has_help(command: list[str]) -> None:
    """A newcomer learns the exit codes from it."""
    result = CliRunner().invoke(cli, ["incident", *command, "--help"])
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) > 5
    if command == ["rehearse"]:
        assert "Exits 0 on PASS, 1 on FAIL, 3 on INVALID" in " ".join(result.stdout.split())
