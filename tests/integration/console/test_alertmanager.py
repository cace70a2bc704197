"""A real Alertmanager delivers to a real console."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
import yaml

from tests.integration.console.harness import RunningConsole, free_port, start_console, stop, until

DELIVERY_TIMEOUT_S = 20.0
LABELS = {"alertname": "ErrorBudgetBurn", "severity": "page", "service": "shop", "slo": "shop-availability"}


class Alertmanager:
    """An Alertmanager process that delivers pages, and the Watchdog's heartbeat, to a console."""

    def __init__(self, folder: Path, console_url: str) -> None:
        program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
        if program is None:
            pytest.fail("no Alertmanager on this machine: apt-get install prometheus-alertmanager")
        folder.mkdir()
        pace = {"group_wait": "0s", "group_interval": "1s", "repeat_interval": "1h"}
        heartbeat = {"matchers": ['alertname="Watchdog"'], "receiver": "heartbeat", **pace}
        config = {
            "route": {
                "receiver": "inbox",
                "group_by": ["service", "severity"],
                **pace,
                "routes": [heartbeat],
            },
            "receivers": [
                {"name": "inbox", "webhook_configs": [{"url": f"{console_url}/api/v1/alertmanager"}]},
                {"name": "heartbeat", "webhook_configs": [{"url": f"{console_url}/api/v1/heartbeat"}]},
            ],
        }
        (folder / "alertmanager.yml").write_text(yaml.safe_dump(config))
        port = free_port()
        self.http = httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=5)
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [
                    program,
                    f"--config.file={folder}/alertmanager.yml",
                    f"--storage.path={folder}/data",
                    f"--web.listen-address=127.0.0.1:{port}",
                    "--cluster.listen-address=",
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        until(self._ready, timeout_s=DELIVERY_TIMEOUT_S, why="Alertmanager is ready")

    def fire(self, *, starts: datetime, ends: datetime | None = None, **labels: str) -> None:
        """Report an alert as Prometheus does."""
        alert = {
            "labels": LABELS | labels,
            "annotations": {"summary": "It burns"},
            "startsAt": starts.isoformat(),
            "endsAt": (ends or datetime.now(UTC) + timedelta(minutes=4)).isoformat(),
        }
        self.http.post("/api/v2/alerts", json=[alert]).raise_for_status()

    def close(self) -> None:
        """End it."""
        self.http.close()
        self.process.terminate()
        self.process.wait(10)

    def _ready(self) -> bool:
        try:
            return self.http.get("/-/ready").status_code == httpx2.codes.OK
        except httpx2.HTTPError:
            return False


@pytest.fixture
def alertmanagers(tmp_path: Path) -> Iterator[Callable[[str], Alertmanager]]:
    """Start Alertmanagers that end with the test."""
    started: list[Alertmanager] = []

    def run(console_url: str) -> Alertmanager:
        started.append(Alertmanager(tmp_path / f"alertmanager-{len(started)}", console_url))
        return started[-1]

    yield run
    for each in started:
        each.close()


def statuses(console: RunningConsole) -> list[str]:
    """Give the status of every page, newest first."""
    return [page["status"] for page in console.pages()]


def test_an_alert_becomes_a_page_and_resolves(
    start: Callable[..., RunningConsole], alertmanagers: Callable[[str], Alertmanager]
) -> None:
    """Fired, grown, resolved: one page; fired anew: a second one. The Watchdog is no page."""
    console = start()
    alertmanager = alertmanagers(console.url)
    began = datetime.now(UTC)
    alertmanager.fire(starts=began, alertname="Watchdog", severity="none")
    alertmanager.fire(starts=began)
    until(lambda: statuses(console) == ["open"], timeout_s=DELIVERY_TIMEOUT_S, why="the page opens")
    (page,) = console.pages()
    assert page["severity"] == "page"
    assert page["group_labels"] == {"service": "shop", "severity": "page"}
    assert page["alerts"][0]["annotations"] == {"summary": "It burns"}

    alertmanager.fire(starts=began, slo="shop-latency")
    until(lambda: len(console.pages()[0]["alerts"]) == 2, timeout_s=DELIVERY_TIMEOUT_S, why="it grows")
    for slo in ("shop-availability", "shop-latency"):
        alertmanager.fire(starts=began, ends=datetime.now(UTC), slo=slo)
    until(lambda: statuses(console) == ["resolved"], timeout_s=DELIVERY_TIMEOUT_S, why="the page resolves")

    alertmanager.fire(starts=datetime.now(UTC))
    until(lambda: statuses(console) == ["open", "resolved"], timeout_s=DELIVERY_TIMEOUT_S, why="a new page")
    beat = "watchkeeper_heartbeat_last_timestamp_seconds"
    until(lambda: console.metric(beat) > 0, timeout_s=DELIVERY_TIMEOUT_S, why="the Watchdog is heard")


def test_two_alertmanagers_that_do_not_know_each_other_make_one_page(
    start: Callable[..., RunningConsole], alertmanagers: Callable[[str], Alertmanager]
) -> None:
    """Prometheus reports to every replica; when they lose each other, people are still told once."""
    console = start()
    pair = [alertmanagers(console.url), alertmanagers(console.url)]
    began = datetime.now(UTC)
    for each in pair:
        each.fire(starts=began)
    received = 'watchkeeper_notifications_received_total{status="firing"}'
    until(lambda: console.metric(received) == 2, timeout_s=DELIVERY_TIMEOUT_S, why="both have delivered")
    assert statuses(console) == ["open"]
    for each in pair:
        each.fire(starts=began, ends=datetime.now(UTC))
    over = 'watchkeeper_notifications_received_total{status="resolved"}'
    until(lambda: console.metric(over) == 2, timeout_s=DELIVERY_TIMEOUT_S, why="both have resolved")
    assert statuses(console) == ["resolved"]


def test_a_page_fired_while_the_console_was_down_arrives(
    tmp_path: Path, alertmanagers: Callable[[str], Alertmanager]
) -> None:
    """Alertmanager tries again until the console takes it in."""
    state, log = tmp_path / "state", tmp_path / "console.log"
    console = start_console(state, log)
    alertmanager = alertmanagers(console.url)
    stop(console)
    alertmanager.fire(starts=datetime.now(UTC))
    failed = "alertmanager_notifications_failed_total{"
    until(
        lambda: any(
            line.startswith(f'{failed}integration="webhook"') and not line.endswith(" 0")
            for line in alertmanager.http.get("/metrics").text.splitlines()
        ),
        timeout_s=DELIVERY_TIMEOUT_S,
        why="a delivery failed",
    )
    successor = start_console(state, log, port=int(console.url.rsplit(":", 1)[1]))
    try:
        until(lambda: statuses(successor) == ["open"], timeout_s=DELIVERY_TIMEOUT_S, why="the page arrives")
    finally:
        stop(successor)
