"""Service level indicators: which events count, and which of them are bad.

Five kinds, each a few facts about series that exist already. What they become in PromQL is decided
in ``watchkeeper.sli``; here is only what a service owner states.
"""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from watchkeeper import conventions as c
from watchkeeper.catalog.base import Duration, LabelName, Model, Slug, Text, format_duration
from watchkeeper.catalog.selector import Matchers, Selector
from watchkeeper.catalog.wording import WrongValue


class _Sli(Model):
    id: Slug
    description: Text
    group_by: tuple[LabelName, ...] = Field(default=(), max_length=5)
    """Labels whose every value gets an error budget of its own."""

    @field_validator("group_by")
    @classmethod
    def _distinct(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(labels)) != len(labels):
            raise WrongValue("a label is named twice; name each label once")
        reserved = RESERVED_LABELS.intersection(labels)
        if reserved:
            raise WrongValue(
                f"label {min(reserved)!r} is set by the rules themselves; group by another label"
            )
        return labels


class AvailabilitySli(_Sli):
    """One counter of events; the matchers in ``bad`` say which of them failed."""

    kind: Literal["availability"]
    events: Selector
    bad: Matchers


class LatencySli(_Sli):
    """One histogram of durations in seconds; an event slower than ``threshold`` is bad."""

    kind: Literal["latency"]
    histogram: Selector
    """Base name, without ``_bucket``."""
    format: Literal["classic", "native"] = "classic"
    threshold: Duration
    buckets: tuple[Duration, ...] | None = None
    """Upper bounds that the histogram has, when they are known; ``threshold`` must be one of them."""

    @model_validator(mode="after")
    def _threshold_is_a_bucket(self) -> "LatencySli":
        if self.format == "native" and self.buckets is not None:
            raise WrongValue("a native histogram has no fixed buckets; leave 'buckets' out", at=("buckets",))
        if self.buckets is not None:
            if any(low >= high for low, high in pairwise(self.buckets)):
                raise WrongValue("'buckets' do not rise; sort them and drop the duplicates", at=("buckets",))
            if self.threshold not in self.buckets:
                bounds = ", ".join(map(format_duration, self.buckets))
                raise WrongValue(
                    f"'threshold' is no bucket's bound, so it cannot be counted; use one of {bounds}",
                    at=("threshold",),
                )
        return self


class RatioSli(_Sli):
    """Two counters: bad events, and all of them. For when bad is not a subset of one metric."""

    kind: Literal["ratio"]
    bad: Selector
    total: Selector


class FreshnessSli(_Sli):
    """A gauge that holds a Unix time; a moment at which it is older than ``max_age`` is bad."""

    kind: Literal["freshness"]
    timestamp: Selector
    max_age: Duration


class BooleanSli(_Sli):
    """A gauge that is 1 while all is well; a moment at which it is not is bad."""

    kind: Literal["boolean"]
    gauge: Selector


Sli = Annotated[
    AvailabilitySli | LatencySli | RatioSli | FreshnessSli | BooleanSli,
    Field(discriminator="kind"),
]

RESERVED_LABELS = frozenset(
    {c.SLO, c.SERVICE, c.TEAM, c.WINDOW, c.SEVERITY, c.ALERTNAME, c.BUCKET, "__name__"}
)
"""Labels that the generated rules set; grouping by one of them would be overwritten."""
