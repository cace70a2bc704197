"""The web pages: there when needed, harmless whatever the labels hold."""

import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.console.harness import RunningConsole, notification

HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e\"'><img src=x onerror=alert(1)>{{7*7}}"


def hostile(group: str) -> dict[str, Any]:
    """Give a notification by someone who means harm."""
    labels = {
        "alertname": HOSTILE,
        "severity": "page",
        "service": HOSTILE,
        "slo": HOSTILE,
        HOSTILE: HOSTILE,
        "huge": "A" * 100_000,
    }
    annotations = {
        "summary": HOSTILE,
        "description": HOSTILE,
        "runbook_url": "javascript:alert(1)",
        "dashboard_url": "javascript:alert(1)",
    }
    return notification(group, labels=labels, annotations=annotations)


@pytest.mark.parametrize("path", ["/", "/pages/{page}"])
def test_hostile_labels_are_text(start: Callable[..., RunningConsole], path: str) -> None:
    """Markup, scripts, escape sequences and turned writing are shown, and do nothing."""
    console = start()
    page = console.deliver(hostile("hostile")).json()["page"]
    answer = console.http.get(path.format(page=page))
    assert answer.status_code == 200
    assert "&lt;script&gt;" in answer.text
    for harm in ("<script", "<img src=x", "\x1b", "\u202e", 'href="javascript', "49\n", "A" * 5000):
        assert harm not in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_what_is_open_comes_first(start: Callable[..., RunningConsole]) -> None:
    """The first screen says how many are open, of what, and whether alerting lives."""
    console = start()
    calm = console.http.get("/").text
    assert "Nothing is open" in calm
    assert "The Watchdog was never heard" in calm
    console.deliver(notification("old"))
    console.deliver(notification("old", "resolved"))
    console.deliver(notification("new"))
    labels = {"alertname": "Watchdog", "severity": "none"}
    console.http.post("/api/v1/heartbeat", json=notification("dog", labels=labels))
    home = console.http.get("/").text
    assert "1 open page" in home
    assert home.index("/pages/2") < home.index("/pages/1")
    assert "Alerting works" in home


def test_a_page_leads_to_its_runbook_and_dashboard(start: Callable[..., RunningConsole]) -> None:
    """The links work on this console, wherever the alert's own links point."""
    console = start()
    console.deliver(notification())
    text = console.http.get("/pages/1").text
    assert 'href="/runbooks/ErrorBudgetBurn"' in text
    assert 'href="/d/slo?var-slo=shop-availability"' in text
    assert console.http.get("/runbooks/ErrorBudgetBurn").status_code == 200


@pytest.mark.parametrize(
    "alert", ["Unknown", "..%2f..%2fREADME", "..%2frunbooks%2fWatchdog", "%00", "a" * 5000, "Watchdog.md"]
)
def test_a_runbook_that_is_not_there(shared: RunningConsole, alert: str) -> None:
    """A name never becomes a path; the answer lists what there is."""
    answer = shared.http.get(f"/runbooks/{alert}")
    assert answer.status_code == 404
    assert "main job" not in answer.text


def test_without_prometheus_the_slo_page_says_so_and_shows_the_rest(
    start: Callable[..., RunningConsole],
) -> None:
    """Within two seconds, also when Prometheus takes the question and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        console = start(WATCHKEEPER_PROMETHEUS_URL=f"http://127.0.0.1:{deaf.getsockname()[1]}")
        console.deliver(notification())
        began = time.monotonic()
        answer = console.http.get("/d/slo?var-slo=shop-availability")
        assert time.monotonic() - began < 2
    assert answer.status_code == 200
    assert "Prometheus can not be asked" in answer.text
    assert "/pages/1" in answer.text


def test_with_grafana_dashboards_lead_there(start: Callable[..., RunningConsole]) -> None:
    """The same link in an alert serves a stack with Grafana and one without."""
    console = start(WATCHKEEPER_GRAFANA_URL="http://127.0.0.1:3000/")
    answer = console.http.get("/d/slo?var-slo=shop-availability")
    assert answer.status_code == 307
    assert answer.headers["Location"] == "http://127.0.0.1:3000/d/slo?var-slo=shop-availability"


@pytest.mark.parametrize("slo", ["UPPER", "a%0d%0aSet-Cookie:x", "<script>", "a" * 300])
def test_an_id_that_can_not_be_one(shared: RunningConsole, slo: str) -> None:
    """It reaches neither Prometheus nor a redirect."""
    answer = shared.http.get(f"/d/slo?var-slo={slo}")
    assert answer.status_code == 404
    assert "<script>" not in answer.text


@pytest.mark.parametrize("path", ["/", "/runbooks/", "/runbooks/Watchdog", "/d/slo", "/pages/1"])
def test_nothing_comes_from_another_host(shared: RunningConsole, path: str) -> None:
    """No script, and every asset is our own."""
    text = shared.http.get(path).text
    assert "<script" not in text
    assert all(part.startswith("/static/") for part in _assets(text))


def _assets(text: str) -> list[str]:
    marks = ('src="', '<link rel="stylesheet" href="', '<link rel="icon" href="')
    return [rest.split('"')[0] for mark in marks for rest in text.split(mark)[1:]]
