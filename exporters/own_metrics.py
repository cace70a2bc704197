"""Metrics about the exporters themselves: is each snapshot fresh, and what did building it cost?

Rendered per scrape, which is no work worth speaking of: a few series, from values at hand.
"""

import platform
from collections.abc import Iterator, Mapping
from importlib.metadata import version

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from exporters.snapshot import Standing
from watchkeeper.conventions import BUILD_INFO, SNAPSHOT_DURATION, SNAPSHOT_FAILURES, SNAPSHOT_TIMESTAMP

EXPORTER = "exporter"


def families(standings: Mapping[str, Standing]) -> Iterator[Metric]:
    """Give the families about every exporter."""
    build = GaugeMetricFamily(
        BUILD_INFO, "Always 1; which build runs.", labels=["component", "version", "python"]
    )
    build.add_metric(["exporters", version("watchkeeper"), platform.python_version()], 1)
    yield build
    built = GaugeMetricFamily(
        SNAPSHOT_TIMESTAMP, "When the snapshot that is served was built.", labels=[EXPORTER]
    )
    took = GaugeMetricFamily(SNAPSHOT_DURATION, "How long building it took.", labels=[EXPORTER])
    failures = CounterMetricFamily(
        SNAPSHOT_FAILURES, "Snapshots that could not be built; the last good one stays.", labels=[EXPORTER]
    )
    for name, standing in standings.items():
        failures.add_metric([name], standing.failures)
        if standing.snapshot is not None:
            built.add_metric([name], standing.snapshot.built_at.timestamp())
            took.add_metric([name], standing.snapshot.duration_s)
    yield from (built, took, failures)
