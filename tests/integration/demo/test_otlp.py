"""Traces and logs arrive over OTLP/HTTP, as any collector would receive them."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.integration.demo.harness import Stack, Start, question, start_stack, wait_until

StartIn = Callable[[Mapping[str, str]], AbstractContextManager[Start]]


class Receiver:
    """A collector that keeps what it is sent."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, Span]] = []
        self.logs: list[tuple[str, LogRecord]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.take(self.path, self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def take(self, path: str, body: bytes) -> None:
        """Keep spans or log records with the name of their service."""
        if path == "/v1/traces":
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                service = str(attributes(resource.resource.attributes)["service.name"])
                self.spans += [(service, span) for scope in resource.scope_spans for span in scope.spans]
        elif path == "/v1/logs":
            for logged in ExportLogsServiceRequest.FromString(body).resource_logs:
                service = str(attributes(logged.resource.attributes)["service.name"])
                self.logs += [
                    (service, record) for scope in logged.scope_logs for record in scope.log_records
                ]

    def spans_named(self, service: str, name: str) -> list[Span]:
        """The spans of a service by name."""
        return [span for sender, span in self.spans if (sender, span.name) == (service, name)]

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def attributes(pairs: Iterable[KeyValue]) -> dict[str, object]:
    """Attributes as plain values."""
    return {pair.key: plain(pair.value) for pair in pairs}


def plain(value: AnyValue) -> object:
    """The value inside."""
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [plain(each) for each in value.array_value.values]
    return None if kind is None else getattr(value, kind)


@pytest.fixture(scope="module")
def listening() -> Iterator[Receiver]:
    """A collector."""
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture(scope="module")
def sending(listening: Receiver, start_in: StartIn) -> Iterator[Start]:
    """Start processes that send to it, soon."""
    env = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": listening.url,
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        "OTEL_BLRP_SCHEDULE_DELAY": "100",
    }
    with start_in(env) as start:
        yield start


@pytest.fixture(scope="module")
def _shared_traced(sending: Start) -> Stack:
    return start_stack(sending)


@pytest.fixture
def traced(_shared_traced: Stack) -> Iterator[Stack]:
    """A stack that sends to the collector."""
    yield _shared_traced
    _shared_traced.recover()


@pytest.fixture
def receiver(listening: Receiver) -> Receiver:
    """The collector, empty; what earlier tests caused has arrived before."""
    quiet_since, seen = time.monotonic(), -1
    while time.monotonic() < quiet_since + 0.4:
        if (now := len(listening.spans) + len(listening.logs)) != seen:
            quiet_since, seen = time.monotonic(), now
        time.sleep(0.02)
    listening.spans.clear()
    listening.logs.clear()
    return listening


def test_one_request_is_one_trace_with_its_usage(traced: Stack, receiver: Receiver) -> None:
    """From the gateway's server span over the GenAI span to the provider's; tokens as answered."""
    body = {"model": "o4-mini", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 30}
    answer = traced.gateway.http.post(
        "/v1/chat/completions", json=body, headers={"X-Tenant-ID": "acme"}
    ).json()
    wait_until(lambda: receiver.spans_named("gateway", "chat o4-mini"), what="the GenAI span")
    wait_until(
        lambda: receiver.spans_named("provider-openai", "POST /v1/chat/completions"),
        what="the provider's span",
    )
    wait_until(lambda: receiver.spans_named("gateway", "POST /v1/chat/completions"), what="the server span")
    (chat,) = receiver.spans_named("gateway", "chat o4-mini")
    (server,) = receiver.spans_named("gateway", "POST /v1/chat/completions")
    (provider,) = receiver.spans_named("provider-openai", "POST /v1/chat/completions")
    assert chat.trace_id == server.trace_id == provider.trace_id
    assert chat.parent_span_id == server.span_id
    said, usage = attributes(chat.attributes), answer["usage"]
    expected = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "o4-mini",
        "gen_ai.request.max_tokens": 30,
        "gen_ai.request.stream": False,
        "gen_ai.response.model": "o4-mini",
        "gen_ai.response.id": answer["id"],
        "gen_ai.response.finish_reasons": [answer["choices"][0]["finish_reason"]],
        "gen_ai.usage.input_tokens": usage["prompt_tokens"],
        "gen_ai.usage.output_tokens": usage["completion_tokens"],
        "gen_ai.usage.cache_read.input_tokens": usage["prompt_tokens_details"]["cached_tokens"],
        "gen_ai.usage.reasoning.output_tokens": usage["completion_tokens_details"]["reasoning_tokens"],
        "tenant.id": "acme",
    }
    assert {key: said.get(key) for key in expected} == expected


def test_a_streams_span_ends_with_it_and_knows_its_usage(traced: Stack, receiver: Receiver) -> None:
    """Though the user did not ask for it."""
    traced.ask(stream=True)
    wait_until(lambda: receiver.spans_named("gateway", "chat gpt-4o-mini"), what="the GenAI span")
    (chat,) = receiver.spans_named("gateway", "chat gpt-4o-mini")
    said = attributes(chat.attributes)
    first_s = said["gen_ai.response.time_to_first_chunk"]
    assert isinstance(first_s, float)
    assert 0 < first_s < (chat.end_time_unix_nano - chat.start_time_unix_nano) / 1e9
    usage = traced.openai.http.get("/usage").json()["models"]["gpt-4o-mini"]
    assert said["gen_ai.usage.output_tokens"] == usage["output_tokens"]


def test_a_crash_is_an_exception_on_its_span_and_in_the_log_of_the_same_trace(
    traced: Stack, receiver: Receiver
) -> None:
    """At the provider that crashed and at the gateway that went elsewhere."""
    traced.openai.fault("errors", ratio=1)
    assert traced.ask().status_code == 200

    def logged(service: str, event: str) -> list[LogRecord]:
        return [
            record
            for sender, record in receiver.logs
            if (sender, record.body.string_value) == (service, event)
        ]

    wait_until(lambda: logged("provider-openai", "inference_failed"), what="the provider's log record")
    wait_until(lambda: logged("gateway", "attempt_failed"), what="the gateway's log record")
    wait_until(lambda: receiver.spans_named("gateway", "chat gpt-4o-mini"), what="the failed attempt's span")
    (failed,) = receiver.spans_named("gateway", "chat gpt-4o-mini")
    assert failed.status.code == failed.status.STATUS_CODE_ERROR
    assert [event.name for event in failed.events] == ["exception"]
    (crash,) = logged("provider-openai", "inference_failed")
    (attempt,) = logged("gateway", "attempt_failed")
    assert crash.trace_id == attempt.trace_id == failed.trace_id
    assert attempt.span_id == failed.span_id
    said = attributes(crash.attributes)
    assert said["exception.type"] == "InferenceError"
    assert "in _maybe_crash" in str(said["exception.stacktrace"])


def test_what_is_queued_at_the_end_is_still_sent(sending: Start, receiver: Receiver) -> None:
    """SIGTERM loses no span and no last word."""
    provider = sending("demo.provider", "anthropic")
    wait_until(provider.answers, seconds=30, what="the provider up")
    body = question(model="claude-sonnet-4-5", max_tokens=1)
    provider.http.post("/v1/chat/completions", json=body).raise_for_status()
    provider.process.terminate()
    provider.process.wait(10)
    assert receiver.spans_named("provider-anthropic", "POST /v1/chat/completions")
    assert any(record.body.string_value == "stopping" for _service, record in receiver.logs)


def test_a_collector_that_is_down_does_not_hold_up_the_end(
    start_in: StartIn,
) -> None:
    """Telemetry that cannot be sent is lost; the process stops within seconds all the same."""
    with start_in({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}) as start:
        provider = start("demo.provider", "openai")
        wait_until(provider.answers, seconds=30, what="the provider up")
        provider.http.post("/v1/chat/completions", json=question()).raise_for_status()
        provider.process.terminate()
        provider.process.wait(8)
