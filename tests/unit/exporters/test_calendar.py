"""Maintenance is published for every service, from the catalog as it is now."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from exporters.calendar.exporter import CalendarExporter
from exporters.catalog_watch import CatalogWatch
from exporters.snapshot import render
from watchkeeper.catalog.loader import load_catalog

REPOSITORY = Path(__file__).parents[3]
START = datetime(2027, 1, 10, 2, tzinfo=UTC)


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """Give a copy of the catalog with one window: two hours for usage-rollup."""
    folder = tmp_path / "catalog"
    shutil.copytree(REPOSITORY / "catalog", folder)
    (folder / "maintenance.yaml").write_text(
        "maintenance:\n"
        "  - id: move\n"
        "    reason: It moves.\n"
        "    services: [usage-rollup]\n"
        "    starts: 2027-01-10T02:00:00+00:00\n"
        "    duration: 2h\n"
    )
    return folder


def published(exporter: CalendarExporter, now: datetime) -> dict[str, float]:
    """Give the series at an instant."""
    text = render(list(exporter.collect(now))).decode()
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {series: float(value) for series, value in lines}


@pytest.mark.parametrize(
    ("at", "active"),
    [
        (START - timedelta(seconds=1), 0),
        (START, 1),
        (START + timedelta(hours=2) - timedelta(seconds=1), 1),
        (START + timedelta(hours=2), 0),
    ],
)
def test_a_window_covers_from_its_start_to_just_before_its_end(
    catalog: Path, at: datetime, active: float
) -> None:
    """To the second; a service without a window is 0, not absent."""
    series = published(CalendarExporter(CatalogWatch(catalog, load_catalog)), at)
    assert series['watchkeeper_maintenance_active{service="usage-rollup"}'] == active
    assert series['watchkeeper_maintenance_active{service="gateway"}'] == 0


def test_a_changed_catalog_is_read_again_and_an_unchanged_one_is_not(catalog: Path) -> None:
    """A window that is lengthened at night is in force within one interval."""
    reads = 0

    def counted(root: Path) -> object:
        nonlocal reads
        reads += 1
        return load_catalog(root)

    exporter = CalendarExporter(CatalogWatch(catalog, counted))  # type: ignore[arg-type]
    late = START + timedelta(hours=3)
    for _ in range(3):
        assert published(exporter, late)['watchkeeper_maintenance_active{service="usage-rollup"}'] == 0
    assert reads == 1
    path = catalog / "maintenance.yaml"
    path.write_text(path.read_text().replace("duration: 2h", "duration: 9h"))
    series = published(exporter, late)
    assert series['watchkeeper_maintenance_active{service="usage-rollup"}'] == 1
    assert series["watchkeeper_catalog_loaded_timestamp_seconds"] == late.timestamp()


def test_a_broken_catalog_keeps_the_last_good_one(catalog: Path) -> None:
    """It is counted once per change, and mended by mending the file."""
    exporter = CalendarExporter(CatalogWatch(catalog, load_catalog))
    before = published(exporter, START)
    path = catalog / "maintenance.yaml"
    good = path.read_text()
    path.write_text("maintenance: [")
    for _ in range(2):
        series = published(exporter, START + timedelta(minutes=1))
        assert series.pop("watchkeeper_catalog_load_failures_total") == 1
        assert series == {key: value for key, value in before.items() if "failures" not in key}
    path.write_text(good)
    later = START + timedelta(minutes=2)
    assert published(exporter, later)["watchkeeper_catalog_loaded_timestamp_seconds"] == later.timestamp()


def test_without_any_good_catalog_nothing_is_claimed(tmp_path: Path) -> None:
    """No service is said to be free of maintenance by someone who does not know."""
    series = published(CalendarExporter(CatalogWatch(tmp_path / "missing", load_catalog)), START)
    assert series == {"watchkeeper_catalog_load_failures_total": 1}
