"""Money: budgets, what things cost, and who owns what was spent.

Shallow on purpose for now: enough for budgets and prices to be stated, checked and reviewed beside
the services that spend them.
"""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from watchkeeper.catalog.base import Day, LabelName, Model, Number, Slug, Text, Usd
from watchkeeper.catalog.wording import WrongValue

Percent = Annotated[Number, Field(gt=0, le=1000)]


class Budget(Model):
    """What a service may spend in a calendar month (UTC), and at which shares of it someone is told."""

    id: Slug
    description: Text
    source: Literal["llm", "cloud", "all"] = "all"
    amount_usd: Annotated[Usd, Field(gt=0)]
    thresholds_percent: Annotated[tuple[Percent, ...], Field(min_length=1)] = (
        Decimal(50),
        Decimal(80),
        Decimal(100),
    )


class ModelPrice(Model):
    """List price of one provider's model from a date on, per million tokens, in disjoint buckets."""

    provider: Slug
    model: Annotated[str, Field(min_length=1, max_length=200)]
    effective_from: Day
    input_usd_per_mtok: Usd
    cached_input_usd_per_mtok: Usd
    output_usd_per_mtok: Usd


class ResourcePrice(Model):
    """List price of one unit of a cloud resource from a date on."""

    resource: Slug
    unit: Annotated[str, Field(min_length=1, max_length=40)]
    effective_from: Day
    usd_per_unit: Usd


class PriceBook(Model):
    """Every price that the catalog states itself."""

    models: tuple[ModelPrice, ...] = ()
    resources: tuple[ResourcePrice, ...] = ()


class OwnershipRule(Model):
    """Costs that carry all of these tags belong to this team."""

    tags: Annotated[dict[LabelName, str], Field(min_length=1)]
    team: Slug


class Ownership(Model):
    """Who pays: the first rule that matches, else the default. Unmatched cost stays visible as such."""

    rules: tuple[OwnershipRule, ...] = ()
    default_team: Slug | None = None

    @model_validator(mode="after")
    def _no_rule_is_shadowed(self) -> "Ownership":
        for index, rule in enumerate(self.rules):
            for earlier in self.rules[:index]:
                if earlier.tags.items() <= rule.tags.items():
                    tags = ", ".join(f"{key}={value}" for key, value in sorted(rule.tags.items()))
                    raise WrongValue(
                        f"the rule for {tags} is never reached: an earlier one takes it all; move it up",
                        at=("rules", index),
                    )
        return self
