"""``watchkeeper scale`` from the command line, where it has nothing to scale."""

from pathlib import Path

from click.testing import CliRunner

from watchkeeper.cli import cli


def test_without_a_stack_it_tells_how_to_start_one(tmp_path: Path) -> None:
    """One sentence."""
    result = CliRunner().invoke(cli, ["scale", "gateway", "3", "--state-dir", str(tmp_path)])
    assert result.exit_code == 1
    assert str(result.exception) == f"no stack runs in {tmp_path}; `make up` starts it"


def test_a_count_of_none_is_wrong_usage(tmp_path: Path) -> None:
    """A group without replicas would be an outage."""
    result = CliRunner().invoke(cli, ["scale", "gateway", "0", "--state-dir", str(tmp_path)])
    assert result.exit_code == 2
