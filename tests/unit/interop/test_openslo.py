"""OpenSLO in and out: documents that refer to each other, what is named, and the round trip."""

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from interop import openslo_export
from interop.importing import Outcome, import_files
from watchkeeper.catalog.base import format_duration
from watchkeeper.catalog.catalog import Catalog
from watchkeeper.catalog.loader import load_catalog
from watchkeeper.catalog.selector import Matcher, Matchers, Selector
from watchkeeper.catalog.service import Service
from watchkeeper.catalog.settings import Links, Settings
from watchkeeper.catalog.sli import AvailabilitySli, BooleanSli, FreshnessSli, LatencySli, RatioSli, Sli
from watchkeeper.catalog.slo import Slo, SloAlerts

Import = Callable[..., Outcome]
ROOT = Path(__file__).parents[3]
SETTINGS = Settings(product="x", name="X", links=Links(console="http://x.example"))


def document(kind: str, name: str, spec: dict[str, Any], **metadata: object) -> str:
    """Write a document."""
    head = {"apiVersion": "openslo/v1", "kind": kind, "metadata": {"name": name, **metadata}}
    return json.dumps({**head, "spec": spec})


def source(query: str, **more: object) -> dict[str, Any]:
    """Write a metric."""
    return {"metricSource": {"type": "Prometheus", "spec": {"query": query}, **more}}


RATIO = {"counter": True, "bad": source('sum(hits{code="500"})'), "total": source("sum(hits)")}


def slo(name: str = "requests", metric: dict[str, Any] | None = None, **spec: Any) -> str:  # noqa: ANN401 - YAML
    """Write an SLO; a value of None leaves a key out."""
    whole = {
        "service": "shop",
        "indicator": {"metadata": {"name": "hits"}, "spec": metric or {"ratioMetric": RATIO}},
        "timeWindow": [{"duration": "4w", "isRolling": True}],
        "budgetingMethod": "Occurrences",
        "objectives": [{"target": 0.9995}],
        **spec,
    }
    return document("SLO", name, {key: value for key, value in whole.items() if value is not None})


def paths(outcome: Outcome) -> list[str]:
    """Give what was reported."""
    return [finding.path for finding in outcome.findings]


def content(outcome: Outcome) -> dict[str, Any]:
    """Give the only service."""
    ((_, text),) = outcome.files
    service: dict[str, Any] = yaml.safe_load(text)
    return service


def test_documents_refer_to_each_other_over_files(run: Import) -> None:
    """In any order."""
    sli = document("SLI", "hits", {"description": "Hits.", "ratioMetric": RATIO})
    service = document("Service", "shop", {"description": "Sells."}, displayName="Shop")
    outcome = run(slo(indicator=None, indicatorRef="hits"), f"{sli}\n---\n{service}")
    assert outcome.findings == ()
    read = content(outcome)
    assert (read["name"], read["description"]) == ("Shop", "Sells.")
    assert (read["slis"][0]["id"], read["slis"][0]["description"]) == ("hits", "Hits.")
    assert (read["slos"][0]["objective"], read["slos"][0]["period"]) == (99.95, "28d")


def test_several_objectives_share_one_sli(run: Import) -> None:
    """Each is an SLO of its own."""
    outcome = run(slo(objectives=[{"targetPercent": 99}, {"targetPercent": 99.9, "displayName": "Good."}]))
    assert outcome.findings == ()
    read = content(outcome)
    assert len(read["slis"]) == 1
    assert [one["id"] for one in read["slos"]] == ["requests-1", "requests-2"]


def test_a_data_source_tells_the_type(run: Import) -> None:
    """Its connection is named: that is a matter of deployment."""
    prometheus = document("DataSource", "main", {"type": "prometheus", "connectionDetails": {"url": "x"}})
    part = {"metricSource": {"metricSourceRef": "main", "spec": {"query": 'sum(hits{code="500"})'}}}
    text = slo(metric={"ratioMetric": {**RATIO, "bad": part}})
    outcome = run(f"{text}\n---\n{prometheus}")
    assert paths(outcome) == ["kind"]
    assert outcome.slos == 1
    assert run(text).files == ()


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"budgetingMethod": "Timeslices"}, "spec.budgetingMethod"),
        ({"budgetingMethod": None}, "spec.budgetingMethod"),
        ({"timeWindow": [{"duration": "1M", "isRolling": True}]}, "spec.timeWindow[0].duration"),
        ({"timeWindow": [{"duration": "1M", "calendar": {"a": "b"}}]}, "spec.timeWindow[0].calendar"),
        ({"timeWindow": [{"duration": "30d", "isRolling": False}]}, "spec.timeWindow[0].isRolling"),
        ({"indicator": None, "indicatorRef": "gone"}, "spec.indicatorRef"),
        ({"indicator": None}, "spec.indicator"),
        ({"objectives": []}, "spec"),
        ({"objectives": [{"target": 0.9, "targetPercent": 90}]}, "spec.objectives[0]"),
        ({"objectives": [{"target": 1}]}, "spec.objectives[0]"),
        ({"metric": {"ratioMetric": {"raw": source("x")}}}, "spec.indicator.spec.ratioMetric.raw"),
        ({"metric": {"ratioMetric": {**RATIO, "good": source("x")}}}, "spec.indicator.spec.ratioMetric"),
        ({"metric": {"ratioMetric": {**RATIO, "counter": False}}}, "spec.indicator.spec.ratioMetric"),
        ({"metric": {"thresholdMetric": source("x")}}, "spec.indicator.spec.thresholdMetric"),
        ({"metric": {"thresholdMetric": source("min(x == bool 1)")}}, "spec.objectives[0]"),
        ({"metric": {"ratioMetric": {**RATIO, "bad": source("x", type="Datadog")}}},
         "spec.indicator.spec.ratioMetric.bad.metricSource"),
    ],
)  # fmt: skip
def test_an_slo_that_can_not_be_said_is_named(run: Import, change: dict[str, Any], path: str) -> None:
    """Nothing is written."""
    outcome = run(slo(**change))
    assert path in paths(outcome)
    assert outcome.files == ()


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"timeWindow": None}, "spec.timeWindow"),
        ({"alertPolicies": [{"alertPolicyRef": "x"}]}, "spec.alertPolicies[0]"),
        ({"novelty": 1}, "spec.novelty"),
        ({"name": "Requests"}, "metadata.name"),
    ],
)
def test_what_has_no_counterpart_is_named_and_the_slo_carried(
    run: Import, change: dict[str, Any], path: str
) -> None:
    """Alert policies follow from the window policy here; names are simpler."""
    outcome = run(slo(**change))
    assert paths(outcome) == [path]
    assert outcome.slos == 1


@pytest.mark.parametrize("kind", ["AlertPolicy", "AlertCondition", "AlertNotificationTarget", "Nonsense"])
def test_other_documents_are_named(run: Import, kind: str) -> None:
    """Each of them."""
    assert paths(run(document(kind, "x", {}))) == ["kind"]


def test_good_events_become_their_opposite(run: Import) -> None:
    """Where one matcher makes them good, that is exact."""
    metric = {
        "counter": False,
        "good": source('sum(rate(hits{code!~"5.."}[5m]))'),
        "total": source("sum(rate(hits[5m]))"),
    }
    outcome = run(slo(metric={"ratioMetric": metric}))
    assert outcome.findings == ()
    assert content(outcome)["slis"][0]["bad"] == 'code=~"5.."'


def round_trip(catalog: Catalog, folder: Path) -> Outcome:
    """Write a catalog as OpenSLO, and read that."""
    files, _ = openslo_export.export(catalog)
    paths = []
    for file in files:
        path = folder / file.name
        path.write_text(file.text("openslo"), encoding="utf-8")
        paths.append((path, file.name))
    return import_files(paths)


def test_our_own_catalog_survives_the_round_trip(tmp_path: Path) -> None:
    """The same SLIs and SLOs; what OpenSLO has no word for is named when it is written."""
    catalog = load_catalog(ROOT / "catalog")
    outcome = round_trip(catalog, tmp_path)
    assert outcome.findings == ()
    again = [Service.model_validate(_exact(text)) for _, text in outcome.files]
    assert {service.id: service.slos for service in again} == {
        service.id: service.slos for service in catalog.services
    }
    for service in again:
        ours = {sli.id: sli for sli in catalog.service_by_id[service.id].slis}
        for sli in service.slis:
            assert _without_buckets(sli) == _without_buckets(ours[sli.id])


def test_what_openslo_can_not_say_is_named() -> None:
    """Section by section."""
    _, findings = openslo_export.export(load_catalog(ROOT / "catalog"))
    named = {(finding.place.file, finding.path) for finding in findings}
    assert {
        ("services/gateway.yaml", section) for section in ("scrape", "drills", "slis[1].buckets")
    } <= named


def _exact(text: str) -> object:
    """Read YAML with numbers as they were written."""
    return json.loads(json.dumps(yaml.safe_load(text)), parse_float=Decimal)


def _without_buckets(sli: Sli) -> Sli:
    return sli.model_copy(update={"buckets": None}) if isinstance(sli, LatencySli) else sli


NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,12}_seconds", fullmatch=True)
LABELS = st.sampled_from(["job", "code", "path", "zone"])
VALUES = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=12).filter(
    str.isprintable
)
SELECTORS = st.builds(
    Selector,
    NAMES.map(lambda name: f"m_{name}"),
    st.dictionaries(LABELS, VALUES, max_size=3).map(
        lambda pairs: tuple(Matcher(name, "=", value) for name, value in pairs.items())
    ),
)
TIMES = st.integers(1, 10**8).map(lambda number: timedelta(milliseconds=number))
GROUPS = st.lists(st.sampled_from(["region", "tenant", "on"]), unique=True, max_size=2).map(tuple)
TEXT = {"id": "s", "description": "d"}
SLIS: st.SearchStrategy[Sli] = st.one_of(
    st.builds(
        lambda events, value, by: AvailabilitySli(
            **TEXT,
            kind="availability",
            events=events,
            bad=Matchers((Matcher("outcome", "=~", value),)),
            group_by=by,
        ),
        SELECTORS,
        st.sampled_from(["5..", "a|b", "\\d+", '"']),
        GROUPS,
    ),
    st.builds(
        lambda bad, total, by: RatioSli(**TEXT, kind="ratio", bad=bad, total=total, group_by=by),
        SELECTORS.map(lambda one: Selector(f"bad_{one.metric}", one.matchers)),
        SELECTORS,
        GROUPS,
    ),
    st.builds(
        lambda histogram, threshold, form, by: LatencySli(
            **TEXT, kind="latency", histogram=histogram, threshold=threshold, format=form, group_by=by
        ),
        SELECTORS,
        TIMES,
        st.sampled_from(["classic", "native"]),
        GROUPS,
    ),
    st.builds(
        lambda gauge, age, by: FreshnessSli(
            **TEXT, kind="freshness", timestamp=gauge, max_age=age, group_by=by
        ),
        SELECTORS,
        TIMES,
        GROUPS,
    ),
    st.builds(
        lambda gauge, by: BooleanSli(**TEXT, kind="boolean", gauge=gauge, group_by=by), SELECTORS, GROUPS
    ),
)


@settings(max_examples=60, deadline=None)
@given(
    sli=SLIS,
    objective=st.integers(1, 99_999_999).map(lambda number: Decimal(number).scaleb(-6)),
    period=st.integers(1, 365).map(lambda days: timedelta(days=days)),
    alerts=st.builds(SloAlerts, page=st.booleans(), ticket=st.booleans()),
)
def test_whatever_the_catalog_says_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
    sli: Sli,
    objective: Decimal,
    period: timedelta,
    alerts: SloAlerts,
) -> None:
    """Any selector, threshold, group, objective, period and choice of tiers."""
    slo = Slo(id="o", description="d", sli="s", objective=objective, period=period, alerts=alerts)
    service = Service(id="shop", name="Shop", description="d", team="t", slis=(sli,), slos=(slo,))
    outcome = round_trip(Catalog(SETTINGS, services=(service,)), tmp_path_factory.mktemp("openslo"))
    assert outcome.findings == (), format_duration(period)
    ((_, text),) = outcome.files
    assert Service.model_validate(_exact(text)) == service
