"""The demo's drills on the real native stack, on the real clock, to the end.

A page needs minutes to resolve, so two stacks stand side by side and share the drills: every drill that the
stack has to pass takes eleven minutes together. Further drills are rehearsed by hand (docs/drills.md).
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from deploy.local import marked
from deploy.local.paths import StateDir

CLI = Path(sys.executable).with_name("watchkeeper")
PORT_OFFSET = int(os.environ.get("WATCHKEEPER_E2E_PORT_OFFSET", "4000"))
STACKS: Mapping[int, Sequence[str]] = {
    PORT_OFFSET: ("provider-outage", "total-outage"),
    PORT_OFFSET + 500: ("replica-killed", "slow-provider"),
}
"""Drills by port offset. Silent ones first: what a page leaves in the long windows makes them harsher."""
UP_TIMEOUT_S = 300
YOUNG_S = 120
"""A stack that just started needs a minute until everything that a drill relies on was heard of once."""
DRILL_TIMEOUT_S = 1200

pytestmark = pytest.mark.timeout(1500)

Evidence = dict[str, Any]


class Stack:
    """One stack of its own."""

    def __init__(self, state: Path, port_offset: int) -> None:
        self.state = state
        self._env = {
            **os.environ,
            "WATCHKEEPER_STATE_DIR": str(state),
            "WATCHKEEPER_PORT_OFFSET": str(port_offset),
        }

    def watchkeeper(self, *arguments: str, timeout_s: int) -> "subprocess.CompletedProcess[str]":
        """Run a command against it."""
        return subprocess.run(
            [CLI, *arguments],
            env=self._env,
            cwd="/",
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def rehearse(self, drills: Sequence[str]) -> dict[str, tuple[int, Evidence, str]]:
        """Start it, rehearse, stop it; by drill: exit code, evidence and what was told."""
        try:
            up = self.watchkeeper("up", timeout_s=UP_TIMEOUT_S)
            assert up.returncode == 0, up.stderr
            return {drill: self._rehearse(drill) for drill in drills}
        finally:
            down = self.watchkeeper("down", timeout_s=120)
            assert down.returncode == 0, down.stderr
            assert marked.find(StateDir.at(self.state).id) == ()

    def _rehearse(self, drill: str) -> tuple[int, Evidence, str]:
        give_up = time.monotonic() + YOUNG_S
        while True:
            done = self.watchkeeper("incident", "rehearse", drill, "--json", timeout_s=DRILL_TIMEOUT_S)
            assert done.stdout, done.stderr
            evidence: Evidence = json.loads(done.stdout)
            if evidence["timeline"] or time.monotonic() > give_up:
                return done.returncode, evidence, done.stderr
            time.sleep(2)


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, tuple[int, Evidence, str]]]:
    """Rehearse all of them."""
    stacks = {offset: Stack(tmp_path_factory.mktemp("stack") / "state", offset) for offset in STACKS}
    with ThreadPoolExecutor(len(STACKS)) as pool:
        under_way = [pool.submit(stacks[offset].rehearse, drills) for offset, drills in STACKS.items()]
        yield {name: found for each in under_way for name, found in each.result().items()}


@pytest.mark.parametrize("drill", [drill for drills in STACKS.values() for drill in drills])
def test_the_demo_passes_its_drills(rehearsed: Mapping[str, tuple[int, Evidence, str]], drill: str) -> None:
    """Whoever has to be woken is woken in time, once, and told when it is over; nobody else is woken."""
    code, evidence, told = rehearsed[drill]
    assert evidence["verdict"] == "PASS", told
    assert code == 0


@pytest.mark.parametrize("drill", ["total-outage", "slow-provider"])
def test_a_page_takes_no_longer_than_promised(
    rehearsed: Mapping[str, tuple[int, Evidence, str]], drill: str
) -> None:
    """The catalog's promise, measured from the first fault and from the last."""
    _, evidence, told = rehearsed[drill]
    measured, allowed = evidence["measured_s"], evidence["allowed_s"]
    assert 0 < measured["delivery"] <= allowed["delivery"], told
    assert 0 < measured["resolution"] <= allowed["resolution"], told
    assert [page["expected"] for page in evidence["pages"] if page["wakes"]] == [True], told


@pytest.mark.parametrize(("drill", "proof"), [("provider-outage", "bitten"), ("replica-killed", "back")])
def test_silence_comes_with_proof(
    rehearsed: Mapping[str, tuple[int, Evidence, str]], drill: str, proof: str
) -> None:
    """Nobody was woken, although something broke."""
    _, evidence, told = rehearsed[drill]
    assert not [page for page in evidence["pages"] if page["wakes"]], told
    assert proof in [entry["event"] for entry in evidence["timeline"]], told
