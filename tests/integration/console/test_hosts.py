"""Only who knows a service's name is answered: a web page of others can not read it by DNS rebinding."""

import subprocess
import sys
from collections.abc import Callable, Iterator

import httpx2
import pytest

from tests.integration.console.harness import RunningConsole, free_port, notification, until

FOREIGN = [
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example:9400",
    "[::2]:9400",
    "console.",
    "",
]
OWN = ["127.0.0.1", "localhost:9400", "LOCALHOST", "[::1]:9400", "[::1]"]


@pytest.fixture(scope="module")
def exporters() -> Iterator[httpx2.Client]:
    """Run the exporters on a free port."""
    port = free_port()
    command = [sys.executable, "-m", "exporters", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:

        def ready() -> bool:
            try:
                return http.get("/readyz").status_code == httpx2.codes.OK
            except httpx2.HTTPError:
                return False

        until(ready, timeout_s=30, why="the exporters answer")
        yield http
    process.terminate()
    process.wait(20)


@pytest.mark.parametrize("host", FOREIGN)
@pytest.mark.parametrize(
    "path", ["/", "/api/v1/pages", "/d/slo", "/static/console.css", "/metrics/", "//metrics"]
)
def test_a_foreign_name_learns_nothing(shared: RunningConsole, path: str, host: str) -> None:
    """And is told what to do if the name is right."""
    answer = shared.http.get(path, headers={"Host": host})
    assert answer.status_code == 421
    assert "WATCHKEEPER_ALLOWED_HOSTS" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/api/v1/heartbeat", "/api/v1/alertmanager"])
def test_a_foreign_name_forges_nothing(shared: RunningConsole, path: str) -> None:
    """A forged heartbeat would hide that alerting is dead."""
    labels = {"alertname": "Watchdog", "severity": "none"}
    body = notification("forged", labels=labels)
    assert shared.http.post(path, json=body, headers={"Host": "evil.example:9400"}).status_code == 421
    assert shared.metric("watchkeeper_heartbeat_last_timestamp_seconds") == 0


@pytest.mark.parametrize("host", [*OWN, "console:9400"])
def test_the_console_answers_to_its_names(shared: RunningConsole, host: str) -> None:
    """On loopback, and as Alertmanager calls it in compose."""
    assert shared.http.get("/api/v1/pages", headers={"Host": host}).status_code == 200
    body = notification("named")
    assert shared.http.post("/api/v1/alertmanager", json=body, headers={"Host": host}).status_code == 200


def test_more_names_are_a_setting(start: Callable[..., RunningConsole]) -> None:
    """Behind a reverse proxy it has a name of its own."""
    console = start(WATCHKEEPER_ALLOWED_HOSTS="pages.example, Watch.Example")
    for host, status in {"pages.example": 200, "watch.example:443": 200, "evil.example": 421}.items():
        assert console.http.get("/", headers={"Host": host}).status_code == status


@pytest.mark.parametrize("host", ["172.18.0.7:9400", "anything.example"])
@pytest.mark.parametrize("path", ["/metrics", "/healthz"])
def test_whoever_watches_needs_no_name(
    shared: RunningConsole, exporters: httpx2.Client, path: str, host: str
) -> None:
    """Prometheus scrapes by the address that DNS gave it."""
    assert shared.http.get(path, headers={"Host": host}).status_code == 200
    assert exporters.get(path, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", [*OWN, "exporters:9464"])
def test_the_exporters_answer_to_their_names(exporters: httpx2.Client, host: str) -> None:
    """On loopback, and in compose."""
    assert exporters.get("/readyz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", FOREIGN)
def test_the_exporters_answer_to_no_other(exporters: httpx2.Client, host: str) -> None:
    """Whatever they will serve one day is guarded already."""
    assert exporters.get("/readyz", headers={"Host": host}).status_code == 421
