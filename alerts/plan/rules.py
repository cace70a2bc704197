"""Rules read as what they decide: SLOs with their promise, owner and alerts, and all other alerts."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from alerts.plan.normal import expression, scalar
from alerts.plan.state import Fact, Item, Kind
from watchkeeper import conventions as c
from watchkeeper import promql
from watchkeeper.catalog.base import format_duration, parse_duration

_VECTOR = re.compile(r"vector\(([\d.e+-]+)\)")
_THRESHOLD = re.compile(r'window="(\w+)"\}\) > ([\d.]+) \* ([\d.]+)')
_OFF = "off"
_DERIVED = frozenset({"period", "page alert", "ticket alert", "evaluated every", "owner", "service"})


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule and the group that it is in."""

    group: str
    every: str
    name: str
    is_alert: bool
    expr: str
    """In normal form."""
    pending: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


def rules_of(groups: Iterable[Mapping[str, Any]]) -> Iterator[Rule]:
    """Read rule groups, as a rule file has them or as Prometheus' API tells them."""
    for group in groups:
        for rule in group.get("rules") or ():
            is_alert = rule.get("type") == "alerting" or "alert" in rule
            yield Rule(
                group=str(group["name"]),
                every=_span(group.get("interval", "")),
                name=str(rule.get("name") or rule.get("alert") or rule.get("record")),
                is_alert=is_alert,
                expr=expression(str(rule.get("query", rule.get("expr", "")))),
                pending=_span(rule.get("duration", rule.get("for", 0))),
                labels={str(name): str(value) for name, value in (rule.get("labels") or {}).items()},
                annotations={str(k): str(v).strip() for k, v in (rule.get("annotations") or {}).items()},
            )


def items_of(rules: Iterable[Rule]) -> Iterator[Item]:
    """Give one item per SLO, and one per rule that is about none."""
    slos: defaultdict[str, list[Rule]] = defaultdict(list)
    seen: defaultdict[str, int] = defaultdict(int)
    for rule in rules:
        if c.SLO in rule.labels:
            slos[rule.labels[c.SLO]].append(rule)
            continue
        item = _other(rule)
        seen[item.name] += 1
        yield item if seen[item.name] == 1 else Item(item.kind, f"{item.name} #{seen[item.name]}", item.facts)
    for slo, its in slos.items():
        yield _slo(slo, its)


def _slo(slo: str, rules: Sequence[Rule]) -> Item:
    objective, period = _stated(rules, c.OBJECTIVE_RATIO), _stated(rules, c.PERIOD_SECONDS)
    burns = {
        rule.labels.get(c.SEVERITY, ""): rule for rule in rules if rule.is_alert and rule.name == c.ALERT_BURN
    }
    absent = [rule for rule in rules if rule.is_alert and rule.name == c.ALERT_SLI_ABSENT]
    facts = {
        "objective": Fact(
            f"{promql.number(objective.scaleb(2))} %" if objective is not None else "not stated"
        ),
        "period": Fact(_span(int(period)) if period is not None else "not stated"),
        "service": Fact(_labels(rules, c.SERVICE)),
        "owner": Fact(_labels(rules, c.TEAM)),
        "evaluated every": Fact(", ".join(sorted({rule.every for rule in rules}, key=_length))),
        "page alert": Fact(_tier(burns.get(c.SEVERITY_PAGE))),
        "ticket alert": Fact(_tier(burns.get(c.SEVERITY_TICKET))),
        "absence alert": Fact(
            ", ".join(f"{rule.labels.get(c.SEVERITY, 'unlabelled')} after {rule.pending}" for rule in absent)
            or _OFF,
            follows=frozenset({"page alert", "ticket alert"}),
        ),
        **_level0(rules),
    }
    budget = None if objective is None else promql.number(1 - objective).text
    own = {id(rule) for rule in _level0_rules(rules)}
    rest = [
        _masked(rule, budget)
        for rule in rules
        if id(rule) not in own and rule.name not in {c.OBJECTIVE_RATIO, c.PERIOD_SECONDS}
    ]
    facts["rules derived from these"] = Fact("\n".join(sorted(rest)), is_long=True, follows=_DERIVED)
    texts = [
        f"{rule.name} {rule.labels.get(c.SEVERITY, '')} {key}: {value}"
        for rule in rules
        if rule.is_alert
        for key, value in sorted(rule.annotations.items())
    ]
    # The budget and the period stand in the text too.
    facts["texts and links"] = Fact(
        "\n".join(sorted(texts)),
        is_long=True,
        follows=frozenset({"objective", "period", "page alert", "ticket alert"}),
    )
    summary = f"{facts['objective'].value} over {facts['period'].value}, owner {facts['owner'].value}"
    return Item(Kind.SLO, slo, facts, summary)


def _level0_rules(rules: Sequence[Rule]) -> list[Rule]:
    """Give the rules that read no recorded series of ours: where bad and total are defined."""
    return [
        rule
        for rule in rules
        if rule.name in {c.BAD_RATE, c.TOTAL_RATE}
        and not re.search(rf"\b({re.escape(c.BAD_RATE)}|{re.escape(c.TOTAL_RATE)})\b", rule.expr)
    ]


def _level0(rules: Sequence[Rule]) -> Mapping[str, Fact]:
    facts = {}
    for metric, name in ((c.BAD_RATE, "bad events"), (c.TOTAL_RATE, "all events")):
        # The range is four scrapes: it changes with the interval and not with what an event is.
        exprs = sorted(
            rule.expr.replace(f"[{rule.labels.get(c.WINDOW)}]", "[rate]")
            for rule in _level0_rules(rules)
            if rule.name == metric
        )
        facts[name] = Fact("\n".join(exprs), is_long=True)
    return facts


def _tier(rule: Rule | None) -> str:
    if rule is None:
        return _OFF
    found = _THRESHOLD.findall(rule.expr)
    pairs = [
        f"{long}/{short} x{factor}"
        for (long, factor, _), (short, _, _) in zip(found[::2], found[1::2], strict=False)
    ]
    shown = ", ".join(pairs) or "windows of another form"
    return shown if rule.pending == "0s" else f"{shown} for {rule.pending}"


def _masked(rule: Rule, budget: str | None) -> str:
    """Write a rule without what other facts tell, so that it differs only where they do not."""
    expr = rule.expr
    if budget is not None:
        expr = re.sub(rf"(?<=[*/] ){re.escape(budget)}(?![\d.])", "BUDGET", expr)
    severity = rule.labels.get(c.SEVERITY, "")
    window = rule.labels.get(c.WINDOW, "")
    others = {
        k: v for k, v in rule.labels.items() if k not in {c.SLO, c.SERVICE, c.TEAM, c.SEVERITY, c.WINDOW}
    }
    if rule.is_alert and rule.name == c.ALERT_SLI_ABSENT:
        severity = ""
    return " ".join(part for part in (rule.name, window, severity, str(others or ""), "=", expr) if part)


def _other(rule: Rule) -> Item:
    known = {c.SEVERITY, c.TEAM}
    labels = ",".join(f'{k}="{v}"' for k, v in sorted(rule.labels.items()) if k not in known)
    name = f"{rule.name}{{{labels}}}" if labels else rule.name
    texts = "\n".join(f"{key}: {value}" for key, value in sorted(rule.annotations.items()))
    facts = {
        "group": Fact(rule.group),
        "evaluated every": Fact(rule.every),
        "severity": Fact(rule.labels.get(c.SEVERITY, "none stated")),
        "owner": Fact(rule.labels.get(c.TEAM, "none stated")),
        "must hold for": Fact(rule.pending),
        "expression": Fact(rule.expr, is_long=True),
        "texts and links": Fact(texts, is_long=True),
    }
    return Item(Kind.RULE, name, facts, f"group {rule.group}")


def _stated(rules: Sequence[Rule], name: str) -> Decimal | None:
    for rule in rules:
        if rule.name == name and (found := _VECTOR.fullmatch(rule.expr)):
            try:
                return Decimal(found[1])
            except InvalidOperation:
                return None
    return None


def _labels(rules: Sequence[Rule], name: str) -> str:
    return ", ".join(sorted({rule.labels[name] for rule in rules if name in rule.labels})) or "none stated"


def _length(span: str) -> timedelta:
    try:
        return parse_duration(span)
    except ValueError:
        return timedelta(0)


def _span(value: object) -> str:
    """Write seconds, as the API has them, and durations, as files have them, alike."""
    if isinstance(value, int | float):
        if not value:
            return "0s"
        return format_duration(parse_duration(f"{round(value * 1000)}ms"))
    return scalar("", value) or "the server's own interval"
