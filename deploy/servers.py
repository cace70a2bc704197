"""The servers' configuration files, per place where the stack runs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from alerts.routing import Delivery, alertmanager_config
from deploy.haproxy.compose import edge
from deploy.haproxy.config import Edge, render
from deploy.prometheus.config import Discovery, prometheus_config
from watchkeeper.artifact import Artifact, yaml_artifact
from watchkeeper.catalog.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Target:
    """A place where the stack runs."""

    discovery: Discovery
    delivery: Delivery
    prometheus: str | None
    """The server's version; None: the catalog's target version."""
    edge: Edge | None
    """The load balancer; None where it is configured at run time, as replicas come and go."""


TARGETS: Mapping[str, Target] = {
    # The native stack keeps no secrets: its pages reach the inbox only.
    "local": Target(
        "file", Delivery(console_url="http://127.0.0.1:9400", secrets_dir=None), prometheus=None, edge=None
    ),
    "compose": Target(
        "dns",
        Delivery(console_url="http://console:9400", secrets_dir="/run/secrets"),
        prometheus="3.13",
        edge=edge(),
    ),
}


def artifacts(catalog: Catalog, target: str) -> Iterator[Artifact]:
    """Yield the server configurations of one target, a key of ``TARGETS``."""
    place = TARGETS[target]
    yield yaml_artifact(
        f"deploy/prometheus/generated/{target}.yml",
        prometheus_config(
            catalog, place.discovery, version=place.prometheus or catalog.settings.target.prometheus
        ),
    )
    yield yaml_artifact(
        f"deploy/alertmanager/generated/{target}.yml",
        alertmanager_config(catalog, place.delivery),
    )
    if place.edge is not None:
        yield Artifact(PurePosixPath(f"deploy/haproxy/generated/{target}.cfg"), render(place.edge))
