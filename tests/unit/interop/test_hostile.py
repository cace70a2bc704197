"""Whatever a document holds, it is carried or named: no exception gets out."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interop.importing import FORMATS, Format, import_files
from interop.queries import condition, error_events, events, native, parse
from interop.report import NotExactError

WORDS = """
apiVersion kind metadata spec name labels annotations team service slos sli events error_query total_query raw
objective objectives target targetPercent window timeWindow duration isRolling calendar indicator indicatorRef
ratio errors total metric latency latencyNative success bool_gauge grouping alerting disabled absent
page_alert disable ratioMetric thresholdMetric good bad counter metricSource type query op value
budgetingMethod
watchkeeper/alerts pyrra.dev/service
"""
PIECES = [
    *"()[]{},-+*",
    *("sum", "rate", "increase", "vector", "min", "max", "time()", "histogram_count", "histogram_fraction"),
    *("a", "b_bucket", "b_count", 'le="1"', "[5m]", "[{{.window}}]", "{{", "}}", '"', "\\", '{a=~"("}'),
    *(" by ", " or ", " == bool ", " offset 1m", " without ", "0", "1", "1e999", "NaN", "-Inf", "\u00e9"),
]
KEYS = st.sampled_from(WORDS.split())
QUERIES = st.lists(st.sampled_from(PIECES), max_size=20).map("".join)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    QUERIES,
    st.sampled_from(["Prometheus", "Occurrences", "30d", "1M", "99.9", "gte", "SLO", "x" * 3000]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)
DOCUMENTS: dict[Format, dict[str, Any]] = {
    "openslo": {
        "apiVersion": "openslo/v1",
        "kind": "SLO",
        "metadata": {"name": "a", "labels": {"team": "t"}, "annotations": {"watchkeeper/alerts": "page"}},
        "spec": {
            "service": "s",
            "indicator": {
                "metadata": {"name": "i"},
                "spec": {"ratioMetric": {"counter": True, "bad": {"metricSource": {}}, "total": {}}},
            },
            "timeWindow": [{"duration": "30d", "isRolling": True}],
            "budgetingMethod": "Occurrences",
            "objectives": [{"target": 0.9, "op": "gte", "value": 1}],
        },
    },
    "sloth": {
        "version": "prometheus/v1",
        "service": "s",
        "labels": {"team": "t"},
        "slos": [
            {
                "name": "a",
                "objective": 99,
                "sli": {"events": {"error_query": "a", "total_query": "b"}},
                "alerting": {"page_alert": {"disable": True}},
            }
        ],
    },
    "pyrra": {
        "apiVersion": "pyrra.dev/v1alpha1",
        "kind": "ServiceLevelObjective",
        "metadata": {"name": "a", "labels": {"pyrra.dev/service": "s"}},
        "spec": {
            "target": "99",
            "window": "30d",
            "indicator": {"ratio": {"errors": {"metric": "a"}, "total": {"metric": "b"}, "grouping": ["x"]}},
            "alerting": {"disabled": False, "absent": True},
        },
    },
}


def mutated(data: st.DataObject, value: Any) -> Any:  # noqa: ANN401 - anything that JSON holds
    """Put something strange somewhere into a document."""
    if not value or not isinstance(value, dict | list) or data.draw(st.integers(0, 5)) == 0:
        return data.draw(VALUES)
    copy = value.copy()
    keys = list(copy) if isinstance(copy, dict) else list(range(len(copy)))
    key = data.draw(st.sampled_from(keys))
    copy[key] = mutated(data, copy[key])
    return copy


@pytest.mark.parametrize("form", FORMATS)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_no_document_is_too_strange(
    tmp_path_factory: pytest.TempPathFactory, form: Format, data: st.DataObject
) -> None:
    """What is not written was named."""
    path = Path(tmp_path_factory.mktemp("strange")) / "strange.yaml"
    path.write_text(json.dumps(mutated(data, DOCUMENTS[form])), encoding="utf-8")
    outcome = import_files([(path, "strange.yaml")], form=form, team="t")
    assert outcome.files or outcome.findings


@settings(max_examples=200, deadline=None)
@given(text=QUERIES)
def test_no_query_is_too_strange(text: str) -> None:
    """It is read, or refused with a reason and a way out."""
    for read in (events, error_events, condition, native):
        try:
            read(parse(text))
        except NotExactError as error:
            refusal = error
        else:
            continue
        assert refusal.why
        assert refusal.fix


@pytest.mark.parametrize(
    "text",
    [
        "-" * 3999 + "a",
        "+".join(["a"] * 1900),
        "^".join(["a"] * 1900),
        "sum(" * 999 + "a",
        "a[" * 1999,
        "{" * 90 + "a",
    ],
)
def test_no_query_is_too_deep(text: str) -> None:
    """The grammar recurses; its stack must hold."""
    with pytest.raises(NotExactError):
        events(parse(text))
