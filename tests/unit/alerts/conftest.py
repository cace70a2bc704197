"""A small catalog to derive rules from."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from watchkeeper.catalog.catalog import Catalog
from watchkeeper.catalog.service import Service
from watchkeeper.catalog.settings import Settings
from watchkeeper.catalog.team import Team

MakeCatalog = Callable[..., Catalog]


@pytest.fixture
def make_catalog() -> MakeCatalog:
    """Make a catalog of one service, ``api``, with one availability SLI and the given SLO."""

    def make(
        *,
        sli: dict[str, Any] | None = None,
        scrape_interval: str = "15s",
        objective: str = "99.9",
        **slo: object,
    ) -> Catalog:
        service = {
            "id": "api",
            "name": "API",
            "description": "An API.",
            "team": "core",
            "scrape": [{"job": "api", "port": 80, "critical": True}],
            "slis": [
                sli
                or {
                    "id": "availability",
                    "kind": "availability",
                    "description": "Requests without a server error.",
                    "events": 'http_requests_total{job="api"}',
                    "bad": 'code=~"5.."',
                },
            ],
            "slos": [
                {
                    "id": "availability",
                    "description": "Requests succeed.",
                    "sli": (sli or {"id": "availability"})["id"],
                    "objective": Decimal(str(objective)),
                    **slo,
                },
            ],
        }
        return Catalog(
            settings=Settings.model_validate(
                {
                    "product": "shop",
                    "name": "Shop",
                    "scrape_interval": scrape_interval,
                    "links": {"console": "http://console.example"},
                    "smtp": {"smarthost": "mail.example:25", "sender": "a@b.example"},
                },
            ),
            teams=(
                Team.model_validate(
                    {
                        "id": "core",
                        "name": "Core",
                        "email": "core@b.example",
                        "pagerduty": {"routing_key_file": "pagerduty-core"},
                        "slack": {"channel": "#core", "webhook_url_file": "slack-core"},
                    },
                ),
            ),
            services=(Service.model_validate(service),),
        )

    return make
