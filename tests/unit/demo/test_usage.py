"""The provider's own count."""

from opentelemetry.metrics import NoOpMeter

from demo.provider.usage import UsageCount
from demo.wire import CompletionDetails, PromptDetails, Usage


def test_it_adds_up_per_model() -> None:
    """Cached and reasoning tokens are counted beside the totals they are part of."""
    count = UsageCount("openai", NoOpMeter("test"))
    usage = Usage(
        prompt_tokens=100,
        completion_tokens=40,
        total_tokens=140,
        prompt_tokens_details=PromptDetails(cached_tokens=64),
        completion_tokens_details=CompletionDetails(reasoning_tokens=20),
    )
    count.add("o4-mini", usage)
    count.add("o4-mini", usage)
    assert count.report.models["o4-mini"].model_dump() == {
        "requests": 2,
        "input_tokens": 200,
        "cached_input_tokens": 128,
        "output_tokens": 80,
        "reasoning_output_tokens": 40,
    }
    assert count.report.models["gpt-4o"].requests == 0


def test_each_life_has_its_own_epoch() -> None:
    """A restart cannot be taken for tokens given back."""
    first, second = (UsageCount("openai", NoOpMeter("test")).report.epoch for _ in range(2))
    assert first != second
