"""Each kind of difference is one readable line; formatting, order, defaults and secrets are none."""

import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import yaml

from alerts.artifacts import RULES, artifacts
from alerts.plan import Documents, compare, read
from alerts.plan.normal import expression, settings
from alerts.routing import Delivery, alertmanager_config
from deploy.prometheus.config import prometheus_config
from watchkeeper.catalog.catalog import Catalog

MakeCatalog = Callable[..., Catalog]
Wanted = dict[str, Any]
SLO = "api-availability"


def documents(catalog: Catalog) -> Documents:
    """Give what a catalog wants of the servers."""
    groups: list[Mapping[str, Any]] = []
    for artifact in artifacts(catalog):
        if artifact.path.match(f"{RULES}/*.yaml"):
            groups += yaml.load(artifact.text, Loader=yaml.CSafeLoader)["groups"]
    return Documents(
        groups=groups,
        prometheus=prometheus_config(catalog, "file", version="2.42"),
        alertmanager=alertmanager_config(catalog, Delivery("http://console", secrets_dir="/run/secrets")),
    )


def lines(runs: Documents, wanted: Documents) -> list[str]:
    """Compare, and give the lines."""
    return [change.line for change in compare(read(runs), read(wanted))]


def mutable(found: Documents) -> Wanted:
    """Give a copy that a test may change as if someone had done so on the server."""
    return copy.deepcopy(
        {"groups": found.groups, "prometheus": found.prometheus, "alertmanager": found.alertmanager}
    )


def test_the_same_catalog_is_no_difference(make_catalog: MakeCatalog) -> None:
    """Nothing to do."""
    assert lines(documents(make_catalog()), documents(make_catalog())) == []


@pytest.mark.parametrize(
    ("runs", "wanted", "expected"),
    [
        ({"objective": "99.9"}, {"objective": "99.5"}, ["objective 99.9 % -> 99.5 %"]),
        (
            {"period": "60d"},
            {"period": "30d"},
            [
                "period 60d -> 30d",
                "page alert 2h/10m x14.4, 12h/10m x6 -> 1h/5m x14.4, 6h/5m x6",
                "ticket alert 2d/4h x3, 6d/12h x1 -> 1d/2h x3, 3d/6h x1",
            ],
        ),
        ({}, {"alerts": {"page": False}}, ["page alert 1h/5m x14.4, 6h/5m x6 -> off"]),
        ({"alerts": {"ticket": False}}, {}, ["ticket alert off -> 1d/2h x3, 3d/6h x1"]),
        ({"description": "Old."}, {"description": "New."}, ["texts and links changed"]),
        (
            {"objective": "99.9", "description": "Old."},
            {"objective": "99", "description": "New."},
            ["objective 99.9 % -> 99 %"],
        ),
    ],
)
def test_a_decision_about_an_slo_is_one_line(
    make_catalog: MakeCatalog, runs: Wanted, wanted: Wanted, expected: list[str]
) -> None:
    """What follows from it (thresholds, windows, text) is not said again."""
    found = lines(documents(make_catalog(**runs)), documents(make_catalog(**wanted)))
    assert found == [f"~ {SLO}  {line}" for line in expected]


def test_an_slo_comes_and_another_is_orphaned(make_catalog: MakeCatalog) -> None:
    """What runs without a line in the catalog goes on paging."""
    runs, wanted = documents(make_catalog(id="old")), documents(make_catalog())
    assert lines(runs, wanted) == [
        "+ api-availability  new: 99.9 % over 30d, owner core",
        "- api-old  orphaned: it runs, and the catalog does not know it (99.9 % over 30d, owner core)",
    ]


def test_another_owner_takes_its_alerts_and_routes_along(make_catalog: MakeCatalog) -> None:
    """Owner of the SLO, owner of the service's other alerts, a route and a receiver."""
    before = make_catalog()
    (service,), (team,) = before.services, before.teams
    moved = replace(
        before,
        services=(service.model_copy(update={"team": "edge"}),),
        teams=(team.model_copy(update={"id": "edge"}),),
    )
    found = lines(documents(before), documents(moved))
    assert f"~ {SLO}  owner core -> edge" in found
    assert '~ rule JobDown{job="api",service="api"}  owner core -> edge' in found
    assert '+ route severity="page", team="edge"  new: to edge-page' in found
    assert any(line.startswith("- receiver core-page  orphaned: it runs") for line in found)


def test_another_sli_changes_the_events(make_catalog: MakeCatalog) -> None:
    """One line each; the diff shows the PromQL."""
    sli = {
        "id": "availability",
        "kind": "availability",
        "description": "Requests without a server error.",
        "events": 'http_requests_total{job="api"}',
        "bad": 'code=~"5..|429"',
    }
    changes = compare(read(documents(make_catalog())), read(documents(make_catalog(sli=sli))))
    assert [change.line for change in changes] == [f"~ {SLO}  bad events changed"]
    assert any(line.startswith("+") and "429" in line for line in changes[0].diff)
    assert any(line.startswith("-") and '"5.."' in line for line in changes[0].diff)


def test_another_scrape_interval_is_not_another_sli(make_catalog: MakeCatalog) -> None:
    """The rate's range follows from it."""
    found = lines(documents(make_catalog()), documents(make_catalog(scrape_interval="30s")))
    assert not any("events" in line or "derived" in line for line in found)
    assert f"~ {SLO}  evaluated every 15s, 1m -> 30s, 1m" in found
    assert "~ prometheus configuration  scrape_interval 15s -> 30s" in found
    assert not any(line.startswith("~ scrape job") for line in found)


def test_a_rule_edited_by_hand_is_found(make_catalog: MakeCatalog) -> None:
    """Even where no decision has changed: in an average, a threshold, a `for`, an absence alert."""
    wanted = documents(make_catalog())
    fast = next(i for i, group in enumerate(wanted.groups or ()) if group["name"] == f"slo-{SLO}")

    def edited(old: str, new: str) -> list[str]:
        runs = mutable(wanted)
        text = yaml.safe_dump(runs["groups"][fast], width=10_000)
        assert old in text
        runs["groups"][fast] = yaml.safe_load(text.replace(old, new))
        return lines(Documents(**runs), wanted)

    assert edited("avg_over_time", "max_over_time") == [f"~ {SLO}  rules derived from these changed"]
    assert edited("14.4 *", "10 *")[0] == (
        f"~ {SLO}  page alert 1h/5m x10, 6h/5m x6 -> 1h/5m x14.4, 6h/5m x6"
    )
    assert edited("for: 10m", "for: 1h") == [f"~ {SLO}  absence alert page after 1h -> page after 10m"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            lambda w: w["groups"].append({"name": "mine", "rules": [{"alert": "Mine", "expr": "up == 0"}]}),
            "- rule Mine  orphaned: it runs, and the catalog does not know it (group mine)",
        ),
        (
            lambda w: w["prometheus"]["scrape_configs"].append({"job_name": "old"}),
            "- scrape job old  orphaned: it runs, and the catalog does not know it",
        ),
        (lambda w: w["prometheus"]["scrape_configs"].clear(), "+ scrape job api  new"),
        (
            lambda w: w["prometheus"]["scrape_configs"][0].update(sample_limit=7),
            "~ scrape job api  sample_limit 7 -> 50000",
        ),
        (
            lambda w: w["prometheus"]["scrape_configs"][0].update(honor_labels=True),
            "~ scrape job api  honor_labels True -> (default)",
        ),
        (
            lambda w: w["prometheus"].update(rule_files=["other/*.yaml"]),
            "~ prometheus configuration  rule_files other/*.yaml -> rules/*.yaml",
        ),
        (
            lambda w: w["alertmanager"]["route"].update(group_wait="1m"),
            "~ route (root)  group_wait 1m -> ",
        ),
        (
            lambda w: w["alertmanager"]["route"]["routes"].append({"matchers": ["a=b"], "receiver": "inbox"}),
            "- route a=b  orphaned: it runs, and the catalog does not know it (to inbox)",
        ),
        (
            lambda w: w["alertmanager"]["route"]["routes"].reverse(),
            "~ route (root)  order of its routes changed",
        ),
        (
            lambda w: receiver(w, "core-page").pop("slack_configs"),
            "~ receiver core-page  slack off -> on",
        ),
        (
            lambda w: receiver(w, "core-page")["slack_configs"][0].update(channel="#noise"),
            "~ receiver core-page  slack channel #noise -> #core",
        ),
        (
            lambda w: receiver(w, "core-page")["webhook_configs"][0].update(send_resolved=False),
            "~ receiver core-page  webhook send_resolved False -> (default)",
        ),
        (
            lambda w: w["alertmanager"]["inhibit_rules"][0].update(equal=["team"]),
            "equal team -> slo",
        ),
        (
            lambda w: w["alertmanager"]["inhibit_rules"].pop(0),
            "+ inhibition ",
        ),
        (
            lambda w: w["alertmanager"]["global"].update(smtp_from="x@y.example"),
            "~ alertmanager configuration  smtp_from x@y.example -> a@b.example",
        ),
        (
            lambda w: w["alertmanager"].update(time_intervals=[{"name": "night"}]),
            "- time interval night  orphaned",
        ),
    ],
)
def test_what_someone_changed_on_a_server_is_one_line(
    make_catalog: MakeCatalog, change: Callable[[Wanted], object], expected: str
) -> None:
    """Jobs, routes, receivers, inhibitions, and whole configurations."""
    wanted = documents(make_catalog())
    runs = mutable(wanted)
    change(runs)
    (line,) = lines(Documents(**runs), wanted)
    assert expected in line


def receiver(wanted: Wanted, name: str) -> Wanted:
    """Find a receiver."""
    found: Wanted = next(each for each in wanted["alertmanager"]["receivers"] if each["name"] == name)
    return found


def test_order_and_secrets_are_no_difference(make_catalog: MakeCatalog) -> None:
    """Lists of groups, jobs and receivers in another order; every secret masked."""
    wanted = documents(make_catalog())
    runs = mutable(wanted)
    runs["groups"].reverse()
    runs["prometheus"]["scrape_configs"].reverse()
    runs["alertmanager"]["receivers"].reverse()
    runs["alertmanager"]["inhibit_rules"].reverse()
    for each in runs["alertmanager"]["receivers"]:
        for webhook in each.get("webhook_configs", ()):
            webhook["url"] = "<secret>"
    assert lines(Documents(**runs), wanted) == []


def test_a_part_that_is_away_is_not_compared(make_catalog: MakeCatalog) -> None:
    """Rules alone can be compared; what is not there is not called orphaned."""
    wanted = documents(make_catalog())
    assert lines(Documents(groups=wanted.groups, prometheus=None, alertmanager=None), wanted) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("vector(2592000)", "vector(2.592e+06)"),
        ("sum by(a,b)(rate(x[60s]))", "sum by (a, b) (rate(x[1m]))"),
        ('x{b="1",a="2"}', 'x{a="2", b="1"}'),
        ("a\n  or\nb", "a or b"),
    ],
)
def test_promql_is_compared_by_its_meaning(one: str, other: str) -> None:
    """Prometheus writes expressions anew in its answers."""
    assert expression(one) == expression(other)


def test_promql_of_another_age_is_compared_as_text() -> None:
    """A parser that does not know it must not keep a plan from being made."""
    assert expression("x  §§  y") == "x §§ y"


def test_defaults_units_and_absolute_paths_are_no_difference() -> None:
    """What a server fills in is the same as what nobody wrote."""
    written = {
        "body_size_limit": "32MB",
        "refresh": "60s",
        "file_sd_configs": [{"files": ["targets/a.json"]}],
    }
    answered = {
        "body_size_limit": "32MiB",
        "refresh": "1m",
        "scheme": "http",
        "enable_http2": True,
        "honor_labels": False,
        "title": '{{ template "slack.default.title" . }}',
        "file_sd_configs": [{"files": ["/etc/prometheus/targets/a.json"]}],
    }
    assert settings(written) == settings(answered)


def test_an_evaluation_interval_is_the_groups(make_catalog: MakeCatalog) -> None:
    """The API gives seconds, a file a duration."""
    wanted = documents(make_catalog())
    runs = mutable(wanted)
    for group in runs["groups"]:
        found = re.fullmatch(r"(\d+)([sm])", group["interval"])
        assert found is not None
        unit = {"s": 1, "m": 60}[found[2]]
        group["interval"] = int(found[1]) * unit
        for rule in group["rules"]:
            if "for" in rule:
                rule["duration"] = timedelta(minutes=int(rule.pop("for")[:-1])).total_seconds()
    assert lines(Documents(**runs), wanted) == []
