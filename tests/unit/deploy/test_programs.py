"""From description to programs: placeholders, ports, executables, order."""

from pathlib import Path

import pytest

from deploy.local.programs import Place, find_program, resolve, stop_waves
from deploy.local.stack import ProcessSpec, Stack
from watchkeeper.errors import StackError

PLACE = Place(repo=Path("/my repo"), state=Path("/my repo/.run"), python=Path("/v/python"), port_offset=1000)


def _stack(*specs: dict[str, object]) -> Stack:
    return Stack(processes=tuple(ProcessSpec.model_validate(spec) for spec in specs))


def _which(name: str) -> str | None:
    return f"/usr/bin/{name}"


def test_placeholders_are_filled_and_ports_shifted() -> None:
    """Every port is shifted by the offset, wherever it is referred to."""
    stack = _stack(
        {"name": "lb", "command": ["lb"], "port": 10, "ports": {"edge": 20}},
        {
            "name": "api",
            "command": [
                "{python}",
                "{name}",
                "{port}",
                "{port:lb}",
                "{port:lb.edge}",
                "{port:api-1}",
                "{state}/d",
            ],
            "env": {"HOME": "{repo}"},
            "port": 30,
            "replicas": 2,
            "health": "/ok",
        },
    )
    _, first, second = resolve(stack, PLACE, which=_which)
    assert first.command == ("/v/python", "api-1", "1030", "1010", "1020", "1030", "/my repo/.run/d")
    assert second.command[1:3] == ("api-2", "1031")
    assert second.env == {"HOME": "/my repo"}
    assert second.health_url == "http://127.0.0.1:1031/ok"


def test_the_replica_count_of_the_moment_wins() -> None:
    """A stack that was scaled stays scaled."""
    stack = _stack({"name": "api", "command": ["x"], "port": 30, "replicas": 2, "max_replicas": 5})
    assert [p.name for p in resolve(stack, PLACE, {"api": 3}, which=_which)] == ["api-1", "api-2", "api-3"]


def test_unknown_placeholders_are_all_named_with_what_there_is() -> None:
    """A typo is answered with the words that would have worked."""
    stack = _stack(
        {"name": "a", "command": ["x", "{prot}"], "port": 5},
        {"name": "b", "command": ["x", "{port:z}", "{port}"]},
    )
    with pytest.raises(StackError) as caught:
        resolve(stack, PLACE, which=_which)
    first, second = str(caught.value).splitlines()
    assert first == (
        "process 'a': unknown placeholder {prot}; there are {name}, {port}, {python}, {repo}, {state} "
        "and {port:X} with X one of a"
    )
    assert second.startswith("process 'b': unknown placeholder {port:z}")


def test_a_port_shifted_out_of_range_says_what_to_change() -> None:
    """The offset is the user's; so is the remedy."""
    stack = _stack({"name": "a", "command": ["x"], "port": 65000})
    with pytest.raises(StackError, match=r"port 65000 shifted by 1000 is 66000.*WATCHKEEPER_PORT_OFFSET"):
        resolve(stack, PLACE, which=_which)


def test_missing_programs_name_the_package() -> None:
    """Whoever reads it can install it."""
    stack = _stack({"name": "am", "command": ["alertmanager"]}, {"name": "p", "command": ["prometheus"]})
    with pytest.raises(StackError) as caught:
        resolve(stack, PLACE, which=lambda _: None)
    assert "--no-install-recommends prometheus-alertmanager" in str(caught.value)
    assert "'p': prometheus is not installed" in str(caught.value)


@pytest.mark.parametrize("name", ["alertmanager", "prometheus-alertmanager"])
def test_alertmanager_is_found_by_debians_name_and_by_upstreams(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Debian renamed it."""
    program = tmp_path / name
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_program("alertmanager") == str(program)


def test_users_are_stopped_before_what_they_use() -> None:
    """Otherwise the last seconds of every run would look like an outage."""
    stack = _stack(
        {"name": "db", "command": ["x"]},
        {"name": "api", "command": ["x"], "port": 9, "replicas": 2, "after": ["db"]},
        {"name": "load", "command": ["x"], "after": ["api"]},
        {"name": "lone", "command": ["x"]},
    )
    waves = [set(wave) for wave in stop_waves(resolve(stack, PLACE, which=_which))]
    assert waves == [{"load", "lone"}, {"api-1", "api-2"}, {"db"}]
