"""Sloth specs: what becomes an SLI of the catalog, and what is named because nothing says the same."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from interop.importing import Outcome

Import = Callable[..., Outcome]
WINDOW = "[{{.window}}]"


def spec(error: str, total: str, **slo: Any) -> str:  # noqa: ANN401 - YAML
    """Write a spec with one SLO."""
    events = {"error_query": error, "total_query": total}
    content = {"name": "requests", "objective": 99.9, "sli": {"events": events}, "alerting": {}, **slo}
    return json.dumps({"version": "prometheus/v1", "service": "shop", "slos": [content]})


def sli(outcome: Outcome) -> dict[str, Any]:
    """Give the only SLI, without its names."""
    ((_, text),) = outcome.files
    (only,) = yaml.safe_load(text)["slis"]
    return {key: value for key, value in only.items() if key not in {"id", "description"}}


def total(inside: str, by: str = "", function: str = "rate") -> str:
    """Write a sum over one counter."""
    return f"sum{by}({function}({inside}{WINDOW}))"


def minus(first: str, second: str) -> str:
    """Write a difference, in more parentheses than it needs."""
    return f"(({first}) - {second})"


CARRIED = {
    "more matchers than all events are the bad ones": (
        total('hits{job="a",code=~"5.."}'),
        total('hits{job="a"}'),
        {"kind": "availability", "events": 'hits{job="a"}', "bad": 'code=~"5.."'},
    ),
    "the order of matchers means nothing": (
        total('hits{code="500",job="a"}'),
        total('hits{job="a"}'),
        {"kind": "availability", "events": 'hits{job="a"}', "bad": 'code="500"'},
    ),
    "no bad event is none and not absent": (
        total('hits{code="500"}') + " OR on() vector(0)",
        total("hits"),
        {"kind": "availability", "events": "hits", "bad": 'code="500"'},
    ),
    "increase counts like rate": (
        total('hits{code="500"}', function="increase"),
        total("hits", function="increase"),
        {"kind": "availability", "events": "hits", "bad": 'code="500"'},
    ),
    "two counters": (
        total("failures"),
        total('hits{job="a"}'),
        {"kind": "ratio", "bad": "failures", "total": 'hits{job="a"}'},
    ),
    "one counter, but bad is not within the total by its text": (
        total('hits{code="500"}'),
        total('hits{code!~"4.."}'),
        {"kind": "ratio", "bad": 'hits{code="500"}', "total": 'hits{code!~"4.."}'},
    ),
    "all but the good ones": (
        minus(total("hits"), total('hits{code!~"5.."}')),
        total("hits"),
        {"kind": "availability", "events": "hits", "bad": 'code=~"5.."'},
    ),
    "all but the quick ones": (
        minus(total('d_seconds_count{a="b"}'), total('d_seconds_bucket{a="b",le="0.25"}')),
        total('d_seconds_count{a="b"}'),
        {"kind": "latency", "histogram": 'd_seconds{a="b"}', "threshold": "250ms"},
    ),
    "the bucket without a bound is the count": (
        minus(total('d_bucket{le="+Inf"}'), total('d_bucket{le="1"}')),
        total('d_bucket{le="+Inf"}'),
        {"kind": "latency", "histogram": "d", "threshold": "1s"},
    ),
    "groups": (
        total('hits{code="500"}', " by (path, zone) "),
        total("hits", " by (zone, path) "),
        {"kind": "availability", "events": "hits", "bad": 'code="500"', "group_by": ["zone", "path"]},
    ),
}


@pytest.mark.parametrize("name", CARRIED)
def test_queries_that_say_the_same_are_carried(run: Import, name: str) -> None:
    """As the kind of SLI that counts exactly these events, and with nothing to report."""
    error, every, expected = CARRIED[name]
    outcome = run(spec(error, every))
    assert outcome.findings == ()
    assert sli(outcome) == expected


NOT_EXACT = {
    "added counters": (f"{total('a')} + {total('b')}", total("c"), "error_query", "joins two expressions"),
    "an added total": (total("a"), f"{total('b')} + {total('c')}", "total_query", "joins two expressions"),
    "a ratio": (f"{total('a')} / {total('b')}", total("c"), "error_query", "joins two expressions"),
    "no sum": (f"rate(a{WINDOW})", total("b"), "error_query", "not summed"),
    "another aggregation": (f"max(rate(a{WINDOW}))", total("b"), "error_query", "aggregates with 'max'"),
    "groups by omission": (f"sum without(x) (rate(a{WINDOW}))", total("b"), "error_query", "'without'"),
    "irate": (f"sum(irate(a{WINDOW}))", total("b"), "error_query", "'irate' does not count"),
    "a subquery": (total("a"), "sum(rate(a[{{.window}}:1m]))", "total_query", "template that is no window"),
    "an offset": (f"sum(rate(a{WINDOW} offset 1m))", total("b"), "error_query", "another time"),
    "another range": ("sum(rate(a[5m]))", total("b"), "error_query", "same window"),
    "a fixed range": (total("a"), "sum(rate(b[5m]))", "total_query", "fixed"),
    "no range": ("sum(a)", "sum(b)", "total_query", "no range"),
    "two functions": (total("a", function="increase"), total("b"), "error_query", "same way"),
    "different groups": (total("a", " by (x) "), total("b"), "error_query", "not grouped by the same"),
    "bad is all": (total("a"), total("a"), "error_query", "everything is bad"),
    "a template in a label": (total('a{x="{{.other"}'), total("a"), "", ""),
    "another template": ("sum(rate(a[{{.step}}]))", total("a"), "error_query", "no window"),
    "zero for all events": (total("a"), f"{total('b')} or vector(0)", "total_query", "joins two"),
    "no name": (total('{job="x"}'), total("a"), "error_query", "names no metric"),
    "joined matchers": (total('a{x="1" or x="2"}'), total("a"), "error_query", "joins matchers"),
    "a difference of others": (minus(total("a"), total("b")), total("c"), "error_query", "begin with all"),
    "two conditions of good": (
        minus(total("a"), total('a{x="1",y="2"}')), total("a"), "error_query", "2 matchers",
    ),
    "a bucket by pattern": (
        minus(total("d_count"), total('d_bucket{le=~"0.5|1"}')), total("d_count"), "error_query", "'le'",
    ),
    "milliseconds": (
        minus(total("d_ms_count"), total('d_ms_bucket{le="5"}')), total("d_ms_count"), "error_query", "ms",
    ),
    "a hair's breadth": (
        minus(total("d_count"), total('d_bucket{le="0.0005"}')), total("d_count"), "error_query", "whole",
    ),
    "nonsense": ("sum(((", total("b"), "error_query", "not PromQL"),
    "nothing": ("", total("b"), "error_query", "no query"),
    "depth": ("(" * 1900 + "a" + ")" * 1900, total("b"), "error_query", "nested too deeply"),
    "length": ("a" * 5000, total("b"), "error_query", "4,000"),
}  # fmt: skip


@pytest.mark.parametrize("name", NOT_EXACT)
def test_queries_that_say_something_else_are_named(run: Import, name: str) -> None:
    """With their path, the reason and a way out; the SLO is not written."""
    error, every, key, why = NOT_EXACT[name]
    outcome = run(spec(error, every))
    if not key:  # a label may hold anything
        assert outcome.findings == ()
        return
    first = outcome.findings[0] if outcome.findings[0].path else outcome.findings[1]
    assert first.path == f"slos[0].sli.events.{key}"
    assert why in first.why
    assert first.fix
    assert first.place.line == 1
    assert outcome.files == ()


def test_an_alert_that_is_disabled_is_switched_off(run: Import) -> None:
    """Tier by tier."""
    alerting = {"page_alert": {"disable": True}, "ticket_alert": {"disable": False}}
    outcome = run(spec(total('a{x="y"}'), total("a"), alerting=alerting))
    assert outcome.findings == ()
    (slo,) = yaml.safe_load(outcome.files[0][1])["slos"]
    assert slo["alerts"] == {"page": False}
    assert (slo["objective"], "period" in slo) == (99.9, False)


def test_what_has_no_counterpart_is_named_and_the_slo_carried(run: Import) -> None:
    """Labels, alert names, annotations and keys that nobody knows."""
    alerting = {"name": "X", "annotations": {"a": "b"}, "page_alert": {"labels": {"severity": "s"}}}
    outcome = run(spec(total('a{x="y"}'), total("a"), alerting=alerting, labels={"k": "v"}, novelty=1))
    assert {finding.path for finding in outcome.findings} == {
        "slos[0].alerting.name",
        "slos[0].alerting.annotations",
        "slos[0].alerting.page_alert.labels",
        "slos[0].labels.k",
        "slos[0].novelty",
    }
    assert outcome.slos == 1


@pytest.mark.parametrize(
    ("sli_content", "path"),
    [
        ({"raw": {"error_ratio_query": "x"}}, "slos[0].sli.raw"),
        ({"plugin": {"id": "x"}}, "slos[0].sli.plugin"),
        ({}, "slos[0].sli"),
    ],
)
def test_other_indicators_are_named(run: Import, sli_content: dict[str, Any], path: str) -> None:
    """A ratio that is ready-made, a plugin, none."""
    outcome = run(spec("", "", sli=sli_content))
    assert path in {finding.path for finding in outcome.findings}
    assert outcome.files == ()


@pytest.mark.parametrize("objective", [100, 0, -1, "99.9", 99.99999999, None])
def test_an_objective_that_the_catalog_refuses_is_named(run: Import, objective: object) -> None:
    """What is written has to pass the catalog's own check."""
    outcome = run(spec(total('a{x="y"}'), total("a"), objective=objective))
    assert any(finding.path.startswith("slos[0]") for finding in outcome.findings)
    assert outcome.files == ()


def test_the_team_is_a_label_or_given(run: Import) -> None:
    """Nobody's service is not written."""
    text = spec(total('a{x="y"}'), total("a"))
    owned = text.replace('"slos"', '"labels": {"team": "billing"}, "slos"')
    assert "team: billing" in run(owned, team=None).files[0][1]
    assert "team: platform" in run(owned).files[0][1]
    nobodys = run(text, team=None)
    assert nobodys.files == ()
    assert [finding.why for finding in nobodys.findings] == ["nobody owns it"]


def test_one_service_over_many_documents(run: Import) -> None:
    """And an SLO that is there twice is named, at its own line."""
    one = spec(total('a{x="y"}'), total("a"))
    outcome = run(f"{one}\n---\n{one.replace('requests', 'others')}\n--- # again\n{one}\n")
    assert outcome.slos == 2
    assert len(outcome.files) == 1
    assert [(finding.place.line, finding.path) for finding in outcome.findings] == [(5, "slos[0]")]


def test_another_version_is_named(run: Import) -> None:
    """It may mean anything."""
    outcome = run(spec("a", "b").replace("prometheus/v1", "prometheus/v9"))
    assert [finding.path for finding in outcome.findings] == ["version"]
