"""Each process of the whole stack is killed in turn: it comes back, and the status tells the truth."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from deploy.local import marked
from deploy.local.paths import StateDir
from deploy.local.replicas import RunningStack

REPO = Path(__file__).parents[2]
CLI = Path(sys.executable).with_name("watchkeeper")
PORT_OFFSET = int(os.environ.get("WATCHKEEPER_E2E_PORT_OFFSET", "4000"))
BACK_WITHIN_S = 45.0

pytestmark = pytest.mark.timeout(900)


def _watchkeeper(state: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "WATCHKEEPER_STATE_DIR": str(state), "WATCHKEEPER_PORT_OFFSET": str(PORT_OFFSET)}
    return subprocess.run(
        [CLI, *arguments], env=env, cwd="/", capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The demo stack, up and measuring."""
    directory = tmp_path_factory.mktemp("stack") / "state dir"
    try:
        up = _watchkeeper(directory, "up")
        assert up.returncode == 0, up.stderr
        yield directory
    finally:
        down = _watchkeeper(directory, "down")
        assert down.returncode == 0, down.stderr
        assert marked.find(StateDir.at(directory).id) == ()


def _named(status: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in json.loads(status.stdout)["stack"]["processes"]}


def _pages(state: Path) -> list[dict[str, object]]:
    console = RunningStack.at(state).program("console")
    answer = httpx2.get(f"http://{console.address}/api/v1/pages", trust_env=False)
    assert answer.status_code == 200
    pages: list[dict[str, object]] = answer.json()
    return pages


def _deliver_a_page(state: Path) -> None:
    """Have Alertmanager deliver an alert of our own, so that there is a page that could be lost."""
    alertmanager = RunningStack.at(state).program("alertmanager")
    labels = {"alertname": "Rehearsal", "service": "gateway", "team": "platform", "severity": "page"}
    alert = {"labels": labels, "annotations": {"summary": "a rehearsal of this test"}}
    answer = httpx2.post(f"http://{alertmanager.address}/api/v2/alerts", json=[alert], trust_env=False)
    assert answer.status_code == 200
    give_up = time.monotonic() + 60
    while not any("Rehearsal" in json.dumps(page) for page in _pages(state)):
        assert time.monotonic() < give_up, "the page was not delivered"
        time.sleep(0.5)


def test_every_process_comes_back_after_sigkill_and_the_status_never_lies(state: Path) -> None:
    """Killed: the status says so at once (exit 1) or the process is already back with a restart counted."""
    _deliver_a_page(state)
    names = list(_named(_watchkeeper(state, "status", "--json")))
    assert {"supervisord", "guardian", "prometheus", "alertmanager", "haproxy", "console"} <= set(names)
    stack = RunningStack.at(state)
    for name in names:
        before = _named(_watchkeeper(state, "status", "--json"))[name]
        pid = stack.kill(name)
        status = _watchkeeper(state, "status", "--json")
        meanwhile = _named(status)[name]
        if meanwhile["condition"] == "running":
            assert meanwhile["pid"] != pid, name
        else:
            assert status.returncode == 1, name
        give_up = time.monotonic() + BACK_WITHIN_S
        while True:
            status = _watchkeeper(state, "status", "--json")
            row = _named(status)[name]
            if status.returncode == 0 and row["restarts"] > before["restarts"]:
                break
            assert time.monotonic() < give_up, f"{name} did not come back: {status.stderr}"
            time.sleep(0.5)
        assert any("Rehearsal" in json.dumps(page) for page in _pages(state)), f"page lost with {name}"
    alive = [each.process for each in marked.find(StateDir.at(state).id)]
    assert sorted(set(alive)) == sorted(names)
