"""The generated rules are valid, do what their generated tests say, and the tests can fail."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RULES = ROOT / "alerts/generated/rules"
TESTS = ROOT / "alerts/generated/tests"


def promtool(*arguments: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run promtool and give what it said."""
    return subprocess.run(
        ["promtool", *map(str, arguments)], cwd=cwd, capture_output=True, text=True, check=False, timeout=110
    )


def test_promtool_accepts_every_rule_file() -> None:
    """``promtool check rules`` is clean, duplicates and lints included."""
    result = promtool("check", "rules", "--lint=all", "--lint-fatal", *sorted(RULES.glob("*.yaml")))
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("test_file", sorted(TESTS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_alert_fires_and_stays_silent_as_its_tests_say(test_file: Path) -> None:
    """Each alert fires in one test and stays silent in another."""
    result = promtool("test", "rules", test_file)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_rule_file_has_its_tests() -> None:
    """A rule file without tests would look proven and is not."""
    assert {path.name for path in RULES.glob("*.yaml")} == {path.name for path in TESTS.glob("*.yaml")}


MUTANTS = {
    "a burn alert whose factor is too low": (r"(?<=> )[31] \* 0\.001", "0.4 * 0.001"),
    "a burn alert that needs more than everything": (r"14\.4 \* 0\.001|(?<=> )6 \* 0\.001", "1.1"),
    "a page that ignores its short window": (
        r'(?s)and\s+max without \(window\) \([^)]*window="5m"\}\) > \S+ \* \S+',
        "",
    ),
    "bad events that select nothing": (r'code="5xx",', 'code="nonsense",'),
    "an absent alert that can not fire": (r"absent\(", "sum("),
    "a ticket that never comes": (r"(?<=> )(3|1) \* 0\.001", "2"),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_the_generated_tests_notice_a_broken_rule(mutant: str, tmp_path: Path) -> None:
    """Break the availability rules in one way; their tests must go red."""
    name = "gateway-availability.yaml"
    shutil.copytree(TESTS, tmp_path / "tests")
    (tmp_path / "rules").mkdir()
    pattern, replacement = MUTANTS[mutant]
    broken, count = re.subn(pattern, replacement, (RULES / name).read_text("utf-8"))
    assert count, "the mutation no longer applies"
    (tmp_path / "rules" / name).write_text(broken, "utf-8")
    result = promtool("test", "rules", tmp_path / "tests" / name)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "FAILED" in result.stdout + result.stderr
