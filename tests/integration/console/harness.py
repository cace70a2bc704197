"""A real console process on a free loopback port, and what is said to it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

SLO = "shop-availability"
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 10.0


def free_port() -> int:
    """Find a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(what: Callable[[], object], *, timeout_s: float, why: str) -> None:
    """Poll until something is true."""
    deadline = time.monotonic() + timeout_s
    while not what():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {timeout_s} s: {why}")
        time.sleep(0.05)


@dataclass
class RunningConsole:
    """A console process."""

    process: subprocess.Popen[bytes]
    url: str
    http: httpx2.Client

    def deliver(self, body: dict[str, Any]) -> httpx2.Response:
        """Deliver a notification as Alertmanager does."""
        return self.http.post("/api/v1/alertmanager", json=body)

    def pages(self, **parameters: str | int) -> list[dict[str, Any]]:
        """Read the pages back."""
        answer: list[dict[str, Any]] = self.http.get("/api/v1/pages", params=parameters).json()
        return answer

    def metric(self, series: str) -> float:
        """Read one of the console's own metrics."""
        lines = self.http.get("/metrics").text.splitlines()
        return next(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(f"{series} "))


def start_console(
    state_dir: Path, log: Path, *, port: int | None = None, env: Mapping[str, str] | None = None
) -> RunningConsole:
    """Start a console and wait until it answers."""
    port = port or free_port()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WATCHKEEPER_")}
    # Nobody listens on port 9: whatever the machine runs, this console finds no Prometheus.
    clean |= {"WATCHKEEPER_PROMETHEUS_URL": "http://127.0.0.1:9"} | dict(env or {})
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "console", "--port", str(port), "--state-dir", str(state_dir)],
            env=clean,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}"
    console = RunningConsole(process, url, httpx2.Client(base_url=url, timeout=10))

    def answers() -> bool:
        if process.poll() is not None:
            pytest.fail(f"the console ended: {log.read_text()}")
        try:
            return console.http.get("/healthz").status_code == httpx2.codes.OK
        except httpx2.HTTPError:
            return False

    until(answers, timeout_s=START_TIMEOUT_S, why="the console answers")
    return console


def stop(console: RunningConsole) -> None:
    """End a console."""
    console.http.close()
    if console.process.poll() is None:
        console.process.terminate()
    console.process.wait(STOP_TIMEOUT_S)


def notification(group: str = "shop", status: str = "firing", **alert: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Give a webhook body with one alert."""
    labels = {
        "alertname": "ErrorBudgetBurn",
        "severity": "page",
        "service": "shop",
        "slo": "shop-availability",
    }
    one = {
        "status": status,
        "labels": labels,
        "annotations": {"summary": "Shop: 99.9 % of requests get an answer."},
        "startsAt": "2026-11-01T03:00:00Z",
        "endsAt": "0001-01-01T00:00:00Z" if status == "firing" else "2026-11-01T04:00:00Z",
        "fingerprint": group,
    }
    return {
        "version": "4",
        "groupKey": group,
        "status": status,
        "receiver": "inbox",
        "groupLabels": {"service": "shop"},
        "externalURL": "http://alertmanager",
        "alerts": [one | alert],
    }
