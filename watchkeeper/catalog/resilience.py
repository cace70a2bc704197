"""How a service is put under load, scaled, probed and broken on purpose.

Load objectives, scaling policy, probes and drills are stated beside the SLOs they must keep, because
they are judged by them.
"""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from watchkeeper.catalog.base import Duration, Model, Number, Slug, Text, Usd, Whole, read_number
from watchkeeper.catalog.selector import Selector
from watchkeeper.catalog.wording import Shape, WrongValue

JobName = Slug
FaultName = Annotated[
    str,
    Shape(
        r"[a-z][a-z0-9_]*",
        noun="a fault's or a parameter's name",
        rule="use lower-case letters, digits and underscores, and begin with a letter",
        example="outage",
        length_max=63,
    ),
]


FaultParameter = Annotated[int | Decimal, BeforeValidator(read_number)]


class LoadObjective(Model):
    """A rate at which the named SLOs must hold, and what a thousand good requests may cost then."""

    id: Slug
    suite: Literal["smoke", "load", "stress", "spike", "soak", "scaling", "failover"]
    rate_rps: Annotated[Number, Field(gt=0, le=1_000_000, examples=[5])]
    """Offered requests per second."""
    duration: Duration
    slos: Annotated[tuple[Slug, ...], Field(min_length=1)]
    cost_usd_per_1k_max: Usd | None = None


class ScalingMetric(Model):
    """A per-replica average that the autoscaler steers towards."""

    metric: Selector
    target_average: Annotated[Number, Field(gt=0, examples=[20])]


class ScalingStep(Model):
    """At most this much change within this period."""

    type: Literal["pods", "percent"]
    value: Annotated[Whole, Field(gt=0, le=10_000)]
    period: Duration


class ScalingBehaviour(Model):
    """One direction of scaling, in the terms of Kubernetes' HorizontalPodAutoscaler v2."""

    stabilization: Duration | None = None
    steps: Annotated[tuple[ScalingStep, ...], Field(min_length=1)]


class ScalingPolicy(Model):
    """Replica bounds, what drives them, and how fast they may move."""

    job: JobName
    replicas_min: Annotated[Whole, Field(ge=1, le=10_000)]
    replicas_max: Annotated[Whole, Field(ge=1, le=10_000)]
    metrics: Annotated[tuple[ScalingMetric, ...], Field(min_length=1)]
    up: ScalingBehaviour
    down: ScalingBehaviour

    @model_validator(mode="after")
    def _bounds_in_order(self) -> "ScalingPolicy":
        if self.replicas_min > self.replicas_max:
            raise WrongValue(
                f"'replicas_min' {self.replicas_min} is above 'replicas_max' {self.replicas_max}; swap them",
                at=("replicas_min",),
            )
        return self


class Probe(Model):
    """A synthetic request that is sent again and again from outside."""

    id: Slug
    method: Literal["GET", "POST"] = "GET"
    url: Annotated[
        str,
        Shape(
            r"https?://[^\s/]\S*",
            noun="a web address",
            rule="begin with http:// or https://",
            example="http://127.0.0.1:8080/healthz",
            length_max=2000,
        ),
    ]
    interval: Duration
    timeout: Duration
    expect_status: Annotated[Whole, Field(ge=100, le=599)] = 200

    @model_validator(mode="after")
    def _timeout_fits(self) -> "Probe":
        if self.timeout >= self.interval:
            raise WrongValue(
                "a probe may outlast its interval, so probes pile up; make 'timeout' shorter",
                at=("timeout",),
            )
        return self


class FaultInjection(Model):
    """Switch a fault of one job's processes on, over HTTP; it is switched off when the drill ends."""

    action: Literal["fault"]
    job: JobName
    fault: FaultName
    parameters: dict[FaultName, FaultParameter] = Field(default_factory=dict, max_length=10)


class KillInjection(Model):
    """End some of one job's processes at once, as a crash would; whoever supervises them may restart them."""

    action: Literal["kill"]
    job: JobName
    count: Annotated[Whole, Field(ge=1, le=100)] = 1


Injection = Annotated[FaultInjection | KillInjection, Field(discriminator="action")]


class ExpectPage(Model):
    """The drill must end as exactly one page for this SLO, in time, and it must resolve."""

    page: Slug
    """The SLO, by its name within the service."""
    within: Duration
    """From the first injection to the page's delivery."""
    resolve_within: Duration
    """From the end of the fault to the page's resolution."""


class ExpectSilence(Model):
    """The drill must page nobody: the system has to absorb the fault."""

    silent_for: Duration
    """How long the fault is held and nothing may page."""


class Drill(Model):
    """An incident made on purpose, and what must come of it."""

    id: Slug
    description: Text
    inject: Annotated[tuple[Injection, ...], Field(min_length=1, max_length=20)]
    expect: ExpectPage | ExpectSilence
