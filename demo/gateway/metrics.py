"""The gateway's own instruments, and the GenAI conventions' ones that it fills.

Every counter exists at zero from the start: a rate over a series that is born with its first error does not
see that error.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from opentelemetry.metrics import CallbackOptions, Observation

from demo import semconv
from demo.native import NativeHistogram
from demo.telemetry import DURATION_BUCKETS_S, Telemetry

OUTCOMES: Final = (
    "success",
    "error",
    "unreachable",
    "timeout",
    "rate_limited",
    "refused",
    "broken_stream",
    "abandoned",
)
REJECTIONS: Final = ("queue_full", "queue_timeout", "body_too_large")

# Advice of the GenAI conventions, as floats like every other bound.
_TOKEN_BUCKETS: Final = (1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0, 16384.0, 65536.0, 262144.0, 1048576.0)


class GatewayMetrics:
    """What the gateway counts and times; see docs of each instrument in its description."""

    def __init__(self, telemetry: Telemetry, providers: Sequence[str]) -> None:
        meter = telemetry.meter
        self._meter = meter
        self.chat_requests = meter.create_counter(
            "gateway_chat_requests", description="Chat completions admitted, by the provider meant to answer."
        )
        self.failovers = meter.create_counter(
            "gateway_failovers",
            description="Chat completions that the provider meant to answer did not; another was tried.",
        )
        self.attempts = meter.create_counter(
            "gateway_provider_attempts", description="Calls to providers, by outcome."
        )
        self.rejected = meter.create_counter(
            "gateway_rejected_requests", description="Requests turned away before any work, by reason."
        )
        for provider in providers:
            self.chat_requests.add(0, {semconv.PROVIDER_NAME: provider})
            self.failovers.add(0, {semconv.PROVIDER_NAME: provider})
            for outcome in OUTCOMES:
                self.attempts.add(0, {semconv.PROVIDER_NAME: provider, "outcome": outcome})
        for reason in REJECTIONS:
            self.rejected.add(0, {"reason": reason})
        self.operation_duration = meter.create_histogram(
            semconv.CLIENT_OPERATION_DURATION,
            unit="s",
            description="Duration of calls to providers, to the last byte.",
            explicit_bucket_boundaries_advisory=DURATION_BUCKETS_S,
        )
        self.time_to_first_chunk = meter.create_histogram(
            semconv.CLIENT_TIME_TO_FIRST_CHUNK,
            unit="s",
            description="Time from calling a provider to its first chunk; streams only.",
            explicit_bucket_boundaries_advisory=DURATION_BUCKETS_S,
        )
        self.token_usage = meter.create_histogram(
            semconv.CLIENT_TOKEN_USAGE,
            unit="{token}",
            description="Tokens per call, as providers report them.",
            explicit_bucket_boundaries_advisory=_TOKEN_BUCKETS,
        )
        self.time_to_first_token = NativeHistogram(
            meter,
            semconv.SERVER_TIME_TO_FIRST_TOKEN,
            "Time from a user's request to its first token, queueing and failed attempts included.",
        )

    def watch(
        self,
        *,
        limit: int,
        in_use: Callable[[], int],
        closed: Callable[[str], bool],
        providers: Sequence[str],
    ) -> None:
        """Expose the gauges, read when scraped."""

        def circuits(_options: CallbackOptions) -> Iterable[Observation]:
            return [Observation(int(closed(name)), {semconv.PROVIDER_NAME: name}) for name in providers]

        gauge = self._meter.create_observable_gauge
        gauge("gateway_circuit_closed", [circuits], description="1 while the provider is in normal use.")
        gauge(
            "gateway_concurrency_in_use",
            [lambda _options: [Observation(in_use())]],
            description="Requests being worked on.",
        )
        gauge(
            "gateway_concurrency_limit",
            [lambda _options: [Observation(limit)]],
            description="Requests that can be worked on at a time.",
        )
