"""The native stack with real processes under a real supervisor: order, changes, failures, orderly ends."""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from deploy.local import marked
from deploy.local.status import Condition
from deploy.local.supervise import EXIT_NOT_ALONE
from tests.integration.deploy.conftest import Stub, until
from watchkeeper.errors import StackError


def test_dependants_start_only_once_what_they_need_is_healthy(stub: Stub) -> None:
    """Independent processes start at once; the others wait for health, not for a process to exist."""
    told = stub.up(
        [
            {
                "name": "slow",
                "command": stub.command("--ready-after", "1"),
                "port": stub.port,
                "health": "/healthz",
            },
            {"name": "free", "command": stub.command(), "port": stub.port + 1, "health": "/healthz"},
            {
                "name": "user",
                "command": stub.command(),
                "port": stub.port + 2,
                "replicas": 2,
                "health": "/healthz",
                "after": ["slow"],
            },
        ]
    )
    order = told.events
    assert order.index("starting free") < order.index("healthy slow") < order.index("starting user-1")
    assert order.index("starting user-2") < order.index("healthy user-1")
    assert stub.look().complaints == []


def test_up_again_keeps_what_is_right_replaces_what_changed_and_removes_what_is_gone(stub: Stub) -> None:
    """Calling it twice is harmless; calling it with another description applies the difference."""
    same = {"name": "same", "command": stub.command(), "port": stub.port, "health": "/healthz"}
    gone = {"name": "gone", "command": stub.command(), "port": stub.port + 1, "health": "/healthz"}
    changed = {"name": "changed", "command": stub.command(), "port": stub.port + 2, "health": "/healthz"}
    stub.up([same, gone, changed])
    before = stub.pids()
    assert "already same" in stub.up([same, gone, changed]).events
    assert stub.pids() == before
    new = {"name": "new", "command": ["sleep", "600"]}
    stub.up([same, {**changed, "env": {"COLOUR": "red"}}, new])
    after = stub.pids()
    assert after["same"] == before["same"]
    assert after["changed"] != before["changed"]
    assert set(after) == {"same", "changed", "new", "supervisord", "guardian"}


def test_up_follows_an_edited_replica_count_but_keeps_a_scaled_one(stub: Stub) -> None:
    """What ``scale`` set is a decision of the moment; an edit is a newer one only where nobody scaled."""
    api = {
        "name": "api",
        "command": stub.command(),
        "port": stub.port,
        "max_replicas": 4,
        "health": "/healthz",
    }
    stub.up([{**api, "replicas": 1}])
    stub.up([{**api, "replicas": 2}])
    assert {"api-1", "api-2"} < set(stub.pids())
    stub.running().scale("api", 3)
    stub.up([{**api, "replicas": 1}])
    assert stub.record().replicas == {"api": 3}


def test_down_leaves_nothing_even_of_what_ignores_it(stub: Stub) -> None:
    """The deaf are killed, orphans found by their mark; a second time there is nothing to do."""
    stub.up(
        [
            {
                "name": "deaf",
                "command": stub.command("--ignore-term"),
                "port": stub.port,
                "health": "/healthz",
                "stop_timeout_s": 1,
            },
            {
                "name": "parent",
                "command": stub.command("--child"),
                "port": stub.port + 1,
                "health": "/healthz",
            },
            {"name": "paused", "command": stub.command(), "port": stub.port + 2, "health": "/healthz"},
        ]
    )
    stub.running().pause("paused")
    stopped = stub.down()
    assert set(stopped.names) == {"deaf", "parent", "paused", "supervisord", "guardian"}
    assert marked.find(stub.state.id) == ()
    assert stub.down().names == ()
    assert not stub.look().is_up


def test_a_stack_that_was_stopped_comes_up_again(stub: Stub) -> None:
    """The mark that keeps the guardian from reviving it must not outlast the stop."""
    process = {"name": "a", "command": stub.command(), "port": stub.port, "health": "/healthz"}
    stub.up([process])
    stub.down()
    stub.up([process])
    stub.running().kill("supervisord")
    until(lambda: stub.look().complaints == [], "revived after a second start")


def test_a_process_that_keeps_ending_is_named_with_the_end_of_its_log(stub: Stub) -> None:
    """The status says "backing off", `up` gives up early, and what depends on it is named."""
    broken = {"name": "broken", "command": [sys.executable, "-c", "raise SystemExit('no such table')"]}
    other = {"name": "other", "command": stub.command(), "port": stub.port, "health": "/healthz"}
    begun = time.monotonic()
    with pytest.raises(StackError) as caught:
        stub.up(
            [broken, other, {"name": "user", "command": ["sleep", "9"], "after": ["broken"]}], timeout_s=60
        )
    assert time.monotonic() - begun < 30
    message = str(caught.value)
    assert "broken is not healthy" in message
    assert "| no such table" in message
    assert "not started, because they wait for it: user" in message
    assert "other" not in message
    until(lambda: stub.row("broken").condition is Condition.BACKING_OFF, "backing off")
    assert stub.row("broken").restarts >= 4
    assert stub.row("other").condition is Condition.RUNNING
    assert stub.row("user").condition is Condition.STOPPED


def test_up_times_out_with_the_truth(stub: Stub) -> None:
    """A process that runs but never becomes healthy is said to do just that; `up` can be tried again."""
    late = {
        "name": "late",
        "command": stub.command("--ready-after", "8"),
        "port": stub.port,
        "health": "/healthz",
    }
    with pytest.raises(StackError, match=r"late is not healthy: runs \(pid \d+\) but answers 503"):
        stub.up([late], timeout_s=4)
    assert stub.row("late").condition in {Condition.STARTING, Condition.UNHEALTHY}
    assert "healthy late" in " ".join(stub.up([late]).events)


def test_a_port_in_use_names_who_wants_it_and_who_has_it(stub: Stub) -> None:
    """And nothing is started."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", stub.port))
        taken.listen()
        with pytest.raises(StackError) as caught:
            stub.up([{"name": "a", "command": stub.command(), "port": stub.port}])
    assert str(caught.value).startswith(f"port {stub.port} is wanted by a but held by ")
    assert f"(pid {os.getpid()})" in str(caught.value)
    assert "WATCHKEEPER_PORT_OFFSET" in str(caught.value)
    assert stub.pids() == {}


def test_paused_and_unhealthy_are_told_apart_from_running(stub: Stub) -> None:
    """Supervisor calls all three RUNNING."""
    stub.up([{"name": "a", "command": stub.command(), "port": stub.port, "health": "/healthz"}])
    stub.running().pause("a")
    assert stub.row("a").condition is Condition.PAUSED
    stub.running().resume("a")
    until(lambda: stub.row("a").condition is Condition.RUNNING, "resumed")


def test_any_process_comes_back_after_sigkill_the_supervisor_and_the_guardian_too(stub: Stub) -> None:
    """Each in turn, twice; restarts are counted; no process is ever there twice."""
    stub.up(
        [
            {"name": "a", "command": stub.command(), "port": stub.port, "health": "/healthz"},
            {
                "name": "b",
                "command": stub.command(),
                "port": stub.port + 1,
                "health": "/healthz",
                "after": ["a"],
            },
        ]
    )
    for name in ("a", "guardian", "supervisord", "b", "supervisord", "guardian"):
        before = stub.row(name).restarts
        stub.running().kill(name)
        until(
            lambda name=name, before=before: stub.row(name).restarts > before and not stub.look().complaints,  # type: ignore[misc]
            f"{name} is back",
        )
        names = [each.process for each in marked.find(stub.state.id)]
        assert sorted(names) == ["a", "b", "guardian", "supervisord"]


def test_the_status_tells_the_truth_when_supervisor_and_guardian_are_both_dead(stub: Stub) -> None:
    """Two at once is beyond reviving; nothing of theirs lives on, and `up` starts anew."""
    process = {"name": "a", "command": stub.command(), "port": stub.port, "health": "/healthz"}
    stub.up([process])
    pids = stub.pids()
    os.kill(pids["guardian"], signal.SIGSTOP)
    os.kill(pids["supervisord"], signal.SIGKILL)
    os.kill(pids["guardian"], signal.SIGKILL)
    until(lambda: stub.pids() == {}, "all dead")
    assert {row.name: row.condition for row in stub.look().processes} == dict.fromkeys(
        ["supervisord", "a", "guardian"], Condition.STOPPED
    )
    stub.up([process])
    assert stub.look().complaints == []


def test_a_killed_supervisor_is_not_revived_once_the_stop_has_begun(stub: Stub) -> None:
    """Down means down."""
    stub.up([{"name": "a", "command": stub.command(), "port": stub.port, "health": "/healthz"}])
    stub.state.stopping.touch()
    stub.running().kill("supervisord")
    until(lambda: stub.pids() == {}, "nobody came back")


def test_there_is_never_a_second_supervisor(stub: Stub) -> None:
    """Whoever comes late goes away again."""
    stub.up([{"name": "a", "command": stub.command(), "port": stub.port, "health": "/healthz"}])
    late = subprocess.run(
        [sys.executable, "-m", "deploy.local.supervise", str(stub.state.root)], check=False, timeout=20
    )
    assert late.returncode == EXIT_NOT_ALONE
    assert stub.look().complaints == []


def test_logs_are_kept_apart_by_process(stub: Stub) -> None:
    """One file each, with what the process wrote."""
    stub.up([{"name": "a", "command": stub.command(), "port": stub.port, "health": "/healthz"}])
    until(lambda: stub.state.log("a").read_text() == f"listening on {stub.port}\n", "its line is in its log")
