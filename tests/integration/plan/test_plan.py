"""``watchkeeper plan`` against a real Prometheus and a real Alertmanager."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests.integration.console.harness import free_port, until
from watchkeeper.prometheus_api import PrometheusApi

ROOT = Path(__file__).parents[3]
WATCHKEEPER = Path(sys.executable).with_name("watchkeeper")
START_TIMEOUT_S = 30.0


def run(*arguments: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does, in an environment that names no stack."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WATCHKEEPER_")}
    return subprocess.run(
        [WATCHKEEPER, *map(str, arguments)],
        cwd=ROOT,
        env=clean | env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@dataclass
class Servers:
    """Both servers, and what they read."""

    prometheus: str
    alertmanager: str
    directory: Path

    def plan(self, *arguments: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
        """Ask them for a plan."""
        servers = ("--prometheus", self.prometheus, "--alertmanager", self.alertmanager)
        return run("plan", *servers, *arguments, **env)


def started(program: str, *arguments: str | Path, url: str, log: Path) -> subprocess.Popen[bytes]:
    """Start a server and wait until it is ready."""
    with log.open("wb") as out:
        process = subprocess.Popen([program, *map(str, arguments)], stdout=out, stderr=subprocess.STDOUT)

    def ready() -> bool:
        if process.poll() is not None:
            pytest.fail(f"{program} ended: {log.read_text()}")
        try:
            return httpx2.get(f"{url}/-/ready", timeout=2).status_code == httpx2.codes.OK
        except httpx2.HTTPError:
            return False

    until(ready, timeout_s=START_TIMEOUT_S, why=f"{program} is ready")
    return process


def rendered(folder: Path, catalog: Path, target: str) -> Path:
    """Render a catalog and lay its files out as a server reads them."""
    done = run("render", catalog, "--target", target, "--output", folder / "generated")
    assert done.returncode == 0, done.stderr
    conf = folder / "conf"
    shutil.copytree(folder / "generated/alerts/generated/rules", conf / "rules")
    for server in ("prometheus", "alertmanager"):
        shutil.copy(folder / f"generated/deploy/{server}/generated/{target}.yml", conf / f"{server}.yml")
    return conf


@contextmanager
def serving(folder: Path, target: str) -> Iterator[Servers]:
    """Run the demo's rules and routing; of compose only the routing (its Prometheus is a later one)."""
    conf = rendered(folder, ROOT / "catalog", target)
    if target == "compose":
        local = rendered(folder / "local", ROOT / "catalog", "local")
        shutil.copy(local / "prometheus.yml", conf / "prometheus.yml")
    urls = [f"http://127.0.0.1:{free_port()}" for _ in range(2)]
    alertmanager = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    assert alertmanager is not None, "no Alertmanager here: apt-get install prometheus-alertmanager"
    processes = []
    try:
        for program, url, arguments in (
            ("prometheus", urls[0], [f"--storage.tsdb.path={folder}/tsdb"]),
            (alertmanager, urls[1], [f"--storage.path={folder}/alerts", "--cluster.listen-address="]),
        ):
            name = "prometheus" if program == "prometheus" else "alertmanager"
            arguments += [f"--config.file={conf}/{name}.yml", f"--web.listen-address={url[7:]}"]
            processes.append(started(program, *arguments, url=url, log=folder / f"{name}.log"))
        yield Servers(urls[0], urls[1], conf)
    finally:
        for process in processes:
            process.terminate()
            process.wait(10)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Run what the native stack runs."""
    with serving(tmp_path_factory.mktemp("local"), "local") as running:
        yield running


@pytest.fixture(scope="module")
def compose_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Run what compose runs, secrets by reference included."""
    with serving(tmp_path_factory.mktemp("compose"), "compose") as running:
        yield running


def routing_only(text: str) -> list[str]:
    """Leave out what compose's own Prometheus would have."""
    return [line for line in text.splitlines() if not line.startswith(("~ scrape job", "~ prometheus"))]


def test_what_was_rendered_and_runs_is_no_difference(servers: Servers) -> None:
    """Though both servers answer with other formatting, defaults filled in and paths made absolute."""
    result = servers.plan()
    assert (result.returncode, result.stdout, result.stderr) == (0, "nothing to do\n", "")


def test_routing_with_secrets_is_no_difference_either(compose_servers: Servers) -> None:
    """Alertmanager masks what it reads from files."""
    *changes, _ = routing_only(compose_servers.plan("--target", "compose").stdout)
    assert changes == []


def test_a_changed_catalog_is_told_decision_by_decision(servers: Servers, tmp_path: Path) -> None:
    """Two objectives, a threshold, and a job that comes with its alerts; exit 1."""
    catalog = tmp_path / "catalog"
    shutil.copytree(ROOT / "catalog", catalog)
    gateway, rollup = catalog / "services/gateway.yaml", catalog / "services/usage-rollup.yaml"
    text = gateway.read_text("utf-8")
    text = text.replace("objective: 99.9\n", "objective: 99.5\n")
    text = text.replace("  - job: gateway\n", "  - job: canary\n    port: 8001\n  - job: gateway\n", 1)
    text = text.replace("threshold: 1s", "threshold: 750ms")
    gateway.write_text(text, "utf-8")
    rollup.write_text(rollup.read_text("utf-8").replace("objective: 99.5", "objective: 99.9"), "utf-8")
    result = servers.plan("--catalog", catalog)
    assert result.returncode == 1, result.stderr
    assert result.stdout.splitlines() == [
        "~ gateway-availability  objective 99.9 % -> 99.5 %",
        "~ gateway-latency  bad events changed",
        "~ usage-rollup-freshness  objective 99.5 % -> 99.9 %",
        '+ rule JobDown{job="canary",service="gateway"}  new: group jobs-gateway',
        '+ rule TargetDown{job="canary",service="gateway"}  new: group jobs-gateway',
        "+ scrape job canary  new",
        "6 differences",
    ]
    verbose = servers.plan("--catalog", catalog, "--verbose").stdout
    assert re.search(r'^    [+].*le=~"0', verbose, re.MULTILINE), verbose
    document = json.loads(servers.plan("--catalog", catalog, "--json").stdout)
    assert document["changes"][0] == {
        "change": "change",
        "kind": "slo",
        "name": "gateway-availability",
        "what": "objective",
        "runs": "99.9 %",
        "catalog": "99.5 %",
        "diff": [],
    }


def test_a_directory_is_read_as_the_servers_are(servers: Servers) -> None:
    """The same files, asked of nobody."""
    result = run("plan", "--directory", servers.directory)
    assert (result.returncode, result.stdout) == (0, "nothing to do\n")


def test_the_ports_of_a_shifted_stack_are_expected_to_be_shifted(servers: Servers) -> None:
    """With the stack's WATCHKEEPER_PORT_OFFSET the inbox is wanted where that stack has it."""
    result = servers.plan(WATCHKEEPER_PORT_OFFSET="1000")
    assert result.returncode == 1
    lines = result.stdout.splitlines()[:-1]
    assert lines
    assert all("webhook url http://127.0.0.1:9400/" in line and "127.0.0.1:10400/" in line for line in lines)


def test_explain_asks_a_live_server_what_its_rules_read(servers: Servers) -> None:
    """Query statistics, rule by rule; it has no series of the gateway, so there is none to read."""
    result = run("explain", "slo", "gateway-availability", "--prometheus", servers.prometheus, "--json")
    assert result.returncode == 0, result.stderr
    rules = {rule["rule"]: rule["samples_read"] for rule in json.loads(result.stdout)["rules"]}
    assert rules["slo:bad:rate 20s"] == rules["slo:error:ratio 5m"] == 0
    with PrometheusApi(servers.prometheus) as server:
        until(
            lambda: server.samples_read('avg_over_time(slo:objective:ratio{slo="gateway-latency"}[1m])') > 1,
            timeout_s=START_TIMEOUT_S,
            why="a rule was evaluated twice",
        )
        assert server.samples_read("vector(1)") == 0
