"""Pyrra objectives: each indicator carried, and everything else named."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from interop.importing import Outcome

Import = Callable[..., Outcome]
RATIO = {"ratio": {"errors": {"metric": 'hits{job="a",code="500"}'}, "total": {"metric": 'hits{job="a"}'}}}


def resource(indicator: object = RATIO, *, metadata: dict[str, Any] | None = None, **spec: object) -> str:
    """Write a resource."""
    return json.dumps(
        {
            "apiVersion": "pyrra.dev/v1alpha1",
            "kind": "ServiceLevelObjective",
            "metadata": {"name": "shop-requests", **(metadata or {})},
            "spec": {"target": "99.5", "window": "2w", "indicator": indicator, **spec},
        }
    )


def paths(outcome: Outcome) -> list[str]:
    """Give what was reported."""
    return [finding.path for finding in outcome.findings]


def content(outcome: Outcome) -> dict[str, Any]:
    """Give the only service."""
    ((_, text),) = outcome.files
    service: dict[str, Any] = yaml.safe_load(text)
    return service


def test_a_ratio_is_carried_with_window_and_target(run: Import) -> None:
    """As a service of its own where no label names one; the status is the cluster's."""
    outcome = run(resource().replace('"spec"', '"status": {"type": "PrometheusRule"}, "spec"'))
    assert outcome.findings == ()
    service = content(outcome)
    assert service["id"] == "shop-requests"
    assert service["slis"][0]["bad"] == 'code="500"'
    assert (service["slos"][0]["objective"], service["slos"][0]["period"]) == (99.5, "14d")


def test_labels_name_the_service_and_its_team(run: Import) -> None:
    """Every other label and annotation is named."""
    labels = {"pyrra.dev/service": "shop", "pyrra.dev/team": "billing", "role": "alert-rules"}
    metadata = {"labels": labels, "namespace": "monitoring", "annotations": {"a": "b"}}
    outcome = run(resource(metadata=metadata), team=None)
    service = content(outcome)
    assert (service["id"], service["team"], service["slos"][0]["id"]) == ("shop", "billing", "shop-requests")
    assert sorted(paths(outcome)) == ["metadata.annotations", "metadata.labels.role", "metadata.namespace"]


def test_latency_is_carried_with_its_groups(run: Import) -> None:
    """From a bucket and the count of the same histogram."""
    indicator = {
        "latency": {
            "success": {"metric": 'd_seconds_bucket{job="a",le="0.2"}'},
            "total": {"metric": 'd_seconds_count{job="a"}'},
            "grouping": ["route"],
        }
    }
    outcome = run(resource(indicator))
    assert outcome.findings == ()
    (sli,) = content(outcome)["slis"]
    assert (sli["histogram"], sli["threshold"], sli["group_by"]) == ('d_seconds{job="a"}', "200ms", ["route"])


def test_native_latency_is_carried(run: Import) -> None:
    """The metric is the histogram itself."""
    outcome = run(resource({"latencyNative": {"latency": "1s", "total": {"metric": "d_seconds"}}}))
    assert outcome.findings == ()
    (sli,) = content(outcome)["slis"]
    assert (sli["format"], sli["threshold"]) == ("native", "1s")


def test_a_boolean_gauge_is_carried_and_its_difference_named(run: Import) -> None:
    """Several series in one group are judged together here."""
    outcome = run(resource({"bool_gauge": {"metric": 'up{job="a"}'}}))
    assert content(outcome)["slis"][0]["gauge"] == 'up{job="a"}'
    assert paths(outcome) == ["spec.indicator.bool_gauge.metric"]


@pytest.mark.parametrize("alerting", [{"disabled": True}, {"burnrates": False}])
def test_alerts_that_are_off_are_switched_off(run: Import, alerting: dict[str, bool]) -> None:
    """Both tiers: Pyrra knows one switch."""
    outcome = run(resource(alerting=alerting))
    assert content(outcome)["slos"][0]["alerts"] == {"page": False, "ticket": False}


@pytest.mark.parametrize(
    ("alerting", "path"),
    [
        ({"absent": False}, "spec.alerting.absent"),
        ({"name": "X"}, "spec.alerting.name"),
        ({"absentName": "X"}, "spec.alerting.absentName"),
        ({"burnRateType": "dynamic"}, "spec.alerting.burnRateType"),
        ({"nonsense": 1}, "spec.alerting.nonsense"),
    ],
)
def test_other_alert_options_are_named(run: Import, alerting: dict[str, Any], path: str) -> None:
    """And the objective carried."""
    outcome = run(resource(alerting=alerting))
    assert paths(outcome) == [path]
    assert outcome.slos == 1


@pytest.mark.parametrize(
    "indicator",
    [
        {},
        {**RATIO, "bool_gauge": {"metric": "up"}},
        {"ratio": {"errors": {"metric": "a offset 1m"}, "total": {"metric": "b"}}},
        {"ratio": {"errors": {"metric": "sum(a)"}, "total": {"metric": "b"}}},
        {"ratio": {"errors": {"metric": "a"}, "total": {"metric": "b"}, "grouping": ["service"]}},
        {"latency": {"success": {"metric": "a_bucket"}, "total": {"metric": "a_count"}}},
        {"latency": {"success": {"metric": 'a_bucket{le="1"}'}, "total": {"metric": "b_count"}}},
        {"latencyNative": {"latency": "soon", "total": {"metric": "a"}}},
        {"bool_gauge": {"metric": "((("}},
    ],
)
def test_an_indicator_that_can_not_be_said_is_named(run: Import, indicator: dict[str, Any]) -> None:
    """Nothing is written."""
    outcome = run(resource(indicator))
    assert any(path.startswith("spec.indicator") for path in paths(outcome))
    assert outcome.files == ()


@pytest.mark.parametrize(
    "change", [{"target": 99.5}, {"target": "all"}, {"window": "soon"}, {"window": "99y"}]
)
def test_a_wrong_target_or_window_is_named(run: Import, change: dict[str, Any]) -> None:
    """Nothing is guessed."""
    outcome = run(resource(**change))
    assert f"spec.{next(iter(change))}" in paths(outcome)
    assert outcome.files == ()
