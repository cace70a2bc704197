"""Small parts at the edges: target files, silences, the record."""

import json
from pathlib import Path
from typing import Any

import pytest

from loadtests.drills.addresses import AddressError, of_job, read_targets
from loadtests.drills.record import BusyError, DrillRecords, SwitchedFault
from tests.unit.loadtests.drills.drill_story import START
from watchkeeper.alertmanager_api import Silence
from watchkeeper.errors import WatchkeeperError

LABELS = {"alertname": "ErrorBudgetBurn", "service": "shop", "severity": "page"}
FAULT = SwitchedFault(job="bank", url="http://127.0.0.1:1", fault="outage")


def test_targets_are_read_from_prometheus_own_files(tmp_path: Path) -> None:
    """Several groups, labels, and a scheme where it is not http."""
    groups = [
        {"targets": ["127.0.0.1:1", "127.0.0.1:2"], "labels": {"instance": "x"}},
        {"targets": ["bank.example:443"], "labels": {"__scheme__": "https"}},
    ]
    (tmp_path / "bank.json").write_text(json.dumps(groups))
    assert read_targets(tmp_path) == {
        "bank": ("http://127.0.0.1:1", "http://127.0.0.1:2", "https://bank.example:443")
    }


def test_without_a_stack_no_job_has_processes(tmp_path: Path) -> None:
    """The answer says how to get them."""
    with pytest.raises(AddressError, match="start the stack with: make up"):
        of_job(read_targets(tmp_path / "nowhere"), "bank")


@pytest.mark.parametrize("content", ["", "{}", '[{"targets": 7}]', '[{"target": []}]', "\x00"])
def test_a_damaged_target_file_is_named(tmp_path: Path, content: str) -> None:
    """Never a traceback."""
    (tmp_path / "bank.json").write_text(content)
    with pytest.raises(AddressError, match=r"bank\.json: no targets can be read"):
        read_targets(tmp_path)


@pytest.mark.parametrize(
    ("matcher", "mutes"),
    [
        ({"name": "service", "value": "shop"}, True),
        ({"name": "service", "value": "bank"}, False),
        ({"name": "service", "value": "bank", "isEqual": False}, True),
        ({"name": "service", "value": "sh.*", "isRegex": True}, True),
        ({"name": "service", "value": "sh", "isRegex": True}, False),
        ({"name": "service", "value": "sh.*", "isRegex": True, "isEqual": False}, False),
        ({"name": "cluster", "value": ""}, True),
        ({"name": "cluster", "value": "eu"}, False),
        ({"name": "service", "value": "(?P<", "isRegex": True}, True),
    ],
)
def test_a_silence_mutes_what_its_matchers_match(matcher: dict[str, Any], mutes: bool) -> None:
    """As Alertmanager does: anchored, absent is empty; what can not be read may match."""
    assert silence("active", {"isRegex": False, **matcher}).mutes(LABELS) is mutes


@pytest.mark.parametrize("state", ["expired", "pending"])
def test_a_silence_that_is_not_in_force_mutes_nothing(state: str) -> None:
    """Alertmanager keeps expired ones for days."""
    assert not silence(state, {"name": "service", "value": "shop", "isRegex": False}).mutes(LABELS)


def silence(state: str, matcher: dict[str, Any]) -> Silence:
    """Read a silence as Alertmanager gives it."""
    return Silence.model_validate(
        {
            "id": "1",
            "createdBy": "me",
            "comment": "",
            "matchers": [matcher],
            "status": {"state": state},
            "updatedAt": "2026-01-01T00:00:00Z",
        }
    )


def test_a_record_is_remembered_until_it_is_forgotten(tmp_path: Path) -> None:
    """By whoever looks, from any process."""
    records = DrillRecords(tmp_path / "drills")
    assert records.active() is None
    records.remember("bank-down", [FAULT], now=START)
    active = DrillRecords(tmp_path / "drills").active()
    assert active is not None
    assert (active.drill, active.since, active.faults) == ("bank-down", START, (FAULT,))
    records.forget()
    records.forget()
    assert records.active() is None


def test_a_damaged_record_says_how_to_be_sure(tmp_path: Path) -> None:
    """The one thing that must not be lost is how to end the faults."""
    (tmp_path / "active.json").write_text("{")
    with pytest.raises(WatchkeeperError, match="restart the stack, which ends every fault"):
        DrillRecords(tmp_path).active()


def test_two_drills_exclude_each_other(tmp_path: Path) -> None:
    """The second one is told; afterwards it may."""
    records = DrillRecords(tmp_path)
    with records.exclusive(), pytest.raises(BusyError, match="another drill is under way"):
        DrillRecords(tmp_path).exclusive().__enter__()
    with records.exclusive():
        pass
