"""What an SLO's explanation is made of: the route's pace, the samples of its rules, the figures."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from alerts.cost import samples_read
from alerts.explanation import as_document, explain
from alerts.pace import Pace, pace_of
from alerts.routing import Delivery, alertmanager_config
from watchkeeper.catalog.catalog import Catalog
from watchkeeper.promql import Expr

MakeCatalog = Callable[..., Catalog]


@pytest.mark.parametrize(
    ("text", "samples"),
    [
        ("vector(1)", 0),
        ("up", 1),
        ("sum(rate(x[1m]))", 4),
        ("rate(x[1m]) or rate(y[1m]) * 0", 8),
        ("avg_over_time(x[1d:5m])", 288),
        ("avg_over_time(x[5m:])", 20),
        ("max_over_time(rate(x[1m])[1h:5m])", 48),
        ("-(x) + absent(y)", 2),
    ],
)
def test_samples_are_counted_as_the_server_counts_them(text: str, samples: int) -> None:
    """At 15 s: a range has a sample per scrape, a subquery an inner evaluation per step."""
    assert samples_read(Expr(text), timedelta(seconds=15)) == samples


def test_a_route_inherits_what_it_leaves_out(make_catalog: MakeCatalog) -> None:
    """The page's route states no pace of its own; the ticket's does; nobody's alert goes to the inbox."""
    config = alertmanager_config(make_catalog(), Delivery("http://console", secrets_dir=None))
    page, ticket, nobody = (
        pace_of(config, labels)
        for labels in (
            {"team": "core", "severity": "page"},
            {"team": "core", "severity": "ticket"},
            {"team": "strangers", "severity": "page"},
        )
    )
    root = config["route"]
    assert page.receiver == "core-page"
    assert page == Pace("core-page", nobody.group_wait, nobody.group_interval)
    assert (ticket.receiver, nobody.receiver) == ("core-ticket", root["receiver"])
    assert ticket.group_wait > page.group_wait


def test_matchers_are_read_as_alertmanager_reads_them() -> None:
    """A missing label is empty; patterns are anchored; the first route that matches wins."""
    route = {
        "receiver": "root",
        "group_wait": "0s",
        "routes": [
            {"receiver": "a", "matchers": ['x=~"1|2"', 'y!="no"']},
            {"receiver": "b", "matchers": ['x!~"9.*"'], "group_interval": "7s"},
        ],
    }
    taken = [pace_of({"route": route}, labels) for labels in ({"x": "1"}, {"x": "12"}, {"x": "98"})]
    assert [each.receiver for each in taken] == ["a", "b", "root"]
    assert [each.group_interval.total_seconds() for each in taken] == [300, 7, 300]


def test_the_figures_follow_from_the_objective(make_catalog: MakeCatalog) -> None:
    """99.9 % of 30 days is 43.2 minutes; a total outage of 99.9 % pages within two minutes."""
    catalog = make_catalog()
    document = as_document(explain(catalog.objectives[0], catalog))
    assert document["budget_s"] == pytest.approx(43.2 * 60)
    rows = document["detection"]
    assert isinstance(rows, list)
    assert [row["bad_ratio"] for row in rows] == [1, 0.5, 0.1, 0.02, 0.01, 0.0011]
    assert rows[0]["page"]["after_s_max"] <= 120
    assert rows[-1]["page"] is None
    after, spent = rows[0]["ticket"].values()
    assert spent == pytest.approx(after / (43.2 * 60))


def test_a_condition_knows_only_total_outages(make_catalog: MakeCatalog) -> None:
    """Half a freshness does not exist."""
    catalog = make_catalog(
        sli={"id": "x", "kind": "freshness", "description": "X.", "timestamp": "t_seconds", "max_age": "5m"}
    )
    (only,) = explain(catalog.objectives[0], catalog).detections
    assert only.share == 1
