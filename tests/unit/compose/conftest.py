from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.compose.policy import Project
from watchkeeper.catalog.catalog import Catalog
from watchkeeper.catalog.loader import load_catalog

REPOSITORY = Path(__file__).parents[3]


def _project() -> Project:
    return Project(REPOSITORY, yaml.safe_load((REPOSITORY / "docker-compose.yml").read_bytes()))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for ``service_name`` once for every service of docker-compose.yml."""
    if "service_name" in metafunc.fixturenames:
        metafunc.parametrize("service_name", sorted(_project().services))


@pytest.fixture(scope="session")
def repository() -> Path:
    """The repository's root."""
    return REPOSITORY


@pytest.fixture(scope="session")
def project() -> Project:
    """docker-compose.yml, parsed."""
    return _project()


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The demo catalog."""
    return load_catalog(REPOSITORY / "catalog")


@pytest.fixture(scope="session")
def collector_config() -> dict[str, Any]:
    """The collector's configuration, parsed."""
    config: dict[str, Any] = yaml.safe_load((REPOSITORY / "otel-collector" / "config.yaml").read_bytes())
    return config


@pytest.fixture(scope="session")
def collector_manifest() -> dict[str, Any]:
    """The collector's list of components, parsed."""
    manifest: dict[str, Any] = yaml.safe_load((REPOSITORY / "otel-collector" / "builder.yaml").read_bytes())
    return manifest
