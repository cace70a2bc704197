"""The native stack runs what the catalog says it watches."""

from pathlib import Path

import pytest

from deploy.local import stack
from deploy.local.programs import Place, resolve
from watchkeeper.catalog.catalog import Catalog
from watchkeeper.catalog.loader import load_catalog
from watchkeeper.endpoints import endpoints
from watchkeeper.promql import duration

ROOT = Path(__file__).parents[3]
FILES = (ROOT / "deploy/local/stack.yaml", ROOT / "demo/stack.yaml")


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """Load the demo's catalog."""
    return load_catalog(ROOT / "catalog")


def test_every_scraped_process_is_a_job_of_the_catalog_and_the_other_way_round(catalog: Catalog) -> None:
    """A process that nobody watches and a job without a process are both mistakes."""
    scraped = {spec.name for spec in stack.load(FILES) if spec.scrape}
    assert scraped == {job.job for _, job in catalog.jobs()}


def test_prometheus_keeps_samples_as_long_as_the_catalog_says(catalog: Catalog) -> None:
    """A shorter retention would cut the oldest part of an error budget off."""
    prometheus = next(spec for spec in stack.load(FILES) if spec.name == "prometheus")
    assert f"--storage.tsdb.retention.time={duration(catalog.settings.retention)}" in prometheus.command


def test_the_native_stack_begins_and_ends_scaling_where_the_catalog_does(catalog: Catalog) -> None:
    """The load tests rehearse the catalog's policy on these very replicas."""
    specs = {spec.name: spec for spec in stack.load(FILES)}
    for service in catalog.services:
        for policy in service.scaling:
            assert specs[policy.job].replicas == policy.replicas_min
            assert specs[policy.job].replicas_max == policy.replicas_max


def test_the_console_asks_the_servers_of_its_own_stack() -> None:
    """Wherever its ports are shifted to, and whatever the shell says."""
    place = Place(repo=ROOT, state=Path("/s"), python=Path("/p"), port_offset=1000)
    programs = resolve(stack.load(FILES), place, which=lambda name: name)
    (console,) = (program for program in programs if program.name == "console")
    assert endpoints(console.env).prometheus == "http://127.0.0.1:10090"
    assert endpoints(console.env).alertmanager == "http://127.0.0.1:10093"
