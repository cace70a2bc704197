"""What we write is what supervisor reads: any path and argument survives its configuration format."""

import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from supervisor.options import ServerOptions

from deploy.local.paths import StateDir
from deploy.local.programs import Place, Program
from deploy.local.supervisor_conf import environment, quote, render

ONE_LINE = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=40)


def _program(*command: str, env: dict[str, str] | None = None) -> Program:
    return Program(
        name="api-1",
        group="api",
        command=("/bin/x", *command),
        env=env or {},
        port=None,
        ports={},
        health=None,
        after=(),
        scrape=False,
        stop_timeout_s=7,
        configuration=None,
        balances=None,
    )


def _read_back(directory: Path, program: Program, repo: str = "/repo") -> list[str]:
    """Have supervisor itself parse the file, and split the command as it does before exec."""
    place = Place(repo=Path(repo), state=directory, python=Path("/v/python"))
    conf = directory / "supervisord.conf"
    conf.write_text(render([program], place, StateDir(directory)), encoding="utf-8")
    options = ServerOptions()  # type: ignore[no-untyped-call]
    options.realize(["-c", str(conf), "-n"])  # type: ignore[no-untyped-call]
    (group,) = [g for g in options.process_group_configs if g.name == "api-1"]
    (config,) = group.process_configs
    assert config.stopwaitsecs == 7
    return shlex.split(config.command)


@pytest.fixture
def state_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Supervisor runs in the state directory, where the relative paths of its configuration lead."""
    for name in ("conf", "logs", "data", "sock"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "argument",
    [
        "a b",
        "100%",
        "%(here)s",
        "a ;b",
        "a #b",
        '"',
        "'",
        "\\",
        "$HOME",
        "",
        "é",
        "  ",
        "-",
        "a=b",
        "%%",
        "][",
    ],
)
def test_awkward_arguments_arrive_as_they_were(state_dir: Path, argument: str) -> None:
    """Blanks, percent signs, comments, quotes: all of them occur in real paths."""
    program = _program(argument, env={"KEY": f"<{argument}>"})
    words = _read_back(state_dir, program, repo=f"/srv/{argument}/repo")
    assert words[-2:] == ["/bin/x", argument]
    assert f"KEY=<{argument}>" in words
    assert f"--chdir=/srv/{argument}/repo" in [word.replace("//", "/") for word in words] or argument in {
        "",
        "-",
    }


@given(ONE_LINE)
def test_quoting_survives_expansion_and_splitting(text: str) -> None:
    """Supervisor expands %, then splits like a shell."""
    assert shlex.split(quote(text) % {}) == [text]


@given(ONE_LINE)
def test_no_comment_can_begin_inside_an_argument(text: str) -> None:
    """The parser cuts a value at a blank followed by ; or #, quotes or not."""
    quoted = quote(text)
    assert " ;" not in quoted
    assert " #" not in quoted


def test_every_process_dies_with_its_supervisor_but_the_guardian(state_dir: Path) -> None:
    """The guardian must live to see the supervisor die."""
    text = render(
        [_program()], Place(repo=Path("/r"), state=state_dir, python=Path("/p")), StateDir(state_dir)
    )
    guardian, api = (line for line in text.splitlines() if line.startswith("command="))
    assert "deploy.local.guardian" in guardian
    assert "--pdeathsig" not in guardian
    assert "setpriv --pdeathsig KILL -- /bin/x" in api


def test_loopback_is_never_reached_through_a_proxy() -> None:
    """A proxy in the user's shell would answer health checks for the dead."""
    place = Place(repo=Path("/r"), state=Path("/s"), python=Path("/p"))
    env = environment(
        StateDir(Path("/s")), place, {"NO_PROXY": "corp", "SUPERVISOR_ENABLED": "1", "HOME": "/h"}
    )
    assert env["NO_PROXY"] == env["no_proxy"] == "corp,127.0.0.1,localhost"
    assert env["HOME"] == "/h"
    assert "SUPERVISOR_ENABLED" not in env


def test_a_setting_of_the_users_shell_does_not_lead_to_another_stack() -> None:
    """Who asks whom is said in the description; only what belongs to no stack is inherited."""
    place = Place(repo=Path("/r"), state=Path("/s"), python=Path("/p"))
    ours = {
        "WATCHKEEPER_PROMETHEUS_URL": "http://127.0.0.1:1",
        "WATCHKEEPER_CONSOLE_HOST": "::1",
        "WATCHKEEPER_PORT_OFFSET": "7",
        "WATCHKEEPER_GRAFANA_URL": "http://127.0.0.1:3",
    }
    env = environment(StateDir(Path("/s")), place, ours)
    assert {key for key in env if key.startswith("WATCHKEEPER_")} == {
        "WATCHKEEPER_STACK",
        "WATCHKEEPER_PROCESS",
        "WATCHKEEPER_GRAFANA_URL",
    }
