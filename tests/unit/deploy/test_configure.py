"""Placing configuration: ports are shifted where they are ours, targets follow the replicas."""

import json
from pathlib import Path

from deploy.haproxy.compose import edge
from deploy.haproxy.config import render
from deploy.local.configure import Context, configure, shift_loopback_ports, write_targets
from deploy.local.paths import StateDir
from deploy.local.programs import Place, resolve
from deploy.local.stack import ProcessSpec, Stack

STACK = Stack(
    processes=(
        ProcessSpec(name="console", command=("x",), port=9400, scrape=True),
        ProcessSpec(name="api", command=("x",), port=18101, replicas=2, max_replicas=3, scrape=True),
        ProcessSpec.model_validate(
            {
                "name": "lb",
                "command": ["x"],
                "port": 8405,
                "ports": {"edge": 8080},
                "configuration": "haproxy",
                "balances": "api",
            }
        ),
    )
)


def _context(state: StateDir, replicas: int) -> Context:
    return Context(
        STACK, Place(repo=Path("/r"), state=state.root, python=Path("/p")), state, {"api": replicas}
    )


def test_only_the_stacks_own_loopback_ports_are_shifted() -> None:
    """Other hosts, other ports and look-alikes stay as they are."""
    text = (
        "a: http://127.0.0.1:9400/x\nb: http://127.0.0.1:9401\nc: 127.0.0.1:18103\n"
        "d: 10.127.0.0.1:9400\ne: example.org:9400\nf: 127.0.0.1:94000\n"
    )
    assert shift_loopback_ports(text, STACK, 50) == (
        "a: http://127.0.0.1:9450/x\nb: http://127.0.0.1:9401\nc: 127.0.0.1:18153\n"
        "d: 10.127.0.0.1:9400\ne: example.org:9400\nf: 127.0.0.1:94000\n"
    )
    assert shift_loopback_ports(text, STACK, 0) == text


def test_targets_name_the_running_replicas_and_nothing_else(tmp_path: Path) -> None:
    """The job is in prometheus.yml; a target carries its instance; a job that is gone leaves no file."""
    state = StateDir(tmp_path)
    state.targets.mkdir(parents=True)
    (state.targets / "gone.json").write_text("[]")
    place = Place(repo=Path("/r"), state=tmp_path, python=Path("/p"), port_offset=1)
    write_targets(state, resolve(STACK, place, {"api": 1}, which=lambda name: name))
    assert sorted(path.name for path in state.targets.iterdir()) == ["api.json", "console.json"]
    assert json.loads((state.targets / "api.json").read_text()) == [
        {"targets": ["127.0.0.1:18102"], "labels": {"instance": "api-1"}}
    ]


def test_haproxys_file_has_a_slot_for_every_replica_there_can_be(tmp_path: Path) -> None:
    """Those that do not run are declared and out of rotation; changing that alone is no new configuration."""
    state = StateDir(tmp_path)
    state.conf.mkdir()
    digests: list[dict[str, str]] = []
    for replicas, disabled in ((2, 1), (1, 2)):
        context = _context(state, replicas)
        programs = resolve(STACK, context.place, which=lambda name: name)
        digests.append(configure(context, programs, digests[-1] if digests else {}))
        text = (state.conf / "haproxy.cfg").read_text()
        assert text.count("server api-") == 3
        assert text.count(" disabled\n") == disabled
    assert digests[0] == digests[1]


def test_a_post_is_not_sent_twice() -> None:
    """Only methods without effect are retried once the request has left."""
    assert "disable-l7-retry unless METH_GET or { method HEAD OPTIONS }" in render(edge())
