import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
from grafanalib.core import Dashboard

from dashboards import panels
from dashboards.artifacts import artifacts
from watchkeeper import conventions, promql
from watchkeeper.catalog.catalog import Catalog
from watchkeeper.catalog.loader import load_catalog

REPOSITORY = Path(__file__).parents[3]
VARIABLES = {"slo": "gateway-availability", "service": "gateway", "window": "5m"}
LEGACY = {
    "rows",
    "style",
    "hideControls",
    "sharedCrosshair",
    "gnetId",
    "maxDataPoints",
    "intervalFactor",
    "step",
}
RECORDED = {
    conventions.BAD_RATE,
    conventions.TOTAL_RATE,
    conventions.ERROR_RATIO,
    conventions.OBJECTIVE_RATIO,
    conventions.BUDGET_REMAINING_RATIO,
}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """The demo catalog."""
    return load_catalog(REPOSITORY / "catalog")


@pytest.fixture(scope="module")
def dashboard(catalog: Catalog) -> dict[str, Any]:
    """The SLO dashboard as Grafana reads it."""
    [artifact] = artifacts(catalog)
    content: dict[str, Any] = json.loads(artifact.text)
    return content


def _nodes(part: object) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        yield part
        for value in part.values():
            yield from _nodes(value)
    elif isinstance(part, list):
        for value in part:
            yield from _nodes(value)


def _rules() -> str:
    files = (REPOSITORY / "alerts/generated/rules").glob("*.yaml")
    return "".join(file.read_text("utf-8") for file in files)


def _expressions(dashboard: dict[str, Any]) -> list[str]:
    return [node["expr"] for node in _nodes(dashboard) if "expr" in node]


def test_the_committed_file_is_what_the_catalog_gives(catalog: Catalog) -> None:
    """Same catalog, same bytes: the dashboard in the repository is not stale."""
    for artifact in artifacts(catalog):
        assert (REPOSITORY / artifact.path).read_text("utf-8") == artifact.text


def test_rendering_twice_gives_the_same_bytes(catalog: Catalog) -> None:
    """Nothing depends on the order of a set, the clock or a counter."""
    assert list(artifacts(catalog)) == list(artifacts(catalog))


def test_every_expression_is_promql(dashboard: dict[str, Any]) -> None:
    """With a value in place of each variable, Prometheus' grammar accepts every query."""
    expressions = _expressions(dashboard)
    assert len(expressions) >= 10
    for expression in expressions:
        promql_parser.parse(re.sub(r"\$(\w+)", lambda found: VARIABLES[found[1]], expression))


def test_every_series_is_one_that_is_recorded(dashboard: dict[str, Any]) -> None:
    """A panel on a series that no rule records would stay empty for ever."""
    used = {name for text in _expressions(dashboard) for name in re.findall(r"slo:[a-z_:]+", text)}
    assert used == RECORDED
    rules = "".join(
        file.read_text("utf-8") for file in (REPOSITORY / "alerts/generated/rules").glob("*.yaml")
    )
    assert {name for name in used if f"record: {name}\n" not in rules} == set()


def test_the_default_window_is_recorded_for_every_slo(catalog: Catalog, dashboard: dict[str, Any]) -> None:
    """Opened without a choice, the dashboard shows data."""
    window = next(v for v in dashboard["templating"]["list"] if v["name"] == "window")["current"]["value"]
    rules = "".join(
        file.read_text("utf-8") for file in (REPOSITORY / "alerts/generated/rules").glob("*.yaml")
    )
    assert rules.count(f"record: {conventions.TOTAL_RATE}\n") >= len(catalog.objectives)
    assert f"window: {window}\n" in rules


def test_every_panel_explains_itself(dashboard: dict[str, Any]) -> None:
    """Each has a title, a description, a unit, and words for when there is nothing to show."""
    for panel in dashboard["panels"]:
        defaults = panel["fieldConfig"]["defaults"]
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert defaults["unit"]
        assert defaults["noValue"].startswith("no data: ")


def test_no_legacy_key_is_left(dashboard: dict[str, Any]) -> None:
    """Grafana reads none of them, or reads them to harm: 100 points hide a spike."""
    assert {key for node in _nodes(dashboard) for key in node} & LEGACY == set()
    assert dashboard["schemaVersion"] == panels.SCHEMA_VERSION
    assert {panel["type"] for panel in dashboard["panels"]} == {"stat", "timeseries"}


def test_a_threshold_begins_at_nothing_and_not_at_the_text_null(dashboard: dict[str, Any]) -> None:
    """The first step has no value; the others rise."""
    for panel in dashboard["panels"]:
        first, *others = [step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]]
        assert first is None
        assert others == sorted(others)


def test_targets_are_told_apart(dashboard: dict[str, Any]) -> None:
    """Each query of a panel has its own refId, and asks Prometheus by uid."""
    for panel in dashboard["panels"]:
        references = [target["refId"] for target in panel["targets"]]
        assert references == sorted(set(references))
        assert all(references)
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {"prometheus"}


def test_panels_do_not_overlap(dashboard: dict[str, Any]) -> None:
    """Every grid cell belongs to one panel, and no panel leaves the grid."""
    cells: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        at = panel["gridPos"]
        own = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & own
        assert max(x for x, _ in own) < panels.COLUMNS
        cells |= own
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


def test_alert_links_reach_it(dashboard: dict[str, Any]) -> None:
    """Alerts link /d/slo with ?var-slo or ?var-service: the uid and both variables exist."""
    assert dashboard["uid"] == "slo"
    assert [variable["name"] for variable in dashboard["templating"]["list"]] == ["service", "slo", "window"]


def test_it_leads_to_the_runbook(catalog: Catalog, dashboard: dict[str, Any]) -> None:
    """Who sees the budget burn finds what to do one click away."""
    urls = {link["url"] for link in dashboard["links"]}
    assert f"{catalog.settings.links.console}/runbooks/{conventions.ALERT_BURN}" in urls


def test_a_panel_with_two_queries_names_them_in_order() -> None:
    """The first query is A, the second B."""
    look = panels.Look(unit="s", empty="no data: nothing")
    queries = [panels.Query(promql.series("a"), "a"), panels.Query(promql.series("b"), "b")]
    panel = panels.time_series("Title", "Description.", look, queries)
    content = json.loads(panels.render(Dashboard(title="T", panels=panels.place([panels.Row(5, [panel])]))))
    assert [(t["refId"], t["expr"]) for t in content["panels"][0]["targets"]] == [("A", "a"), ("B", "b")]


def test_panels_of_a_row_share_its_width() -> None:
    """Rows follow one another; inside a row, panels stand side by side."""
    look = panels.Look(unit="s", empty="no data: nothing")
    made = [
        panels.stat("Title", "Description.", look, [panels.Query(promql.series("a"), "")]) for _ in range(3)
    ]
    placed = panels.place([panels.Row(4, made[:2]), panels.Row(9, made[2:])])
    assert [(p.id, p.gridPos.x, p.gridPos.y, p.gridPos.w, p.gridPos.h) for p in placed] == [
        (1, 0, 0, 12, 4),
        (2, 12, 0, 12, 4),
        (3, 0, 4, 24, 9),
    ]
