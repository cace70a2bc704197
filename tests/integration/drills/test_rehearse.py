"""Drills rehearsed for real: real Prometheus, real Alertmanager, real inbox, from the command line."""

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.integration.drills.conftest import World, until

pytestmark = pytest.mark.xdist_group("drills")


def evidence(done: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    """Read what ``--json`` printed."""
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def steps(document: dict[str, Any]) -> list[str]:
    """Give what happened."""
    return [entry["event"] for entry in document["timeline"]]


def test_an_outage_pages_once_and_resolves(world: World) -> None:
    """PASS, exit 0: bad events, firing, delivered, cleared, resolved, all seen in order and measured."""
    done = world.incident("rehearse", "outage", "--json")
    assert done.returncode == 0, done.stderr
    found = evidence(done)
    assert found["verdict"] == "PASS"
    order = [
        "injected",
        "bad_events",
        "firing",
        "delivered",
        "cleared",
        "recovered",
        "alert_ended",
        "resolved",
    ]
    assert [step for step in steps(found) if step in order] == order
    assert 0 < found["measured_s"]["detection"] <= found["measured_s"]["delivery"] <= 20
    assert found["allowed_s"] == {"detection": None, "delivery": 20, "resolution": 60, "silence": None}
    (page,) = found["pages"]
    assert (page["expected"], page["status"], page["slos"]) == (True, "resolved", ["shop-availability"])
    assert world.faults_on() == set()
    stored = max((world.state / "drills").glob("*Z-outage.json"))
    assert json.loads(stored.read_text()) == found
    assert "page delivered" in done.stderr


def test_a_page_that_does_not_come_fails(world: World) -> None:
    """FAIL, exit 1: a few bad requests are too few for the page that the drill promises."""
    done = world.incident("rehearse", "hiccup")
    assert done.returncode == 1, done.stdout
    assert (
        "no page for shop-availability came: the events were bad, but the alert did not fire" in done.stdout
    )
    assert world.faults_on() == set()


def test_a_page_in_a_silent_drill_fails(world: World) -> None:
    """FAIL, exit 1: nobody should have been woken, and somebody was."""
    done = world.incident("rehearse", "outage-in-silence")
    assert done.returncode == 1, done.stdout
    assert "nobody else should have been woken" in done.stdout
    assert world.faults_on() == set()


def test_a_fault_that_is_absorbed_passes(world: World) -> None:
    """PASS, exit 0: the bank suffered, and nobody was woken."""
    done = world.incident("rehearse", "bank-outage", "--json")
    assert done.returncode == 0, done.stderr
    assert "bitten" in steps(evidence(done))


def test_a_fault_without_effect_is_invalid(world: World) -> None:
    """INVALID, exit 3: silence after nothing proves nothing."""
    done = world.incident("rehearse", "placebo")
    assert done.returncode == 3, done.stdout
    assert "the fault did not bite" in done.stdout


def test_traffic_that_stops_is_invalid(world: World) -> None:
    """INVALID, exit 3: without requests nothing can be bad."""
    done = world.incident("rehearse", "standstill")
    assert done.returncode == 3, done.stdout
    assert "the traffic stopped: shop-availability had no events" in done.stdout


def test_a_fault_that_the_process_does_not_know_is_invalid(world: World) -> None:
    """INVALID, exit 3: nothing was injected."""
    done = world.incident("rehearse", "unknown-fault")
    assert done.returncode == 3, done.stdout
    assert "earthquake at shop" in done.stdout
    assert "HTTP 404" in done.stdout


def begin(world: World, name: str) -> "subprocess.Popen[str]":
    """Begin a rehearsal, and return once its fault is on."""
    process = subprocess.Popen(
        world.command("rehearse", name),
        cwd=world.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    until(lambda: bool(world.faults_on()), "the fault is on")
    return process


def test_prometheus_gone_in_the_midst_is_invalid(world: World) -> None:
    """INVALID, exit 3: what can not be seen has not passed."""
    process = begin(world, "outage")
    world.kill("prometheus")
    try:
        output, _ = process.communicate(timeout=60)
    finally:
        world.start("prometheus")
    assert process.returncode == 3, output
    assert "the drill could not see: Prometheus did not answer" in output
    assert world.faults_on() == set()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_drill_and_takes_the_fault_back(world: World, number: signal.Signals) -> None:
    """INVALID, exit 3, and no fault is left behind."""
    process = begin(world, "bank-outage")
    process.send_signal(number)
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 3, output
    assert f"the drill was cut short: by {number.name}" in output
    assert world.faults_on() == set()
    assert not (world.state / "drills" / "active.json").exists()


def test_stop_cleans_up_after_a_rehearsal_that_was_killed(world: World) -> None:
    """Nothing can catch SIGKILL; the record of what is on outlives it."""
    process = begin(world, "bank-outage")
    process.kill()
    process.communicate()
    assert world.faults_on() == {"outage at bank"}
    assert (world.state / "drills" / "active.json").exists()
    done = world.incident("stop")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"took back outage at bank ({world.url('bank')})\n"
    assert world.faults_on() == set()
    assert world.incident("stop").stdout == "no fault was on\n"


def test_the_recorded_process_is_cleaned_even_when_it_is_no_target_any_more(
    world: World, tmp_path: Path
) -> None:
    """Scaling or a new port must not hide a fault from the clean-up."""
    assert world.incident("start", "bank-outage").returncode == 0
    empty = tmp_path / "targets"
    empty.mkdir()
    command = [part if part != str(world.targets) else str(empty) for part in world.command("stop")]
    subprocess.run(command, cwd=world.folder, check=True)
    assert world.faults_on() == set()


def test_start_injects_and_stop_takes_back(world: World) -> None:
    """Nothing is judged; the answer says how to end it."""
    done = world.incident("start", "bank-outage")
    assert done.stdout == (
        "started bank-outage: outage at bank\ntake it back with: watchkeeper incident stop bank-outage\n"
    )
    assert world.faults_on() == {"outage at bank"}
    assert world.incident("stop", "placebo").stdout == "no fault was on\n"
    assert world.faults_on() == {"outage at bank"}
    assert world.incident("stop", "bank-outage").returncode == 0
    assert world.faults_on() == set()


def test_a_fault_that_is_on_already_forbids_the_drill(world: World) -> None:
    """Two faults at once prove nothing about either."""
    world.incident("start", "bank-outage")
    done = world.incident("rehearse", "outage")
    assert done.returncode == 3
    assert (
        f"outage at bank ({world.url('bank')}) is on already; run: watchkeeper incident stop" in done.stdout
    )
    assert world.faults_on() == {"outage at bank"}
    assert (world.state / "drills" / "active.json").exists()


def test_a_silence_forbids_the_drill(world: World) -> None:
    """Muted alerts would make any silent drill pass."""
    silences = f"{world.url('alertmanager')}/api/v2/silences"
    silence = world.client.post(
        silences,
        json={
            "matchers": [{"name": "service", "value": "sh.*", "isRegex": True, "isEqual": True}],
            "startsAt": "2020-01-01T00:00:00Z",
            "endsAt": "2099-01-01T00:00:00Z",
            "createdBy": "night owl",
            "comment": "let me sleep",
        },
    ).json()["silenceID"]
    try:
        done = world.incident("rehearse", "bank-outage")
    finally:
        world.client.delete(f"{world.url('alertmanager')}/api/v2/silence/{silence}").raise_for_status()
    assert done.returncode == 3
    assert "by night owl (let me sleep) mutes the alert; expire it first" in done.stdout


def test_only_one_drill_at_a_time(world: World) -> None:
    """Two would spoil each other's evidence."""
    process = begin(world, "bank-outage")
    done = world.incident("rehearse", "placebo")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert done.returncode == 3
    assert "another drill is under way" in done.stderr
