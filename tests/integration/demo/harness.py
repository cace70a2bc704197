"""Start the demo's processes on free loopback ports, break them, and see how they are."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

REPOSITORY = Path(__file__).parents[3]
READY_S_MAX = 30.0


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_until(
    condition: Callable[[], object], *, seconds: float = 10.0, what: str = "the condition"
) -> None:
    """Poll until it holds; fail with what was waited for."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            pytest.fail(f"{what} did not come true within {seconds} s")
        time.sleep(0.02)


@dataclass(frozen=True)
class Service:
    """A running process and its HTTP client."""

    url: str
    http: httpx2.Client
    process: subprocess.Popen[bytes]
    log: Path

    def answers(self) -> bool:
        """Whether it is up."""
        if self.process.poll() is not None:
            pytest.fail(f"exited with {self.process.returncode}:\n{self.log.read_text('utf-8')}")
        try:
            return self.http.get("/healthz").is_success
        except httpx2.TransportError:
            return False

    def fault(self, name: str, **parameters: float) -> None:
        """Switch a fault on."""
        self.http.put(f"/faults/{name}", json=parameters).raise_for_status()

    def metric(self, name: str, **labels: str) -> float | None:
        """The sum of the samples of this name with at least these labels; None if there is none."""
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        values = [
            float(line.rpartition(" ")[2])
            for line in self.http.get("/metrics").text.splitlines()
            if line.split("{")[0].split(" ")[0] == name and all(label in line for label in wanted)
        ]
        return sum(values) if values else None

    def count(self, name: str, **labels: str) -> float:
        """The same, for a series that must exist."""
        value = self.metric(name, **labels)
        assert value is not None, f"{name}{labels} is not exposed"
        return value


Start = Callable[..., Service]


@contextmanager
def starter(directory: Path, env: Mapping[str, str]) -> Iterator[Start]:
    """Start processes with logs in `directory`; they are stopped when the context ends."""
    with ExitStack() as running:

        def start(module: str, name: str, *arguments: str) -> Service:
            port = free_port()
            log = directory / f"{name}-{port}.log"
            command = [sys.executable, "-m", module, "--name", name, "--port", str(port), *arguments]
            process = subprocess.Popen(
                command,
                cwd=REPOSITORY,
                env={**os.environ, **env},
                stdout=running.enter_context(log.open("wb")),
                stderr=subprocess.STDOUT,
            )
            running.callback(_stop, process)
            url = f"http://127.0.0.1:{port}"
            http = running.enter_context(httpx2.Client(base_url=url, timeout=20, trust_env=False))
            return Service(url, http, process, log)

        yield start


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        pytest.fail("a process did not stop within 10 s of SIGTERM")


@dataclass(frozen=True)
class Stack:
    """Two providers and a gateway."""

    openai: Service
    anthropic: Service
    gateway: Service

    @property
    def providers(self) -> tuple[Service, Service]:
        """Both."""
        return self.openai, self.anthropic

    def ask(self, *, stream: bool = False, **fields: Any) -> httpx2.Response:  # noqa: ANN401
        """One chat request through the gateway, read to its end."""
        return self.gateway.http.post("/v1/chat/completions", json=question(stream=stream, **fields))

    def recover(self) -> None:
        """Switch all faults off and wait until the gateway trusts both providers again."""
        for provider in self.providers:
            provider.http.delete("/faults").raise_for_status()

        def closed() -> bool:
            for model in ("gpt-4o-mini", "claude-3-5-haiku-latest"):
                self.ask(model=model, max_tokens=1)
            return self.gateway.metric("gateway_circuit_closed") == 2

        if self.gateway.metric("gateway_circuit_closed") != 2:
            wait_until(closed, what="every circuit closed")


def question(**fields: Any) -> dict[str, Any]:  # noqa: ANN401
    """A chat request."""
    return {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hello " * 40}]} | fields


def start_stack(start: Start, *gateway_arguments: str) -> Stack:
    """Start all three at once; importing is the slow part."""
    openai = start("demo.provider", "openai")
    anthropic = start("demo.provider", "anthropic")
    providers = (f"--provider=openai={openai.url}", f"--provider=anthropic={anthropic.url}")
    gateway = start("demo.gateway", "gateway-1", *providers, *gateway_arguments)
    for service in (openai, anthropic, gateway):
        wait_until(service.answers, seconds=READY_S_MAX, what=f"{service.url} up")
    return Stack(openai, anthropic, gateway)
