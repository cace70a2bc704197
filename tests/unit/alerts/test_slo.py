"""What an SLO's rules are, beyond what promtool proves of their behaviour."""

from collections.abc import Callable
from typing import Any

import promql_parser
import pytest

from alerts.artifacts import artifacts
from alerts.rules import AlertingRule, RecordingRule
from alerts.slo import slo_groups
from watchkeeper import conventions as c
from watchkeeper.catalog.catalog import Catalog
from watchkeeper.sli import compile_sli

MakeCatalog = Callable[..., Catalog]

SLIS: list[dict[str, Any]] = [
    {"kind": "availability", "events": "a_total", "bad": 'code="5xx"'},
    {"kind": "latency", "histogram": "d_seconds", "threshold": "250ms"},
    {"kind": "latency", "histogram": "d_seconds", "threshold": "250ms", "format": "native"},
    {"kind": "ratio", "bad": "b_total", "total": "a_total"},
    {"kind": "freshness", "timestamp": "t_seconds", "max_age": "5m"},
    {"kind": "boolean", "gauge": "g", "group_by": ["zone"]},
]


@pytest.mark.parametrize("sli", SLIS, ids=lambda sli: f"{sli['kind']}-{sli.get('format', '')}")
def test_every_kind_of_sli_becomes_valid_promql(make_catalog: MakeCatalog, sli: dict[str, Any]) -> None:
    """Every recorded and every alerting expression parses."""
    catalog = make_catalog(sli={"id": "x", "description": "X.", **sli})
    rules = [rule for group in slo_groups(catalog.objectives[0], catalog.settings) for rule in group.rules]
    assert any(isinstance(rule, AlertingRule) for rule in rules)
    for rule in rules:
        promql_parser.parse(rule.expr.text)


@pytest.mark.parametrize("sli", SLIS, ids=lambda sli: f"{sli['kind']}-{sli.get('format', '')}")
def test_level_zero_records_exactly_the_compiled_pair(make_catalog: MakeCatalog, sli: dict[str, Any]) -> None:
    """One SLI, many uses: the rules add nothing of their own to what bad and total mean."""
    catalog = make_catalog(sli={"id": "x", "description": "X.", **sli})
    objective = catalog.objectives[0]
    fast, _ = slo_groups(objective, catalog.settings)
    bad, total = (rule for rule in fast.rules if rule.labels.get(c.WINDOW) == "1m")
    pair = compile_sli(objective.sli, 4 * catalog.settings.scrape_interval)
    assert (bad.expr, total.expr) == (pair.bad, pair.total)


def test_no_two_rules_of_a_group_record_the_same_series(make_catalog: MakeCatalog) -> None:
    """Two would fight over every sample."""
    catalog = make_catalog()
    for group in slo_groups(catalog.objectives[0], catalog.settings):
        recorded = [
            (rule.record, tuple(sorted(rule.labels.items())))
            for rule in group.rules
            if isinstance(rule, RecordingRule)
        ]
        assert len(recorded) == len(set(recorded))


def test_budgets_are_written_without_float_noise(make_catalog: MakeCatalog) -> None:
    """99.9 leaves 0.001, not 0.0010000000000000009."""
    catalog = make_catalog(objective="99.95")
    texts = [
        rule.expr.text
        for group in slo_groups(catalog.objectives[0], catalog.settings)
        for rule in group.rules
    ]
    assert any("14.4 * 0.0005" in text for text in texts)
    assert not any("00000" in text for text in texts)


def test_every_alert_has_an_owner_a_severity_a_runbook_and_a_dashboard(make_catalog: MakeCatalog) -> None:
    """Whoever is woken knows whose it is and where to look."""
    catalog = make_catalog()
    for group in slo_groups(catalog.objectives[0], catalog.settings):
        for alert in group.alerts:
            assert alert.labels[c.TEAM] == "core"
            assert alert.severity in {c.SEVERITY_PAGE, c.SEVERITY_TICKET}
            assert alert.runbook_url == f"http://console.example/runbooks/{alert.alert}"
            assert alert.dashboard_url.startswith("http://console.example/d/slo?")


def test_the_same_catalog_gives_the_same_bytes(make_catalog: MakeCatalog) -> None:
    """Review shows changes of the catalog, never of chance."""
    first, second = (
        {artifact.path: artifact.text for artifact in artifacts(make_catalog())} for _ in range(2)
    )
    assert first == second


def test_changing_one_objective_changes_only_its_own_files(make_catalog: MakeCatalog) -> None:
    """The diff of a pull request shows what the change means, and nothing else."""
    before = {artifact.path: artifact.text for artifact in artifacts(make_catalog(objective="99.9"))}
    after = {artifact.path: artifact.text for artifact in artifacts(make_catalog(objective="99.5"))}
    changed = {path.stem for path in before if before[path] != after[path]}
    assert changed == {"api-availability"}
