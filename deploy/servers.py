"""Prometheus's and Alertmanager's configuration files, one of each per place where the stack runs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from alerts.routing import Delivery, alertmanager_config
from deploy.prometheus.config import Discovery, prometheus_config
from watchkeeper.artifact import Artifact, yaml_artifact
from watchkeeper.catalog.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Target:
    """A place where the stack runs."""

    discovery: Discovery
    delivery: Delivery


TARGETS: Mapping[str, Target] = {
    # The native stack keeps no secrets: its pages reach the inbox only.
    "local": Target("file", Delivery(console_url="http://127.0.0.1:9400", secrets_dir=None)),
    "compose": Target("dns", Delivery(console_url="http://console:9400", secrets_dir="/run/secrets")),
}


def artifacts(catalog: Catalog, target: str) -> Iterator[Artifact]:
    """Yield the server configurations of one target, a key of ``TARGETS``."""
    place = TARGETS[target]
    yield yaml_artifact(
        f"deploy/prometheus/generated/{target}.yml",
        prometheus_config(catalog, place.discovery),
    )
    yield yaml_artifact(
        f"deploy/alertmanager/generated/{target}.yml",
        alertmanager_config(catalog, place.delivery),
    )
