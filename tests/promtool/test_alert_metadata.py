"""Every alert that we generate tells whoever it wakes whose it is and where to look."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]


def alerts() -> Iterator[Mapping[str, Any]]:
    """Give every alerting rule of every generated file."""
    for path in sorted((ROOT / "alerts/generated/rules").glob("*.yaml")):
        for group in yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)["groups"]:
            yield from (rule for rule in group["rules"] if "alert" in rule)


@pytest.mark.parametrize("alert", sorted({rule["alert"] for rule in alerts()}))
def test_every_alert_has_a_runbook(alert: str) -> None:
    """A page without a runbook is a riddle."""
    assert (ROOT / f"docs/runbooks/{alert}.md").is_file()


def test_every_alert_has_owner_severity_runbook_and_dashboard() -> None:
    """The Watchdog too: somebody has to mind that it is gone."""
    for rule in alerts():
        assert {"team", "service", "severity"} <= rule["labels"].keys(), rule["alert"]
        assert rule["annotations"]["runbook_url"].endswith(f"/runbooks/{rule['alert']}")
        assert rule["annotations"]["dashboard_url"].startswith("http")
        assert rule["annotations"]["summary"]


def test_every_runbook_belongs_to_an_alert() -> None:
    """A runbook for an alert that is gone misleads."""
    names = {path.stem for path in (ROOT / "docs/runbooks").glob("*.md")}
    assert names == {rule["alert"] for rule in alerts()}
