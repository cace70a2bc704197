"""How long it takes to load and to render a large catalog."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import alerts.artifacts
from watchkeeper.catalog.loader import load_catalog

ROOT = Path(__file__).parents[1]
SERVICES = 500
SLOS_PER_SERVICE = 2

_SERVICE = """\
id: service-{n}
name: Service {n}
description: One of many.
team: platform
slis:
  - id: availability
    kind: availability
    description: Requests without a server error.
    events: http_requests_total{{service="{n}"}}
    bad: code=~"5.."
slos:
  - {{id: strict, description: Strict., sli: availability, objective: 99.9}}
  - {{id: lenient, description: Lenient., sli: availability, objective: 99.5}}
"""


def run() -> Iterator[str]:
    """Load, then render all rules and their tests, three times."""
    slos = SERVICES * SLOS_PER_SERVICE
    with tempfile.TemporaryDirectory() as directory:
        catalog_dir = Path(directory) / "catalog"
        (catalog_dir / "services").mkdir(parents=True)
        for name in ("watchkeeper.yaml", "teams.yaml"):
            shutil.copy(ROOT / "catalog" / name, catalog_dir)
        for n in range(SERVICES):
            (catalog_dir / f"services/service-{n}.yaml").write_text(_SERVICE.format(n=n), "utf-8")
        for _ in range(3):
            begun = time.perf_counter()
            catalog = load_catalog(catalog_dir)
            loaded = time.perf_counter()
            size = sum(len(artifact.text) for artifact in alerts.artifacts.artifacts(catalog))
            rendered = time.perf_counter()
            yield (
                f"{slos} SLOs of {SERVICES} services: loaded in {loaded - begun:.2f} s, rules and tests "
                f"({size / 1e6:.1f} MB) rendered in {rendered - loaded:.2f} s"
            )
