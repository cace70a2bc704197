"""A service: the one file that its owner writes."""

from typing import Annotated

from pydantic import Field

from watchkeeper.catalog.base import Flag, Model, Slug, Text, Whole
from watchkeeper.catalog.money import Budget
from watchkeeper.catalog.resilience import Drill, LoadObjective, Probe, ScalingPolicy
from watchkeeper.catalog.sli import Sli
from watchkeeper.catalog.slo import Slo
from watchkeeper.catalog.wording import Shape

Port = Annotated[Whole, Field(ge=1, le=65535, examples=[8000])]


class ScrapeJob(Model):
    """Processes that are scraped under one ``job`` label."""

    job: Slug
    port: Port
    """Where they listen in a container or a cluster; the native stack picks its own."""
    path: Annotated[
        str,
        Shape(r"/\S*", noun="a path", rule="begin with a slash", example="/metrics", length_max=200),
    ] = "/metrics"
    critical: Flag = False
    """When no process of this job is up, users are hurt: page, not ticket."""


class Service(Model):
    """One service of the watched system: its owner, its promises, its costs, its drills."""

    id: Slug
    name: Text
    description: Text
    team: Slug
    depends_on: tuple[Slug, ...] = ()
    scrape: tuple[ScrapeJob, ...] = ()
    slis: tuple[Sli, ...] = ()
    slos: tuple[Slo, ...] = ()
    budgets: tuple[Budget, ...] = ()
    load: tuple[LoadObjective, ...] = ()
    scaling: tuple[ScalingPolicy, ...] = ()
    probes: tuple[Probe, ...] = ()
    drills: tuple[Drill, ...] = ()
