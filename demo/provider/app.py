"""The provider's HTTP face: what stands between a request and its answer is decided here, in one order.

Outage first, then the rate limit, then random errors, then the model itself; so a provider that is down
never says 429, and a refused call never costs a token.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from random import Random
from typing import Final

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from opentelemetry import trace

from demo import exposition, faults, serving, wire
from demo.limits import BodyLimit, RequestId
from demo.models import Model, served_by
from demo.provider.faults import KINDS, Errors, Latency, Outage, RateLimit, TokenRunaway
from demo.provider.generation import Generation, PromptCache, generate
from demo.provider.rate_limit import TokenBucket
from demo.provider.usage import UsageCount, UsageReport
from demo.telemetry import Telemetry
from demo.wire import ChatRequest, Usage

log = structlog.get_logger(__name__)

_BODY_BYTES_MAX: Final = 1 << 20
_WORDS_PER_CHUNK: Final = 4
_REFUSALS: Final = ("outage", "rate_limit", "error", "unknown_model")


class InferenceError(Exception):
    """The simulated model crashed."""


class Provider:
    """One provider's state: its faults, limit, cache, count, and its own seeded randomness."""

    def __init__(self, name: str, telemetry: Telemetry, *, requests_per_s: float, seed: int) -> None:
        self.name = name
        self.models = {model.name: model for model in served_by(name)}
        self.faults = faults.Switchboard(KINDS)
        self.usage = UsageCount(name, telemetry.meter)
        self._random = Random(seed)  # noqa: S311 - a simulation has no secrets
        self._cache = PromptCache()
        self._limit = TokenBucket(requests_per_s, burst=requests_per_s, now=time.monotonic())
        self._fault_limit: tuple[RateLimit, TokenBucket] | None = None
        self._refused = telemetry.meter.create_counter(
            "provider_refused_requests", description="Calls that got no completion, by reason."
        )
        for reason in _REFUSALS:
            self._refused.add(0, {"reason": reason})

    async def chat(self, request: ChatRequest) -> Response:
        """Answer, or refuse."""
        model = self.models.get(request.model)
        if self.faults.get(Outage) is not None:
            return self._refuse("outage", 503, "service_unavailable", f"{self.name} is down; try again later")
        if (wait_s := self._bucket().take(now=time.monotonic())) > 0:
            return self._refuse(
                "rate_limit", 429, "rate_limit_exceeded", "too many requests; slow down", wait_s
            )
        if model is None:
            known = ", ".join(self.models)
            return self._refuse(
                "unknown_model", 404, "model_not_found", f"no such model here; use one of: {known}"
            )
        self._maybe_crash()
        generation = self._generate(request, model)
        if request.stream:
            return StreamingResponse(
                self._stream(request, model, generation), headers={"Content-Type": wire.EVENT_STREAM}
            )
        await asyncio.sleep(generation.ttft_s + generation.usage.completion_tokens / generation.tokens_per_s)
        self.usage.add(model.name, generation.usage)
        return JSONResponse(self._completion(model, generation))

    def crashed(self, error: InferenceError) -> Response:
        """Turn a crash into a 500 that leaves a trace: on the span and in the log."""
        span = trace.get_current_span()
        span.record_exception(error)
        span.set_status(trace.StatusCode.ERROR, str(error))
        log.error("inference_failed", provider=self.name, exc_info=error)
        return self._refuse("error", 500, "server_error", "the model failed; try again")

    def _refuse(
        self, reason: str, status: int, kind: str, message: str, retry_after_s: float | None = None
    ) -> Response:
        self._refused.add(1, {"reason": reason})
        return wire.error(status, kind, message, retry_after_s=retry_after_s)

    def _bucket(self) -> TokenBucket:
        """The ordinary bucket, or the fault's own while that fault is on with the same parameters."""
        fault = self.faults.get(RateLimit)
        if fault is None:
            self._fault_limit = None
            return self._limit
        if self._fault_limit is None or self._fault_limit[0] is not fault:
            rate = fault.requests_per_s
            self._fault_limit = (fault, TokenBucket(rate, burst=max(1.0, rate), now=time.monotonic()))
        return self._fault_limit[1]

    def _maybe_crash(self) -> None:
        fault = self.faults.get(Errors)
        if fault is not None and self._random.random() < fault.ratio:
            raise InferenceError(f"{self.name}: worker ran out of memory while sampling")

    def _generate(self, request: ChatRequest, model: Model) -> Generation:
        latency, runaway = self.faults.get(Latency), self.faults.get(TokenRunaway)
        return generate(
            request,
            model,
            cached_tokens=self._cache.cached_tokens(request),
            extra_latency_s=0.0 if latency is None else latency.seconds,
            runaway=1.0 if runaway is None else runaway.multiplier,
            random=self._random,
        )

    def _completion(self, model: Model, generation: Generation) -> dict[str, object]:
        message = {"role": "assistant", "content": " ".join(generation.words)}
        choice = {"index": 0, "message": message, "finish_reason": generation.finish_reason}
        return self._envelope("chat.completion", model) | {
            "choices": [choice],
            "usage": generation.usage.model_dump(),
        }

    def _envelope(self, kind: str, model: Model) -> dict[str, object]:
        identity = f"chatcmpl-{self._random.getrandbits(64):016x}"
        return {"id": identity, "object": kind, "created": int(time.time()), "model": model.name}

    async def _stream(
        self, request: ChatRequest, model: Model, generation: Generation
    ) -> AsyncIterator[bytes]:
        """Play a generation as events; a client who hangs up pays for what was generated by then."""
        envelope = self._envelope("chat.completion.chunk", model)
        thought = generation.usage.completion_tokens_details.reasoning_tokens
        spoken = 0
        try:
            await asyncio.sleep(generation.ttft_s + thought / generation.tokens_per_s)
            for start in range(0, len(generation.words), _WORDS_PER_CHUNK):
                words = generation.words[start : start + _WORDS_PER_CHUNK]
                spoken += len(words)
                delta = {"role": "assistant", "content": " ".join((*words, ""))}
                yield _event(envelope, {"index": 0, "delta": delta, "finish_reason": None})
                await asyncio.sleep(len(words) / generation.tokens_per_s)
            yield _event(envelope, {"index": 0, "delta": {}, "finish_reason": generation.finish_reason})
        finally:
            usage = _up_to(generation.usage, thought + spoken)
            self.usage.add(model.name, usage)
        if request.wants_usage:
            yield _event(envelope | {"usage": usage.model_dump()})
        yield wire.STREAM_END


def _event(envelope: dict[str, object], *choices: dict[str, object]) -> bytes:
    body = json.dumps(envelope | {"choices": choices}, separators=(",", ":"))
    return f"data: {body}\n\n".encode()


def _up_to(usage: Usage, output: int) -> Usage:
    return usage.model_copy(
        update={"completion_tokens": output, "total_tokens": usage.prompt_tokens + output}
    )


def build(provider: Provider, telemetry: Telemetry) -> FastAPI:
    """The provider's app."""
    app = serving.app(f"{provider.name} (simulated)", telemetry)
    app.add_middleware(BodyLimit, bytes_max=_BODY_BYTES_MAX)
    app.add_middleware(RequestId)
    app.include_router(faults.router(provider.faults))
    app.include_router(exposition.router(telemetry.registry))

    @app.post("/v1/chat/completions", response_model=None)
    async def chat(request: ChatRequest) -> Response:
        return await provider.chat(request)

    @app.get("/usage")
    async def usage() -> UsageReport:
        return provider.usage.report

    @app.get("/healthz")
    async def healthz() -> dict[str, object]:
        # A simulated outage is no dead process: restarting it would end the drill.
        return {"status": "alive", "faults": provider.faults.active}

    @app.exception_handler(InferenceError)
    async def on_crash(_request: Request, error: InferenceError) -> Response:
        return provider.crashed(error)

    telemetry.watch_server(app)
    return app
