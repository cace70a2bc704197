"""The provider's own count of what it served: the truth that spend is reconciled with later.

A count starts at zero with its process; `epoch` tells one life of the process from the next, so that nobody
mistakes a restart for tokens given back.
"""

import uuid
from datetime import UTC, datetime

from opentelemetry.metrics import Meter
from pydantic import BaseModel

from demo import semconv
from demo.models import served_by
from demo.wire import Usage

TOKEN_KINDS = ("input", "cached_input", "output", "reasoning_output")


class ModelUsage(BaseModel):
    """Totals since the start. Cached tokens are part of the input, reasoning tokens part of the output."""

    requests: int = 0
    input_tokens: int = 0
    cached_input_tokens: int = 0
    output_tokens: int = 0
    reasoning_output_tokens: int = 0


class UsageReport(BaseModel):
    """The answer of `GET /usage`."""

    provider: str
    epoch: str
    since: datetime
    models: dict[str, ModelUsage]


class UsageCount:
    """Counts completions of one provider, for `GET /usage` and as `provider_tokens_total`."""

    def __init__(self, provider: str, meter: Meter, *, since: datetime | None = None) -> None:
        self._report = UsageReport(
            provider=provider,
            epoch=uuid.uuid4().hex,
            since=since or datetime.now(UTC),
            models={model.name: ModelUsage() for model in served_by(provider)},
        )
        self._tokens = meter.create_counter(
            "provider_tokens",
            description="Tokens billed; cached_input is part of input, reasoning_output of output.",
        )
        for model in self._report.models:
            for kind in TOKEN_KINDS:
                self._tokens.add(0, {semconv.RESPONSE_MODEL: model, semconv.TOKEN_TYPE: kind})

    @property
    def report(self) -> UsageReport:
        """The count now."""
        return self._report

    def add(self, model: str, usage: Usage) -> None:
        """Count one completion."""
        counted = {
            "input": usage.prompt_tokens,
            "cached_input": usage.prompt_tokens_details.cached_tokens,
            "output": usage.completion_tokens,
            "reasoning_output": usage.completion_tokens_details.reasoning_tokens,
        }
        before = self._report.models[model]
        self._report.models[model] = ModelUsage(
            requests=before.requests + 1,
            input_tokens=before.input_tokens + counted["input"],
            cached_input_tokens=before.cached_input_tokens + counted["cached_input"],
            output_tokens=before.output_tokens + counted["output"],
            reasoning_output_tokens=before.reasoning_output_tokens + counted["reasoning_output"],
        )
        for kind, tokens in counted.items():
            self._tokens.add(tokens, {semconv.RESPONSE_MODEL: model, semconv.TOKEN_TYPE: kind})
