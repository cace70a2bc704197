"""Every structural mistake is told in our words, at a place in the file, with a way to mend it."""

import json
from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from watchkeeper.catalog.documents import DOCUMENTS, Document, document_at
from watchkeeper.catalog.explain import validate
from watchkeeper.catalog.messages import KNOWN
from watchkeeper.catalog.source import Source, read_source
from watchkeeper.catalog.trace import trace
from watchkeeper.catalog.tree import Plain, Step, read_tree, walk

CATALOG = Path(__file__).parents[3] / "catalog"
FULL = {
    "service": """
id: full
name: Full
description: Uses every key.
team: platform
depends_on: [other]
scrape: [{job: full, port: 8000, path: /metrics, critical: true}]
slis:
  - {id: a, kind: latency, description: d, histogram: h, format: native, threshold: 1s, group_by: [x, y]}
  - {id: b, kind: latency, description: d, histogram: h, threshold: 1s, buckets: [500ms, 1s]}
  - {id: c, kind: availability, description: d, events: x_total, bad: 'code="500"'}
  - {id: d, kind: ratio, description: d, bad: x_total, total: y_total}
  - {id: e, kind: freshness, description: d, timestamp: x_timestamp_seconds, max_age: 1m}
  - {id: f, kind: boolean, description: d, gauge: up}
slos: [{id: a, description: d, sli: a, objective: 99.5, period: 28d, alerts: {page: true, ticket: false}}]
budgets: [{id: b, description: d, source: cloud, amount_usd: 1.5, thresholds_percent: [50, 99.5]}]
load: [{id: l, suite: soak, rate_rps: 0.5, duration: 1h, slos: [a], cost_usd_per_1k_max: 0.1}]
scaling:
  - job: full
    replicas_min: 1
    replicas_max: 3
    metrics: [{metric: busy, target_average: 0.8}]
    up: {steps: [{type: pods, value: 1, period: 1m}]}
    down: {stabilization: 5m, steps: [{type: percent, value: 10, period: 1m}]}
probes:
  - {id: p, method: POST, url: "http://x.example/", interval: 15s, timeout: 2s, expect_status: 204}
drills:
  - id: d
    description: d
    inject: [{action: kill, job: full, count: 2}, {action: fault, job: full, fault: x, parameters: {s: 1.5}}]
    expect: {silent_for: 3m}
  - id: e
    description: d
    inject: [{action: kill, job: full}]
    expect: {page: a, within: 1m, resolve_within: 2m}
""",
    "settings": """
product: full
name: Full
scrape_interval: 5s
retention: 40d
target: {prometheus: "2.42"}
links: {console: "http://x.example"}
smtp: {smarthost: "x.example:25", sender: a@x.example, username: u, password_file: smtp}
""",
}
WRONG: tuple[Plain, ...] = (
    None,
    True,
    -1,
    0,
    10**12,
    Decimal("-0.5"),
    Decimal("1.23456789012345678901234567890123456789"),
    "",
    "x",
    "No!",
    "x" * 5000,
    "yes",
    "12",
    [],
    ["x"],
    [None],
    [[]],
    [5] * 30,
    {},
    {"x": "y"},
    {"kind": 5},
    {"action": "x"},
    {f"k{n}": 1 for n in range(30)},
    {"Bad Key": 1},
)
RAW = (
    "Input should",
    "should match",
    "should have",
    "Field required",
    "Value error",
    "valid dictionary",
    "valid tuple",
    "instance of",
    "Extra inputs",
    "compare it with the JSON Schema",
    "Decimal",
    "pydantic",
    "None",
    "True",
)


def _samples() -> list[tuple[str, Document, Plain]]:
    samples = []
    for path in sorted(CATALOG.glob("*.yaml")):
        document = document_at(path.relative_to(CATALOG))  # type: ignore[arg-type]
        assert document is not None
        samples.append((path.name, document, read_tree(read_source(path, path.name)).value))
    by_kind = {document.kind: document for document in DOCUMENTS}
    for kind, text in FULL.items():
        samples.append((f"full-{kind}", by_kind[kind], read_tree(Source(kind, text)).value))
    return samples


def _mutations(value: Plain) -> Iterator[Plain]:
    """Give the value with each of its parts replaced, dropped or added to, one at a time."""
    root = read_tree(Source("x", _dump(value)))
    for path, node in walk(root):
        for wrong in WRONG:
            yield _with(value, path, wrong)
        if path:
            yield _with(value, path, ...)
        if isinstance(node.value, dict):
            yield _with(value, (*path, "surprise"), 1)


def _with(value: Plain, path: tuple[Step, ...], new: Any) -> Plain:  # noqa: ANN401 - an Ellipsis drops the part
    if not path:
        return new  # type: ignore[no-any-return]
    changed: Any = deepcopy(value)
    inside = changed
    for step in path[:-1]:
        inside = inside[step]
    if new is ...:
        del inside[path[-1]]
    else:
        inside[path[-1]] = new
    return changed  # type: ignore[no-any-return]


def _dump(value: Plain) -> str:
    """Write a value as one line of YAML."""
    match value:
        case dict():
            return "{" + ", ".join(f"{_dump(key)}: {_dump(inside)}" for key, inside in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_dump, value)) + "]"
        case Decimal():
            return f"{value:f}"
        case _:
            return json.dumps(value, ensure_ascii=False)


@pytest.mark.parametrize(("document", "value"), [pytest.param(d, v, id=n) for n, d, v in _samples()])
def test_no_mistake_is_told_in_pydantics_words(document: Document, value: Plain) -> None:
    """Whatever is put wherever: our words, a place within the file, a fix, and a known type of error."""
    seen: set[str] = set()
    for number, mutation in enumerate(_mutations(value)):
        root = read_tree(Source("x.yaml", _dump(mutation)))
        model, problems = validate(document.model, root)
        assert (model is None) == bool(problems), mutation
        for problem in problems:
            words = f"{problem.what}; {problem.fix}"
            assert problem.what, (number, mutation)
            assert problem.fix, words
            assert not any(raw in words.replace("'None'", "") for raw in RAW), words
            assert 1 <= problem.place.column <= len(root.source.text)
        if model is None:
            seen |= _types(document, root.value)
    assert seen <= KNOWN


def _types(document: Document, value: Plain) -> set[str]:
    with pytest.raises(ValidationError) as caught:
        document.model.model_validate(value)
    return {error["type"] for error in caught.value.errors(include_url=False)}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.kind)
def test_a_valid_file_becomes_its_model(document: Document) -> None:
    """With nothing to complain of."""
    samples = [value for _, one, value in _samples() if one is document]
    assert samples
    for value in samples:
        model, problems = validate(document.model, read_tree(Source("x.yaml", _dump(value))))
        assert problems == ()
        assert isinstance(model, document.model)


def _messages(document: Document, text: str) -> list[str]:
    _, problems = validate(document.model, read_tree(Source("x.yaml", text)))
    return [f"{one.place.line}:{one.place.column} {one.what}; {one.fix}" for one in sorted(problems)]


SERVICE = next(document for document in DOCUMENTS if document.kind == "service")
START = "id: x\nname: X\ndescription: d\nteam: t\n"


def test_a_key_named_like_a_kind_does_not_lead_astray() -> None:
    """Pydantic's locations hold the kind as a step of its own; here a key has the same name."""
    text = f"{START}slis:\n  - {{kind: ratio, id: a, description: d, bad: b, total: t, ratio: {{bad: 1}}}}\n"
    assert _messages(SERVICE, text) == [
        "6:60 unknown key 'ratio'; known are id, description, group_by, kind, bad and total"
    ]


def test_a_short_list_is_not_reported_for_wrong_items() -> None:
    """Pydantic counts only the good ones; the list is long enough."""
    text = f"{START}drills:\n  - {{id: a, description: d, inject: [5], expect: {{silent_for: 1m}}}}\n"
    assert _messages(SERVICE, text) == [
        "6:38 an item of 'inject' needs a mapping, and 5 is a number; write 'key: value' pairs"
    ]


def test_the_location_of_a_chosen_arm_is_no_step_in_the_file() -> None:
    """The union's arm and the kind of injection are left out; the key's marker is understood."""
    traced = trace(SERVICE.model, ("drills", 0, "inject", 1, "fault", "parameters", "A", "[key]"))
    assert traced.path == ("drills", 0, "inject", 1, "parameters", "A")
    assert traced.on_key
    traced = trace(SERVICE.model, ("drills", 0, "expect", "ExpectPage", "page"))
    assert traced.path == ("drills", 0, "expect", "page")
    assert traced.arms[0][0] == ("drills", 0, "expect")
