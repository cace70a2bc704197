"""Tells Prometheus what the catalog says about today: planned maintenance per service.

Alertmanager holds back a service's pages while its maintenance is active; so a service that is missing
here would be paged as always, and one that is 1 for too long would be silent.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from exporters.catalog_watch import CatalogState, CatalogWatch
from watchkeeper.catalog.catalog import Catalog
from watchkeeper.conventions import (
    CATALOG_LOAD_FAILURES,
    CATALOG_LOADED_TIMESTAMP,
    MAINTENANCE_ACTIVE,
    SERVICE,
)

INTERVAL_S = 5.0
"""A demonstration's scrape interval; a window opens and closes to the scrape."""


@dataclass(frozen=True, slots=True)
class CalendarExporter:
    """Publishes the calendar of the catalog in use."""

    catalog: CatalogWatch
    name: str = "calendar"
    interval_s: float = INTERVAL_S

    def collect(self, now: datetime) -> Iterator[Metric]:
        """Give the families at ``now``."""
        return families(self.catalog.current(now), now)


def families(state: CatalogState, now: datetime) -> Iterator[Metric]:
    """Give the calendar's families; without any good catalog only those about the catalog itself."""
    yield CounterMetricFamily(
        CATALOG_LOAD_FAILURES,
        "Changed catalogs that could not be read; the last good one stays in use.",
        value=state.failures,
    )
    if state.catalog is None or state.loaded_at is None:
        return
    yield GaugeMetricFamily(
        CATALOG_LOADED_TIMESTAMP, "When the catalog in use was read.", value=state.loaded_at.timestamp()
    )
    active = GaugeMetricFamily(
        MAINTENANCE_ACTIVE,
        "1 while a planned maintenance window covers the service, else 0.",
        labels=[SERVICE],
    )
    under_maintenance = maintained(state.catalog, now)
    for service in state.catalog.services:
        active.add_metric([service.id], float(service.id in under_maintenance))
    yield active


def maintained(catalog: Catalog, now: datetime) -> frozenset[str]:
    """Name the services that a window covers at ``now`` (aware)."""
    return frozenset(
        service for window in catalog.maintenance if window.covers(now) for service in window.services
    )
