"""A latency SLI on a native histogram, asked of a real Prometheus: promtool has no notation for one."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from watchkeeper.catalog.sli import LatencySli
from watchkeeper.errors import BackendError
from watchkeeper.prometheus_api import PrometheusApi
from watchkeeper.sli import compile_sli

WAIT_S = 40.0
SLI = LatencySli.model_validate(
    {
        "id": "first-token",
        "description": "The first token comes soon.",
        "kind": "latency",
        "format": "native",
        "histogram": "gen_ai_server_time_to_first_token_seconds",
        "threshold": "10s",
    }
)
PAIR = compile_sli(SLI, timedelta(seconds=4))
ASK = {"model": "gpt-4o-mini", "stream": True, "messages": [{"role": "user", "content": "Hello"}]}


def free_port() -> int:
    """Find a port that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(ask: Callable[[], bool | None], what: str) -> None:
    """Ask again and again until there is an answer."""
    give_up = time.monotonic() + WAIT_S
    while time.monotonic() < give_up:
        try:
            if ask():
                return
        except (BackendError, httpx2.HTTPError):
            pass
        time.sleep(0.2)
    pytest.fail(f"{what}: not within {WAIT_S:.0f} s")


@pytest.fixture
def gateway_and_prometheus(tmp_path: Path) -> Iterator[tuple[str, PrometheusApi]]:
    """Run a provider, a gateway that exposes a native histogram, and the Prometheus that scrapes it."""
    provider, gateway, server = free_port(), free_port(), free_port()
    config = tmp_path / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 1s, scrape_timeout: 1s}\n"
        f"scrape_configs: [{{job_name: gateway, static_configs: [{{targets: ['127.0.0.1:{gateway}']}}]}}]\n",
        "utf-8",
    )
    services = [
        f"demo.provider --name openai --port {provider}",
        f"demo.gateway --name gateway --port {gateway} --provider openai=http://127.0.0.1:{provider}",
    ]
    prometheus = [
        "prometheus",
        f"--config.file={config}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{server}",
        "--enable-feature=native-histograms",
    ]
    with ExitStack() as stack, (tmp_path / "log").open("wb") as log:
        for command in (prometheus, *([sys.executable, "-m", *service.split()] for service in services)):
            process = stack.enter_context(subprocess.Popen(command, stdout=log, stderr=log))
            stack.callback(process.terminate)
        api = stack.enter_context(PrometheusApi(f"http://127.0.0.1:{server}"))
        yield f"http://127.0.0.1:{gateway}", api


def test_an_idle_native_histogram_has_no_bad_events_and_no_nan(
    gateway_and_prometheus: tuple[str, PrometheusApi],
) -> None:
    """One NaN in level 0 would blind every window above it, the period's budget included."""
    url, api = gateway_and_prometheus

    def total_is(is_busy: bool) -> bool | None:
        samples = api.query(str(PAIR.total))
        return True if samples and (samples[0].value > 0) == is_busy else None

    def asked_and_counted() -> bool | None:
        httpx2.post(f"{url}/v1/chat/completions", json=ASK, timeout=10)
        return total_is(is_busy=True)

    until(asked_and_counted, "requests are counted")
    assert [sample.value for sample in api.query(str(PAIR.bad))] == [0]
    until(lambda: total_is(is_busy=False), "the histogram is idle")
    assert [sample.value for sample in api.query(str(PAIR.bad))] == [0]
