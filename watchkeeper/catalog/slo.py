"""Service level objectives: how much of an SLI's badness is allowed, over how long, and who is woken."""

from datetime import timedelta
from decimal import Decimal

from pydantic import Field

from watchkeeper.catalog.base import Duration, Flag, Model, Objective, Slug, Text


class SloAlerts(Model):
    """Which tiers of burn alert the objective has."""

    page: Flag = True
    """Wake someone: the budget burns fast."""
    ticket: Flag = True
    """Open a ticket: the budget burns slowly but will not last."""


class Slo(Model):
    """One objective on one SLI of the same service."""

    id: Slug
    description: Text
    sli: Slug
    objective: Objective
    period: Duration = timedelta(days=30)
    """Length of the rolling error budget."""
    alerts: SloAlerts = Field(default_factory=SloAlerts)

    @property
    def error_budget_ratio(self) -> Decimal:
        """Share of events that may be bad: ``1 - objective / 100``, exact."""
        return (100 - self.objective).scaleb(-2)
