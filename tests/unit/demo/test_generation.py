"""Simulated answers."""

from random import Random
from statistics import mean

from demo.models import MODELS
from demo.provider.generation import Generation, PromptCache, generate
from demo.wire import ChatRequest, Message

QUESTION = ChatRequest(model="gpt-4o-mini", messages=(Message(role="user", content="x" * 400),))


def generated(request: ChatRequest = QUESTION, *, seed: int = 1, runaway: float = 1.0) -> Generation:
    """One answer without latency or cache."""
    return generate(
        request,
        MODELS[request.model],
        cached_tokens=0,
        extra_latency_s=0,
        runaway=runaway,
        random=Random(seed),  # noqa: S311
    )


def duration_s(answer: Generation) -> float:
    """How long it takes to play."""
    return answer.ttft_s + answer.usage.completion_tokens / answer.tokens_per_s


def test_the_same_seed_gives_the_same_answer() -> None:
    """A drill can be repeated."""
    assert generated(seed=7) == generated(seed=7) != generated(seed=8)


def test_ordinary_answers_take_a_quarter_of_a_second() -> None:
    """The latency objective of one second has room: the slowest of a thousand stays under it."""
    answers = [generated(seed=seed) for seed in range(1000)]
    assert 0.07 < mean(answer.ttft_s for answer in answers) < 0.09
    assert 0.2 < mean(map(duration_s, answers)) < 0.3
    assert max(map(duration_s, answers)) < 0.8
    assert all(20 <= answer.usage.completion_tokens <= 60 for answer in answers)


def test_a_runaway_costs_more_but_takes_no_longer() -> None:
    """The drill of the spend alert must not ring the latency page."""
    calm, wild = generated(), generated(runaway=20)
    assert wild.usage.completion_tokens == 20 * calm.usage.completion_tokens
    assert abs(duration_s(wild) - duration_s(calm)) < 1e-9


def test_the_clients_cap_holds_even_in_a_runaway() -> None:
    """max_tokens is a promise; the finish reason says that it cut the answer."""
    capped = generated(QUESTION.model_copy(update={"max_tokens": 10}), runaway=50)
    assert capped.usage.completion_tokens == 10
    assert capped.finish_reason == "length"


def test_only_a_reasoning_model_bills_thoughts() -> None:
    """Half of what it bills is never spoken."""
    thinker = generated(QUESTION.model_copy(update={"model": "o4-mini"}))
    thought = thinker.usage.completion_tokens_details.reasoning_tokens
    assert thought == thinker.usage.completion_tokens // 2
    assert len(thinker.words) == thinker.usage.completion_tokens - thought
    assert generated().usage.completion_tokens_details.reasoning_tokens == 0


def test_a_prompt_seen_before_is_cached_in_whole_granules() -> None:
    """100 tokens make six granules of 16; another model's cache is another."""
    cache = PromptCache()
    assert [cache.cached_tokens(QUESTION) for _ in range(2)] == [0, 96]
    assert cache.cached_tokens(QUESTION.model_copy(update={"model": "gpt-4o"})) == 0


def test_the_cache_forgets_the_oldest() -> None:
    """Clients cannot grow it."""
    cache = PromptCache(entries_max=1)
    other = QUESTION.model_copy(update={"messages": (Message(role="user", content="y" * 400),)})
    assert [cache.cached_tokens(each) for each in (QUESTION, other, QUESTION)] == [0, 0, 0]
