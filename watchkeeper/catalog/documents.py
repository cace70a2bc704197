"""Which files a catalog has, what each holds, and which it cannot do without.

It stands alone because the loader, the JSON Schemas and the report of stray files must agree on it.
"""

from dataclasses import dataclass
from pathlib import PurePosixPath

from watchkeeper.catalog.base import Model
from watchkeeper.catalog.maintenance import MaintenanceWindow
from watchkeeper.catalog.money import Ownership, PriceBook
from watchkeeper.catalog.service import Service
from watchkeeper.catalog.settings import Settings
from watchkeeper.catalog.team import Team


class TeamsFile(Model):
    """Every team that owns something."""

    teams: tuple[Team, ...] = ()


class MaintenanceFile(Model):
    """Every planned maintenance window."""

    maintenance: tuple[MaintenanceWindow, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One kind of catalog file."""

    kind: str
    """Also the name of its JSON Schema."""
    model: type[Model]
    path: str
    """Within the catalog; a pattern for services."""
    required: bool = False


SETTINGS = Document("settings", Settings, "watchkeeper.yaml", required=True)
TEAMS = Document("teams", TeamsFile, "teams.yaml", required=True)
SERVICE = Document("service", Service, "services/*.yaml")
PRICES = Document("prices", PriceBook, "prices.yaml")
OWNERSHIP = Document("ownership", Ownership, "ownership.yaml")
MAINTENANCE = Document("maintenance", MaintenanceFile, "maintenance.yaml")

DOCUMENTS = (SETTINGS, TEAMS, SERVICE, PRICES, OWNERSHIP, MAINTENANCE)
SCHEMA_FOLDER = "schema"


def document_at(path: PurePosixPath) -> Document | None:
    """Tell which kind of file belongs at a path within the catalog."""
    return next((document for document in DOCUMENTS if _fits(path, document)), None)


def _fits(path: PurePosixPath, document: Document) -> bool:
    expected = PurePosixPath(document.path)
    return path.parent == expected.parent and (
        path.name == expected.name or (expected.stem == "*" and path.suffix == expected.suffix)
    )
