"""``watchkeeper plan``: its exit codes, and what it says when something is away."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from watchkeeper.cli import cli

ROOT = Path(__file__).parents[3]
NOBODY = "http://127.0.0.1:9"


def plan(*arguments: str | Path) -> Result:
    """Run the command on the demo catalog."""
    catalog = ("--catalog", ROOT / "catalog")
    return CliRunner().invoke(cli, ["plan", *map(str, (*catalog, *arguments))])


@pytest.fixture(autouse=True)
def _unshifted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever stack the caller runs."""
    monkeypatch.delenv("WATCHKEEPER_PORT_OFFSET", raising=False)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """Copy the committed rules."""
    shutil.copytree(ROOT / "alerts/generated/rules", tmp_path / "rules")
    return tmp_path


def test_rules_alone_can_be_compared(rules: Path) -> None:
    """What is not there is said, and not called missing; exit 0."""
    result = plan("--directory", rules)
    assert result.exit_code == 0, result.output
    assert result.stdout == "nothing to do\n"
    assert "Alertmanager's configuration is not there, and was not compared" in result.stderr


def test_differences_exit_1_and_verbose_shows_promql(rules: Path) -> None:
    """A hand-made change of a threshold and of an expression."""
    path = rules / "rules/gateway-availability.yaml"
    path.write_text(path.read_text("utf-8").replace('code="5xx"', 'code="4xx"'), "utf-8")
    result = plan("--directory", rules)
    assert (result.exit_code, result.stdout) == (
        1,
        "~ gateway-availability  bad events changed\n1 difference\n",
    )
    verbose = plan("--directory", rules, "--verbose").stdout
    assert '    -sum(rate(haproxy_frontend_http_responses_total{code="4xx",proxy="edge"}[rate]))' in verbose
    document = json.loads(plan("--directory", rules, "--json").stdout)
    assert [change["what"] for change in document["changes"]] == ["bad events changed"]


def test_an_alert_removed_by_hand_is_found(rules: Path) -> None:
    """A whole file is gone."""
    (rules / "rules/gateway-latency.yaml").unlink()
    result = plan("--directory", rules)
    assert result.stdout.splitlines()[0] == "+ gateway-latency  new: 99 % over 30d, owner platform"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--directory", ".", "--prometheus", NOBODY], "leave --prometheus and --alertmanager out"),
        (["--directory", "nowhere"], "does not exist"),
        (["--target", "moon"], "'moon' is not one of"),
    ],
)
def test_usage_errors_exit_2(arguments: list[str], said: str) -> None:
    """Said before anything is asked."""
    result = plan(*arguments)
    assert result.exit_code == 2
    assert said in result.output


def test_a_directory_without_anything_and_one_with_too_much(tmp_path: Path) -> None:
    """Both are usage errors that name the way out."""
    result = plan("--directory", tmp_path)
    assert result.exit_code == 2
    assert "holds neither rules nor a configuration" in result.output
    result = plan("--directory", ROOT / "deploy/prometheus/generated")
    assert result.exit_code == 2
    assert "are both a configuration of Prometheus" in result.output


@pytest.mark.parametrize(
    ("text", "said"),
    [("groups: [", "can not be read as YAML"), ("groups: 5", "'groups' is not a list of named rule groups")],
)
def test_a_broken_file_is_named(tmp_path: Path, text: str, said: str) -> None:
    """Not guessed around."""
    (tmp_path / "rules.yaml").write_text(text, "utf-8")
    result = plan("--directory", tmp_path)
    assert result.exit_code == 1
    assert f"rules.yaml: {said}" in str(result.exception)


def test_a_server_that_is_away_is_said() -> None:
    """No difference is made up of silence."""
    result = plan("--prometheus", NOBODY, "--alertmanager", NOBODY)
    assert result.exit_code == 1
    assert "no answer from Prometheus" in str(result.exception)
