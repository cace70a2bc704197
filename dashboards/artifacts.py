"""Every file that this package generates: one JSON file per dashboard, as Grafana provisions them."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from dashboards import slo
from dashboards.panels import render
from watchkeeper.artifact import Artifact
from watchkeeper.catalog.catalog import Catalog

GENERATED = PurePosixPath("dashboards/generated")


def artifacts(catalog: Catalog) -> Iterator[Artifact]:
    """Yield every dashboard; paths are relative to the repository."""
    yield Artifact(GENERATED / f"{slo.UID}.json", render(slo.dashboard(catalog)))
