"""Which model is served by whom, and which other model stands in for it.

Data, shared by the providers (what they serve) and the gateway (where it fails over to). The names are real
ones, so that public price lists can price the usage.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Model:
    """One model: its provider, what stands in for it elsewhere, and whether it thinks before it speaks."""

    name: str
    provider: str
    stand_in: str
    reasons: bool = False


MODELS = {
    model.name: model
    for model in (
        Model("gpt-4o-mini", "openai", stand_in="claude-3-5-haiku-latest"),
        Model("gpt-4o", "openai", stand_in="claude-sonnet-4-5"),
        Model("o4-mini", "openai", stand_in="claude-sonnet-4-5", reasons=True),
        Model("claude-3-5-haiku-latest", "anthropic", stand_in="gpt-4o-mini"),
        Model("claude-sonnet-4-5", "anthropic", stand_in="gpt-4o"),
    )
}

PROVIDERS = tuple(sorted({model.provider for model in MODELS.values()}))


def served_by(provider: str) -> tuple[Model, ...]:
    """The models of one provider, in the order of the table above."""
    return tuple(model for model in MODELS.values() if model.provider == provider)
