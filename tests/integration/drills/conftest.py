"""A whole small world for drills: a real Prometheus and Alertmanager, the console, and two faulty processes.

The rules are those that the catalog renders to, for SLOs whose period of a day shrinks every window to
seconds: an outage pages within ten seconds and resolves within twenty.
"""

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

import alerts.artifacts
from alerts.routing import Delivery, alertmanager_config
from deploy.prometheus.config import prometheus_config
from watchkeeper.catalog.loader import load_catalog

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[2]
READY_TIMEOUT_S = 30.0


def _drill(name: str, job: str, fault: str, expect: Mapping[str, str]) -> Mapping[str, Any]:
    return {
        "id": name,
        "description": f"{fault} at {job}.",
        "inject": [{"action": "fault", "job": job, "fault": fault}],
        "expect": expect,
    }


PAGE = {"page": "availability", "within": "20s", "resolve_within": "60s"}
SHOP_DRILLS = [
    _drill("outage", "shop", "outage", PAGE),
    _drill("hiccup", "shop", "hiccup", {**PAGE, "within": "4s"}),
    _drill("outage-in-silence", "shop", "outage", {"silent_for": "30s"}),
    _drill("bank-outage", "bank", "outage", {"silent_for": "5s"}),
    _drill("placebo", "bank", "placebo", {"silent_for": "5s"}),
    _drill("standstill", "shop", "standstill", {"silent_for": "60s"}),
    _drill("unknown-fault", "shop", "earthquake", {"silent_for": "5s"}),
]


def _service(name: str, *, pages: bool, drills: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return {
        "id": name,
        "name": name,
        "description": name,
        "team": "core",
        "scrape": [{"job": name, "port": 8000}],
        "slis": [
            {
                "id": "availability",
                "kind": "availability",
                "description": "Answers.",
                "events": f"{name}_requests_total",
                "bad": 'code="500"',
            }
        ],
        "slos": [
            {
                "id": "availability",
                "description": "Answers.",
                "sli": "availability",
                "objective": 99.9,
                "period": "1d",
                "alerts": {"page": pages, "ticket": False},
            }
        ],
        "drills": drills,
    }


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def until(is_so: Callable[[], bool], what: str, *, timeout_s: float = READY_TIMEOUT_S) -> None:
    """Wait for a condition."""
    give_up = time.monotonic() + timeout_s
    while not is_so():
        if time.monotonic() > give_up:
            pytest.fail(f"not so within {timeout_s:.0f} s: {what}")
        time.sleep(0.1)


class World:
    """Servers that run, and the command line that drills them."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self._stack = stack
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._commands: dict[str, Sequence[str]] = {}
        self.ports = {
            job: free_port() for job in ("shop", "bank", "prometheus", "alertmanager", "console", "cluster")
        }
        self.state = folder / "state"
        self.targets = folder / "targets"
        self.client = stack.enter_context(httpx2.Client(timeout=5, trust_env=False))

    def url(self, job: str) -> str:
        """Give where a process listens."""
        return f"http://127.0.0.1:{self.ports[job]}"

    def write(self) -> None:
        """Write the catalog, and all that follows from it."""
        catalog_dir = self.folder / "catalog"
        (catalog_dir / "services").mkdir(parents=True)
        self._yaml(
            "catalog/watchkeeper.yaml",
            {
                "product": "town",
                "name": "Town",
                "scrape_interval": "1s",
                "links": {"console": self.url("console")},
            },
        )
        self._yaml("catalog/teams.yaml", {"teams": [{"id": "core", "name": "Core"}]})
        self._yaml("catalog/services/shop.yaml", _service("shop", pages=True, drills=SHOP_DRILLS))
        self._yaml("catalog/services/bank.yaml", _service("bank", pages=False, drills=[]))
        watchers = {
            "id": "watchers",
            "name": "watchers",
            "description": "watchers",
            "team": "core",
            "scrape": [{"job": "console", "port": 9400}],
        }
        self._yaml("catalog/services/watchers.yaml", watchers)
        catalog = load_catalog(catalog_dir)
        (self.folder / "rules").mkdir()
        for artifact in alerts.artifacts.artifacts(catalog):
            if "/rules/" in str(artifact.path):
                (self.folder / "rules" / artifact.path.name).write_text(artifact.text)
        self.targets.mkdir()
        for job in ("shop", "bank", "prometheus", "alertmanager", "console"):
            target = [{"targets": [f"127.0.0.1:{self.ports[job]}"], "labels": {}}]
            (self.targets / f"{job}.json").write_text(json.dumps(target))
        prometheus: dict[str, Any] = dict(
            prometheus_config(catalog, "file", version=catalog.settings.target.prometheus)
        )
        self._yaml("prometheus.yml", prometheus)
        alertmanager: dict[str, Any] = dict(
            alertmanager_config(catalog, Delivery(console_url=self.url("console"), secrets_dir=None))
        )
        alertmanager["route"] |= {"group_wait": "1s", "group_interval": "2s"}
        self._yaml("alertmanager.yml", alertmanager)

    def _yaml(self, path: str, content: object) -> None:
        (self.folder / path).write_text(yaml.safe_dump(content, sort_keys=False))

    def run(self) -> None:
        """Start everything and wait until there are SLO values."""
        port = self.ports
        town = [sys.executable, str(HERE / "faulty_town.py")]
        self.start("shop", [*town, str(port["shop"]), "shop"])
        self.start("bank", [*town, str(port["bank"]), "bank"])
        self.start(
            "console",
            [sys.executable, "-m", "console", "--port", str(port["console"]),
             "--state-dir", str(self.folder / "console")],
        )  # fmt: skip
        self.start(
            "alertmanager",
            [_program("alertmanager", "prometheus-alertmanager"), "--config.file=alertmanager.yml",
             f"--storage.path={self.folder / 'alertmanager'}", "--cluster.listen-address=",
             f"--web.listen-address=127.0.0.1:{port['alertmanager']}"],
        )  # fmt: skip
        self.start(
            "prometheus",
            [_program("prometheus"), "--config.file=prometheus.yml", "--rules.alert.resend-delay=5s",
             f"--storage.tsdb.path={self.folder / 'prometheus'}",
             f"--web.listen-address=127.0.0.1:{port['prometheus']}"],
        )  # fmt: skip
        until(lambda: self.value("count(slo:error:ratio)") is not None, "there are SLO values")
        until(lambda: (self.value("time() - watchkeeper_heartbeat_last_timestamp_seconds") or 1e9) < 60,
              "the heartbeat reached the inbox")  # fmt: skip

    def start(self, name: str, command: Sequence[str] | None = None) -> None:
        """Start a process, or start it again."""
        self._commands[name] = command or self._commands[name]
        log = self._stack.enter_context((self.folder / f"{name}.log").open("ab"))
        process = subprocess.Popen(self._commands[name], cwd=self.folder, stdout=log, stderr=log)
        self._processes[name] = process
        self._stack.callback(_end, process)
        path = {"shop": "/metrics", "bank": "/metrics", "console": "/healthz"}.get(name, "/-/ready")
        until(lambda: self._answers(f"{self.url(name)}{path}"), f"{name} is ready")

    def kill(self, name: str) -> None:
        """End a process the hard way."""
        self._processes[name].kill()
        self._processes[name].wait()

    def _answers(self, url: str) -> bool:
        try:
            return self.client.get(url).status_code == 200
        except httpx2.HTTPError:
            return False

    def value(self, query: str) -> float | None:
        """Ask Prometheus for a number."""
        try:
            body = self.client.post(f"{self.url('prometheus')}/api/v1/query", data={"query": query}).json()
        except (httpx2.HTTPError, ValueError):
            return None
        return float(body["data"]["result"][0]["value"][1]) if body["data"]["result"] else None

    def faults_on(self) -> set[str]:
        """Ask both processes which faults are on."""
        return {
            f"{fault} at {job}"
            for job in ("shop", "bank")
            for fault, state in self.client.get(f"{self.url(job)}/faults").json()["faults"].items()
            if state["on"]
        }

    def incident(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run ``watchkeeper incident`` to its end."""
        return subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=110,
        )

    def command(self, *arguments: str) -> Sequence[str]:
        """Give the command line of ``watchkeeper incident``, for this world."""
        where = ["--catalog", "catalog", "--targets", str(self.targets), "--state-dir", str(self.state)]
        program = str(Path(sys.executable).parent / "watchkeeper")
        return [program, "incident", *arguments, *(where if arguments[0] != "list" else where[:2])]

    def calm_down(self) -> None:
        """End every fault, and wait until nothing of the last drill is left."""
        for job in ("shop", "bank"):
            for fault in ("outage", "hiccup", "placebo", "standstill"):
                self.client.delete(f"{self.url(job)}/faults/{fault}")
        until(self._is_calm, "no page is open and no alert fires", timeout_s=60)

    def _is_calm(self) -> bool:
        try:
            pages = self.client.get(f"{self.url('console')}/api/v1/pages", params={"status": "open"}).json()
        except httpx2.HTTPError:
            return False
        return (
            not pages
            and self.value('count(ALERTS{severity="page",alertstate="firing"}) or vector(0)') == 0
            and (self.value("sum(rate(shop_requests_total[4s]))") or 0) > 0
            and self.value("count(up == 0) or vector(0)") == 0
        )


def _program(*names: str) -> str:
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.fail(f"{names[0]} is not installed; run: make up")
    return found


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def running_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Start the world once."""
    with ExitStack() as stack:
        world = World(tmp_path_factory.mktemp("world"), stack)
        world.write()
        world.run()
        yield world


@pytest.fixture
def world(running_world: World) -> World:
    """Give the world in peace."""
    running_world.calm_down()
    return running_world
