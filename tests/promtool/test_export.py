"""Exported rules, unwrapped again, are rules that promtool accepts."""

import subprocess
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from watchkeeper.cli.export import command

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("form", ["prometheusrule", "mimir"])
def test_promtool_accepts_what_is_exported(form: str, tmp_path: Path) -> None:
    """Every group of every file."""
    wrapped = tmp_path / "wrapped"
    result = CliRunner().invoke(command, [str(ROOT / "catalog"), "--format", form, "--output", str(wrapped)])
    assert result.exit_code == 0, result.output
    bare = []
    for path in sorted(wrapped.iterdir()):
        content = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
        groups = content["spec"]["groups"] if form == "prometheusrule" else content["groups"]
        bare.append(tmp_path / path.name)
        bare[-1].write_text(yaml.safe_dump({"groups": groups}), "utf-8")
    checked = subprocess.run(
        ["promtool", "check", "rules", "--lint=all", "--lint-fatal", *map(str, bare)],
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.count("SUCCESS") == len(bare)
