"""What a console needs to know, read once at the edge."""

from dataclasses import dataclass
from pathlib import Path

RUNBOOKS_DIR = Path(__file__).parent.parent / "docs" / "runbooks"


@dataclass(frozen=True, slots=True)
class Settings:
    """Where a console keeps its data and whom it asks."""

    state_dir: Path
    prometheus_url: str
    alertmanager_url: str
    grafana_url: str | None = None
    """With it, dashboards lead to Grafana; without, the console shows its own."""
    runbooks_dir: Path = RUNBOOKS_DIR
    allowed_hosts: frozenset[str] = frozenset()
    """Names it answers to besides loopback's and its own in compose."""
