"""Guessing what was meant, and listing what is possible: small courtesies that every check shares."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

_LISTED_MAX = 15


def did_you_mean(word: str, options: Iterable[str]) -> str | None:
    """Give the option that ``word`` is most likely a misspelling of, if any."""
    by_folded = {option.lower().replace("_", "-"): option for option in options}
    close = get_close_matches(word[:100].lower().replace("_", "-"), by_folded, n=1, cutoff=0.7)
    return by_folded[close[0]] if close else None


def listed(words: Sequence[str], last: str = "and") -> str:
    """Write words as a list in a sentence: ``a, b and c``."""
    if len(words) > _LISTED_MAX:
        words = [*words[: _LISTED_MAX - 1], f"{len(words) - _LISTED_MAX + 1} more"]
    if len(words) <= 1:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def choose(word: str, options: Sequence[str], nothing: str) -> str:
    """Say how to mend a word that must be one of ``options``; ``nothing`` is said where there is none."""
    if not options:
        return nothing
    if close := did_you_mean(word, options):
        return f"did you mean '{close}'?"
    return f"use {listed(sorted(options), 'or')}" if len(options) > 1 else f"the only one is '{options[0]}'"
