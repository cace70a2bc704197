"""The SLO page asks a real Prometheus."""

import shutil
import subprocess
from collections.abc import Callable, Iterator

import httpx2
import pytest
import yaml

from tests.integration.console.harness import RunningConsole, free_port, until
from watchkeeper.conventions import BUDGET_REMAINING_RATIO, ERROR_RATIO, OBJECTIVE_RATIO, PERIOD_SECONDS

SLO = {"slo": "shop-availability", "service": "shop", "team": "sales"}
OTHER = {"slo": "shop-latency", "service": "shop", "team": "sales"}


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a Prometheus that records what the SLO rules would."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.fail("no Prometheus on this machine: apt-get install prometheus")
    folder = tmp_path_factory.mktemp("prometheus")
    recorded = [
        (OBJECTIVE_RATIO, 0.999, SLO),
        (PERIOD_SECONDS, 2_592_000, SLO),
        (BUDGET_REMAINING_RATIO, 0.42, SLO),
        (ERROR_RATIO, 0.0144, SLO | {"window": "5m"}),
        (ERROR_RATIO, 0.0005, SLO | {"window": "1h"}),
        (ERROR_RATIO, 0.00058, SLO | {"window": "30d"}),
        (OBJECTIVE_RATIO, 0.99, OTHER),
    ]
    rules = [
        {"record": name, "expr": f"vector({value})", "labels": labels} for name, value, labels in recorded
    ]
    burn = {"alert": "ErrorBudgetBurn", "expr": "vector(1)", "labels": SLO | {"severity": "page"}}
    groups = {"groups": [{"name": "slo", "interval": "1s", "rules": [*rules, burn]}]}
    (folder / "rules.yml").write_text(yaml.safe_dump(groups))
    (folder / "prometheus.yml").write_text(yaml.safe_dump({"rule_files": [str(folder / "rules.yml")]}))
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                program,
                f"--config.file={folder}/prometheus.yml",
                f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
        )

    def recorded_all() -> bool:
        try:
            answer = httpx2.get(f"{url}/api/v1/query", params={"query": "ALERTS"}, timeout=5).json()
        except (httpx2.HTTPError, ValueError):
            return False
        return bool(answer.get("data", {}).get("result"))

    until(recorded_all, timeout_s=30, why="Prometheus has evaluated its rules")
    yield url
    process.terminate()
    process.wait(20)


def test_an_slo_shows_what_prometheus_knows(start: Callable[..., RunningConsole], prometheus: str) -> None:
    """Objective, budget, ratio and burn rate per window from short to long, and the alert that fires."""
    text = start(WATCHKEEPER_PROMETHEUS_URL=prometheus).http.get("/d/slo?var-slo=shop-availability").text
    for shown in (
        "99.9\u00a0%",
        "42\u00a0%",
        "over 30 d",
        "sales",
        "1.44\u00a0%",
        "14.4 &times;",
        "0.5 &times;",
        "ErrorBudgetBurn",
    ):
        assert shown in text
    assert text.index(">5m<") < text.index(">1h<") < text.index(">30d<")


def test_an_slo_without_data_is_not_shown_as_good(
    start: Callable[..., RunningConsole], prometheus: str
) -> None:
    """What is not known is said to be not known."""
    text = start(WATCHKEEPER_PROMETHEUS_URL=prometheus).http.get("/d/slo?var-slo=shop-latency").text
    assert "not known" in text
    assert "nothing can be said" in text


def test_a_service_lists_its_slos(start: Callable[..., RunningConsole], prometheus: str) -> None:
    """Alerts about a service lead here; an unknown service says that there is nothing."""
    console = start(WATCHKEEPER_PROMETHEUS_URL=prometheus)
    text = console.http.get("/d/slo?var-service=shop").text
    assert "shop-availability" in text
    assert "shop-latency" in text
    assert "Prometheus has no SLO" in console.http.get("/d/slo?var-service=nobody").text


def test_an_slo_that_nobody_knows_is_not_found(start: Callable[..., RunningConsole], prometheus: str) -> None:
    """The answer says why that may be, and where all of them are."""
    answer = start(WATCHKEEPER_PROMETHEUS_URL=prometheus).http.get("/d/slo?var-slo=shop-nothing")
    assert answer.status_code == 404
    assert 'href="/d/slo"' in answer.text
