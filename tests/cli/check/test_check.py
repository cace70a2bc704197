"""``watchkeeper check`` as a program: exit codes, JSON, colour, odd terminals."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

WATCHKEEPER = Path(sys.executable).with_name("watchkeeper")
REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """Give a catalog with one mistake."""
    root = tmp_path / "with space" / "catalog"
    root.mkdir(parents=True)
    (root / "watchkeeper.yaml").write_text("product: x\nname: X\nlinks: {console: http://x.example}\n")
    (root / "teams.yaml").write_text("teams:\n  - {id: t, name: 日本, nick: x}\n", encoding="utf-8")
    return root


def _run(*arguments: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [WATCHKEEPER, "check", *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def _run_in_a_terminal(*arguments: str, cwd: Path, **environment: str) -> str:
    """Run with a pseudo-terminal as standard output, and give what it would have shown."""
    ours, theirs = pty.openpty()
    subprocess.run(
        [WATCHKEEPER, "check", *arguments],
        cwd=cwd,
        env={**os.environ, "TERM": "xterm", **environment},
        stdout=theirs,
        timeout=60,
        check=False,
    )
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 65536):
            shown += chunk
    except OSError:  # Linux reports the end of a pseudo-terminal so
        pass
    finally:
        os.close(ours)
    return shown.decode("utf-8")


def test_a_clean_catalog_is_one_line_and_exit_code_0(tmp_path: Path) -> None:
    """The repository's by default, from wherever one stands."""
    result = _run(cwd=REPOSITORY)
    assert _run(cwd=tmp_path).stdout == result.stdout.replace("catalog:", f"{REPOSITORY / 'catalog'}:")
    assert result.returncode == 0
    assert result.stderr == ""
    assert result.stdout.startswith("catalog: ")
    assert result.stdout.endswith(" drills: no problems\n")
    assert result.stdout.count("\n") == 1


def test_problems_are_results_and_go_to_standard_output(broken: Path) -> None:
    """With exit code 1, and the same from wherever one stands."""
    near = _run("catalog", cwd=broken.parent)
    far = _run(broken, cwd=Path("/"))
    assert near.returncode == far.returncode == 1
    assert near.stderr == far.stderr == ""
    assert near.stdout == far.stdout
    assert near.stdout.startswith("catalog/teams.yaml:2:23: unknown key 'nick'; ")
    assert near.stdout.endswith("1 problem in 1 file\n")


def test_json_tells_a_machine_the_same(broken: Path) -> None:
    """Place, check, what and fix, each by itself."""
    result = _run("catalog", "--json", cwd=broken.parent)
    assert result.returncode == 1
    assert json.loads(result.stdout) == {
        "problems": [
            {
                "file": "catalog/teams.yaml",
                "line": 2,
                "column": 23,
                "length": 4,
                "check": "structure",
                "what": "unknown key 'nick'",
                "fix": "known are id, name, pagerduty, slack and email",
                "also": [],
            }
        ]
    }


def test_json_of_a_clean_catalog_is_an_empty_list() -> None:
    """A machine need not read prose."""
    result = _run("--json", cwd=REPOSITORY)
    assert (result.returncode, json.loads(result.stdout)) == (0, {"problems": []})


def test_a_wrong_option_is_a_usage_error(tmp_path: Path) -> None:
    """Exit code 2, on standard error."""
    result = _run("--jsn", cwd=tmp_path)
    assert result.returncode == 2
    assert result.stdout == ""
    assert "--jsn" in result.stderr


def test_colour_is_for_terminals_that_want_it(broken: Path) -> None:
    """Neither a pipe nor NO_COLOR gets any; the text is the same."""
    plain = _run("catalog", cwd=broken.parent).stdout
    coloured = _run_in_a_terminal("catalog", cwd=broken.parent, NO_COLOR="")
    uncoloured = _run_in_a_terminal("catalog", cwd=broken.parent, NO_COLOR="1")
    assert "\x1b" not in plain
    assert "\x1b[31m^^^^\x1b[0m" in coloured
    assert uncoloured.replace("\r\n", "\n") == plain


def test_a_terminal_of_another_alphabet_shows_escapes_and_no_traceback(broken: Path) -> None:
    """The catalog may hold any script."""
    result = _run("catalog", cwd=broken.parent, PYTHONIOENCODING="latin-1", PYTHONUTF8="0")
    assert result.returncode == 1
    assert result.stderr == ""
    assert "name: \\u65e5\\u672c" in result.stdout
