"""One attempt at one provider: the call, its span, its metrics, and whether it was an answer.

An attempt has succeeded once the first byte of a good answer is here; until then the failover loop may try
elsewhere, after that never. The rest of a stream belongs to the `Reply`, which ends the span and the metrics
whichever way the stream ends.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from typing import Final

import httpx2
import structlog
from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, StatusCode
from pydantic import ValidationError

from demo import semconv
from demo.gateway.circuit import Circuits
from demo.gateway.failures import ProviderFailure, RateLimited, Refused, ServerFailure, TimedOut, Unreachable
from demo.gateway.metrics import GatewayMetrics
from demo.models import Model
from demo.telemetry import Telemetry
from demo.wire import Answer, ChatRequest, Usage

log = structlog.get_logger(__name__)

_CONNECT_S_MAX: Final = 1.0
_SILENCE_S_MAX: Final = 15.0
_EVENT: Final = "data: "
_END: Final = "[DONE]"


class _Call:
    """The books of one attempt, closed exactly once."""

    def __init__(self, span: Span, model: Model, metrics: GatewayMetrics) -> None:
        self.span = span
        self._model = model
        self._metrics = metrics
        self._started = time.perf_counter()
        self._open = True
        self._attributes = {
            semconv.OPERATION_NAME: semconv.OPERATION_CHAT,
            semconv.PROVIDER_NAME: model.provider,
            semconv.REQUEST_MODEL: model.name,
        }

    def first_chunk(self) -> None:
        seconds = time.perf_counter() - self._started
        self.span.set_attribute(semconv.RESPONSE_TIME_TO_FIRST_CHUNK, seconds)
        self._metrics.time_to_first_chunk.record(seconds, self._attributes)

    def learn(self, answer: Answer) -> None:
        """Note what an answer, or a chunk of one, says of itself."""
        if answer.id:
            self.span.set_attribute(semconv.RESPONSE_ID, answer.id)
            self.span.set_attribute(semconv.RESPONSE_MODEL, answer.model)
        if reasons := [choice.finish_reason for choice in answer.choices if choice.finish_reason]:
            self.span.set_attribute(semconv.RESPONSE_FINISH_REASONS, reasons)
        if answer.usage is not None:
            self._count(answer.usage)

    def _count(self, usage: Usage) -> None:
        self.span.set_attributes(
            {
                semconv.USAGE_INPUT_TOKENS: usage.prompt_tokens,
                semconv.USAGE_OUTPUT_TOKENS: usage.completion_tokens,
                semconv.USAGE_CACHE_READ_INPUT_TOKENS: usage.prompt_tokens_details.cached_tokens,
                semconv.USAGE_REASONING_OUTPUT_TOKENS: usage.completion_tokens_details.reasoning_tokens,
            }
        )
        record = self._metrics.token_usage.record
        record(usage.prompt_tokens, {**self._attributes, semconv.TOKEN_TYPE: semconv.TOKEN_TYPE_INPUT})
        record(usage.completion_tokens, {**self._attributes, semconv.TOKEN_TYPE: semconv.TOKEN_TYPE_OUTPUT})

    def close(self, outcome: str, error: BaseException | None = None) -> None:
        if not self._open:
            return
        self._open = False
        attributes = dict(self._attributes)
        if outcome != "success":
            attributes[semconv.ERROR_TYPE] = outcome
            self.span.set_attribute(semconv.ERROR_TYPE, outcome)
            self.span.set_status(StatusCode.ERROR, str(error or outcome))
        if error is not None:
            self.span.record_exception(error)
        self._metrics.operation_duration.record(time.perf_counter() - self._started, attributes)
        self._metrics.attempts.add(1, {semconv.PROVIDER_NAME: self._model.provider, "outcome": outcome})
        self.span.end()


class Reply:
    """A good answer that has begun: whole in `body`, or as events still to come."""

    def __init__(self, model: Model, call: _Call, response: httpx2.Response, *, body: bytes = b"") -> None:
        self.model = model
        self.body = body
        self._call = call
        self._response = response
        self._lines = response.aiter_lines()
        self._first: str | None = None

    async def begin(self) -> None:
        """Wait for the first event."""
        self._first = await self._next()
        if self._first is None:
            raise ServerFailure(self.model.provider, "an empty stream")
        self._call.first_chunk()

    async def events(self) -> AsyncIterator[tuple[str, Answer]]:
        """The events as they come, each with what was read of it; ServerFailure if the stream breaks off."""
        event = self._first
        with trace.use_span(self._call.span, end_on_exit=False, record_exception=False):
            try:
                while event is not None:
                    answer = Answer.model_validate_json(event)
                    self._call.learn(answer)
                    yield event, answer
                    event = await self._next()
            except (httpx2.HTTPError, ValidationError, ServerFailure) as error:
                broken = ServerFailure(self.model.provider, f"the stream broke off: {type(error).__name__}")
                log.warning("stream_broken", provider=self.model.provider, exc_info=error)
                self._call.close("broken_stream", broken)
                raise broken from error
        self._call.close("success")

    async def aclose(self) -> None:
        """Let go of the connection; a stream not read to its end counts as abandoned."""
        self._call.close("abandoned")
        await self._response.aclose()

    async def _next(self) -> str | None:
        async for line in self._lines:
            if line == _EVENT + _END:
                return None
            if line.startswith(_EVENT):
                return line.removeprefix(_EVENT)
        raise ServerFailure(self.model.provider, "the stream ended without its end mark")


class Upstream:
    """The providers, each behind its circuit."""

    def __init__(
        self,
        urls: Mapping[str, str],
        client: httpx2.AsyncClient,
        circuits: Circuits,
        metrics: GatewayMetrics,
        telemetry: Telemetry,
    ) -> None:
        self._urls = urls
        self._client = client
        self._circuits = circuits
        self._metrics = metrics
        self._tracer = telemetry.tracer

    async def attempt(self, request: ChatRequest, model: Model, *, timeout_s: float, tenant: str) -> Reply:
        """Ask one provider; ProviderFailure if it brings no answer in time."""
        async with self._circuits.guard(model.provider):
            span = self._tracer.start_span(
                f"{semconv.OPERATION_CHAT} {model.name}",
                kind=SpanKind.CLIENT,
                attributes=_asked(request, model, tenant),
            )
            call = _Call(span, model, self._metrics)
            with trace.use_span(
                span, end_on_exit=False, record_exception=False, set_status_on_exception=False
            ):
                try:
                    async with asyncio.timeout(timeout_s):
                        return await self._ask(request, model, call)
                except (TimeoutError, httpx2.TimeoutException) as error:
                    raise _failed(call, TimedOut(model.provider, "no answer in time")) from error
                except httpx2.HTTPError as error:
                    raise _failed(call, Unreachable(model.provider, type(error).__name__)) from error
                except ProviderFailure as failure:
                    raise _failed(call, failure) from failure.__cause__
                except BaseException:
                    call.close("abandoned")
                    raise

    async def _ask(self, request: ChatRequest, model: Model, call: _Call) -> Reply:
        body = request.model_dump(exclude_none=True) | {"model": model.name}
        if request.stream:
            body["stream_options"] = {
                "include_usage": True
            }  # the books need it, whether the user does or not
        response = await self._client.send(
            self._client.build_request(
                "POST", f"{self._urls[model.provider]}/v1/chat/completions", json=body
            ),
            stream=True,
        )
        try:
            _check(response, model.provider)
            if request.stream:
                reply = Reply(model, call, response)
                await reply.begin()
                return reply
            return Reply(model, call, response, body=_whole(await response.aread(), model, call))
        except BaseException:
            await response.aclose()
            raise


def client() -> httpx2.AsyncClient:
    """The HTTP client that attempts share. Proxies of the environment are none of the providers' business."""
    timeout = httpx2.Timeout(_SILENCE_S_MAX, connect=_CONNECT_S_MAX)
    return httpx2.AsyncClient(timeout=timeout, trust_env=False)


def _asked(request: ChatRequest, model: Model, tenant: str) -> dict[str, str | int | float | bool]:
    attributes: dict[str, str | int | float | bool] = {
        semconv.OPERATION_NAME: semconv.OPERATION_CHAT,
        semconv.PROVIDER_NAME: model.provider,
        semconv.REQUEST_MODEL: model.name,
        semconv.REQUEST_STREAM: request.stream,
        semconv.TENANT_ID: tenant,
    }
    if request.output_tokens_max is not None:
        attributes[semconv.REQUEST_MAX_TOKENS] = request.output_tokens_max
    if request.temperature is not None:
        attributes[semconv.REQUEST_TEMPERATURE] = request.temperature
    return attributes


def _failed(call: _Call, failure: ProviderFailure) -> ProviderFailure:
    log.warning("attempt_failed", provider=failure.provider, outcome=failure.outcome, exc_info=failure)
    call.close(failure.outcome, failure)
    return failure


def _check(response: httpx2.Response, provider: str) -> None:
    status = response.status_code
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        wait = response.headers.get("retry-after", "")
        raise RateLimited(provider, "429", retry_after_s=float(wait) if wait.isdigit() else None)
    if response.is_server_error:
        raise ServerFailure(provider, f"{status}")
    if not response.is_success:
        raise Refused(provider, f"{status}", status=status)


def _whole(body: bytes, model: Model, call: _Call) -> bytes:
    try:
        answer = Answer.model_validate_json(body)
    except ValidationError as error:
        raise ServerFailure(model.provider, "an answer that cannot be read") from error
    call.learn(answer)
    call.close("success")
    return body
