"""How long an answer takes, how many tokens it has and what it says, decided before it is played.

Deciding is pure: the same request, faults and random numbers give the same generation. Playing it in real
time is the app's business. An ordinary answer takes about a quarter of a second.
"""

import hashlib
import math
from collections import OrderedDict
from dataclasses import dataclass
from random import Random
from typing import Final

from demo.models import Model
from demo.wire import ChatRequest, CompletionDetails, PromptDetails, Usage

_TTFT_S_MEDIAN: Final = 0.075
_TTFT_SPREAD: Final = 0.35  # of the logarithm; the mean is 80 ms, one in a thousand over 220 ms
_TOKENS_PER_S: Final = (200.0, 400.0)
_OUTPUT_TOKENS: Final = (20, 60)
_CHARACTERS_PER_TOKEN: Final = 4
_CACHE_GRANULE_TOKENS: Final = 16
_CACHE_ENTRIES_MAX: Final = 1024
_WORDS: Final = ("budget", "errors", "every", "holds", "price", "rare", "stay", "the", "token", "watch")


class PromptCache:
    """Remembers the first messages it saw lately; a prompt that starts with one is partly read from cache."""

    def __init__(self, entries_max: int = _CACHE_ENTRIES_MAX) -> None:
        self._seen: OrderedDict[bytes, None] = OrderedDict()
        self._entries_max = entries_max

    def cached_tokens(self, request: ChatRequest) -> int:
        """How many of the prompt's tokens are cached, in whole granules; remembers it for next time."""
        first = request.messages[0].content
        key = hashlib.blake2b(f"{request.model}\0{first}".encode(), digest_size=16).digest()
        hit = key in self._seen
        self._seen[key] = None
        self._seen.move_to_end(key)
        if len(self._seen) > self._entries_max:
            self._seen.popitem(last=False)
        tokens = count_tokens(first)
        return tokens - tokens % _CACHE_GRANULE_TOKENS if hit else 0


@dataclass(frozen=True)
class Generation:
    """One answer to be played: first token after `ttft_s`, then `tokens_per_s`."""

    ttft_s: float
    tokens_per_s: float
    words: tuple[str, ...]
    finish_reason: str
    usage: Usage


def count_tokens(text: str) -> int:
    """A rough tokenizer: four characters each, at least one."""
    return max(1, math.ceil(len(text) / _CHARACTERS_PER_TOKEN))


def generate(
    request: ChatRequest,
    model: Model,
    *,
    cached_tokens: int,
    extra_latency_s: float,
    runaway: float,
    random: Random,
) -> Generation:
    """Decide one answer. `runaway` multiplies its length and, alike, its speed."""
    wanted = round(random.randint(*_OUTPUT_TOKENS) * runaway)
    output = min(wanted, request.output_tokens_max or wanted)
    reasoning = output // 2 if model.reasons else 0
    prompt = sum(count_tokens(message.content) for message in request.messages)
    return Generation(
        ttft_s=random.lognormvariate(math.log(_TTFT_S_MEDIAN), _TTFT_SPREAD) + extra_latency_s,
        tokens_per_s=random.uniform(*_TOKENS_PER_S) * runaway,
        words=tuple(random.choices(_WORDS, k=output - reasoning)),
        finish_reason="stop" if output == wanted else "length",
        usage=Usage(
            prompt_tokens=prompt,
            completion_tokens=output,
            total_tokens=prompt + output,
            prompt_tokens_details=PromptDetails(cached_tokens=min(cached_tokens, prompt)),
            completion_tokens_details=CompletionDetails(reasoning_tokens=reasoning),
        ),
    )
