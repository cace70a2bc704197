"""The metrics that the rest of the world builds on: names, types, labels, from one table."""

import re
import subprocess

import httpx2
import pytest

from tests.integration.demo.harness import Stack, Start, free_port, start_stack, wait_until

PROVIDER = {"gen_ai_provider_name"}
CALL = {"gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model"}
HTTP = {"http_request_method", "http_response_status_code", "http_route"}
PROMISED = {
    "http_server_request_duration_seconds": ("histogram", HTTP),
    "http_server_active_requests": ("gauge", {"http_request_method"}),
    "gen_ai_client_operation_duration_seconds": ("histogram", CALL | {"error_type"}),
    "gen_ai_client_operation_time_to_first_chunk_seconds": ("histogram", CALL),
    "gen_ai_client_token_usage": ("histogram", CALL | {"gen_ai_token_type"}),
    "gen_ai_server_time_to_first_token_seconds": ("histogram", PROVIDER | {"gen_ai_request_model"}),
    "gateway_chat_requests_total": ("counter", PROVIDER),
    "gateway_failovers_total": ("counter", PROVIDER),
    "gateway_provider_attempts_total": ("counter", PROVIDER | {"outcome"}),
    "gateway_rejected_requests_total": ("counter", {"reason"}),
    "gateway_circuit_closed": ("gauge", PROVIDER),
    "gateway_concurrency_in_use": ("gauge", set()),
    "gateway_concurrency_limit": ("gauge", set()),
    "process_cpu_seconds_total": ("counter", set()),
    "process_resident_memory_bytes": ("gauge", set()),
}
PROMISED_BY_PROVIDERS = {
    "http_server_request_duration_seconds": ("histogram", HTTP),
    "provider_tokens_total": ("counter", {"gen_ai_response_model", "gen_ai_token_type"}),
    "provider_refused_requests_total": ("counter", {"reason"}),
}
Exposed = dict[str, tuple[str, set[str]]]


def exposed(text: str) -> Exposed:
    """Types and label names of an exposition."""
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    found: Exposed = {name: (kind, set()) for name, kind in types.items()}
    for name, labels in re.findall(r"^([a-z]\w*)\{(.*)\} ", text, re.MULTILINE):
        family = name if name in types else re.sub(r"_(bucket|count|sum)$", "", name)
        found[family][1].update(set(re.findall(r'(\w+)="', labels)) - {"le"})
    return found


@pytest.fixture
def exercised(stack: Stack) -> Stack:
    """A stack that has seen a failure, a stream and a plain answer."""
    stack.openai.fault("errors", ratio=1)
    stack.ask()
    stack.recover()
    stack.ask(stream=True)
    return stack


def test_the_gateway_exposes_what_was_promised(exercised: Stack) -> None:
    """A renamed metric or a new label breaks rules and dashboards; it has to break here first."""
    found = exposed(exercised.gateway.http.get("/metrics").text)
    assert {name: found.get(name) for name in PROMISED} == PROMISED
    assert not {
        name for name in found if name not in PROMISED and not name.startswith(("process_", "target_"))
    }


def test_providers_expose_what_was_promised(exercised: Stack) -> None:
    """Likewise."""
    found = exposed(exercised.openai.http.get("/metrics").text)
    assert {name: found.get(name) for name in PROMISED_BY_PROVIDERS} == PROMISED_BY_PROVIDERS


def test_bucket_bounds_are_written_as_prometheus_writes_them(exercised: Stack) -> None:
    """`le="1.0"`, in text as in protobuf: a threshold must find its bucket in both."""
    text = exercised.gateway.http.get("/metrics").text
    bounds = set(re.findall(r'http_server_request_duration_seconds_bucket\{.*le="([^"]+)"\}', text))
    assert {"0.1", "0.25", "0.5", "1.0", "2.5", "5.0", "10.0", "+Inf"} <= bounds


def test_counters_are_there_before_anything_happened(start: Start) -> None:
    """A rate does not see the first error of a series that is born with it."""
    gateway = start_stack(start).gateway
    for provider in ("openai", "anthropic"):
        assert gateway.metric("gateway_failovers_total", gen_ai_provider_name=provider) == 0
        assert gateway.metric("gateway_provider_attempts_total", gen_ai_provider_name=provider) == 0
    assert gateway.metric("gateway_rejected_requests_total", reason="queue_full") == 0
    assert gateway.metric("gateway_circuit_closed") == 2


def test_looking_is_not_counted_as_traffic(stack: Stack) -> None:
    """Scrapes, health checks and drills are no users."""
    for path in ("/metrics", "/healthz", "/readyz"):
        stack.gateway.http.get(path).raise_for_status()
    stack.openai.http.get("/usage").raise_for_status()
    for service in (stack.gateway, stack.openai):
        text = service.http.get("/metrics").text
        assert not re.search(r'http_route="/(metrics|healthz|readyz|usage|faults)', text)


def test_strangers_cannot_grow_series(stack: Stack) -> None:
    """Random paths, methods, models and tenants end in the same few label values."""

    def series() -> int:
        return sum(not line.startswith("#") for line in stack.gateway.http.get("/metrics").text.splitlines())

    def knock(number: int) -> None:
        stack.gateway.http.get(f"/random/{number}")
        stack.gateway.http.request(f"RANDOM{number}", "/v1/chat/completions")
        stack.ask(model=f"model-{number}")

    knock(0)
    before = series()
    for number in range(1, 20):
        knock(number)
    assert series() == before


def test_prometheus_reads_the_native_histogram(
    stack: Stack, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A real server, scraping protobuf, answers a quantile from exponential buckets."""
    directory = tmp_path_factory.mktemp("prometheus")
    target = stack.gateway.url.removeprefix("http://")
    config = directory / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 200ms, scrape_timeout: 200ms}\n"
        f"scrape_configs: [{{job_name: gateway, static_configs: [{{targets: ['{target}']}}]}}]\n",
        "utf-8",
    )
    port = free_port()
    command = [
        "prometheus",
        f"--config.file={config}",
        f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--enable-feature=native-histograms",
    ]
    with (directory / "log").open("wb") as log, subprocess.Popen(command, stderr=log) as server:
        try:
            wait_until(lambda: _quantile_s(stack, port) is not None, seconds=20, what="a quantile")
            quantile_s = _quantile_s(stack, port)
            assert quantile_s is not None
            assert 0.02 < quantile_s < 2
            # Histograms without exponential buckets stay classic on the same endpoint.
            bucket = 'http_server_request_duration_seconds_bucket{le="1.0",http_response_status_code="200"}'
            assert _query(stack, port, bucket)
        finally:
            server.terminate()


def _quantile_s(stack: Stack, port: int) -> float | None:
    stack.ask(stream=True, max_tokens=1)
    found = _query(
        stack, port, "histogram_quantile(0.9, sum(rate(gen_ai_server_time_to_first_token_seconds[1m])))"
    )
    return None if found in (None, "NaN") else float(found)


def _query(stack: Stack, port: int, query: str) -> str | None:
    try:
        answer = stack.gateway.http.get(f"http://127.0.0.1:{port}/api/v1/query", params={"query": query})
        result = answer.json()["data"]["result"]
    except (httpx2.TransportError, ValueError):
        return None
    return str(result[0]["value"][1]) if result else None
