"""Everything that there is to know about one SLO before an incident, as one value.

Gathers what the policy, the compiled SLI, the detection model, the routing and the rules say. Pure, so that
the command line, documents and machines show the same figures.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from alerts import detection
from alerts.cost import samples_read
from alerts.detection import Outage, Rules
from alerts.pace import pace_of
from alerts.policy import Pair
from alerts.routing import Delivery, alertmanager_config
from alerts.rules import AlertingRule, RecordingRule, pretty
from alerts.slo import slo_groups
from watchkeeper import conventions as c
from watchkeeper.catalog.catalog import Catalog, Objective
from watchkeeper.catalog.sli import BooleanSli, FreshnessSli
from watchkeeper.promql import Expr, duration
from watchkeeper.sli import compile_sli

SHARES = (Decimal(1), Decimal("0.5"), Decimal("0.1"), Decimal("0.02"), Decimal("0.01"))
JUST_ABOVE_BUDGET = Decimal("1.1")
"""Times the budget: an outage that slow is what the tickets' longest window is for."""
OUTAGE_MIN = timedelta(hours=1)
"""How long a page goes on is asked of an outage of this length, or one that lasts until the page."""


@dataclass(frozen=True, slots=True)
class Alerted:
    """When one severity is told of an outage."""

    after: timedelta
    """At most so long after the outage began, delivery by Alertmanager included."""
    budget_spent_ratio: float
    """Share of the period's budget that is spent by then."""


@dataclass(frozen=True, slots=True)
class Detection:
    """What an outage of some size leads to; None: never."""

    share: Decimal
    """Of all events that are bad."""
    page: Alerted | None
    page_goes_on: timedelta | None
    """At most so long after the outage has ended, the resolution's delivery included."""
    ticket: Alerted | None


@dataclass(frozen=True, slots=True)
class Tiered:
    """A pair of windows and the severity that it alerts with."""

    severity: str
    pair: Pair
    budget_share_ratio: Decimal
    """Share of the budget that a burn at the factor spends within the long window."""


@dataclass(frozen=True, slots=True)
class RuleCost:
    """A rule, and what one evaluation of it reads."""

    name: str
    """With the window or the severity that tells it from the others."""
    every: timedelta
    expr: Expr
    samples: int
    """Counted from the expression, one series per selector."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """All of it."""

    objective: Objective
    budget_time: timedelta
    """Time of total outage that the budget allows in a period of steady traffic."""
    is_condition: bool
    """The SLI counts time and not events: an outage is total or none."""
    bad: str
    total: str
    windows: Sequence[Tiered]
    detections: Sequence[Detection]
    costs: Sequence[RuleCost]


def explain(objective: Objective, catalog: Catalog) -> Explanation:
    """Explain one SLO of a catalog.

    Raises:
        PolicyError: the window policy can not serve this SLO.
    """
    slo = objective.slo
    rules = detection.rules_for(objective, catalog.settings)
    pair = compile_sli(objective.sli, rules.windows.level0)
    is_condition = isinstance(objective.sli, FreshnessSli | BooleanSli)
    shares = SHARES[:1] if is_condition else (*SHARES, JUST_ABOVE_BUDGET * slo.error_budget_ratio)
    return Explanation(
        objective=objective,
        budget_time=timedelta(seconds=float(slo.error_budget_ratio) * slo.period.total_seconds()),
        is_condition=is_condition,
        bad=pretty(pair.bad),
        total=pretty(pair.total),
        windows=tuple(_windows(objective, rules)),
        detections=tuple(
            _detection(objective, catalog, rules, share) for share in sorted(shares, reverse=True)
        ),
        costs=tuple(_costs(objective, catalog)),
    )


def _windows(objective: Objective, rules: Rules) -> Iterator[Tiered]:
    for severity, pairs in ((c.SEVERITY_PAGE, rules.windows.page), (c.SEVERITY_TICKET, rules.windows.ticket)):
        for pair in pairs:
            within = Decimal(pair.long / objective.slo.period)
            yield Tiered(severity, pair, (pair.factor * within).quantize(Decimal("0.0001")))


def _detection(objective: Objective, catalog: Catalog, rules: Rules, share: Decimal) -> Detection:
    labels = {
        c.ALERTNAME: c.ALERT_BURN,
        c.SLO: objective.id,
        c.SERVICE: objective.service.id,
        c.TEAM: objective.service.team,
    }
    config = alertmanager_config(catalog, Delivery(catalog.settings.links.console, secrets_dir=None))
    page_pace = pace_of(config, {**labels, c.SEVERITY: c.SEVERITY_PAGE})
    ticket_pace = pace_of(config, {**labels, c.SEVERITY: c.SEVERITY_TICKET})
    period = objective.slo.period

    def alerted(fired: timedelta | None, wait: timedelta) -> Alerted | None:
        if fired is None:
            return None
        spent = float(share / objective.slo.error_budget_ratio) * ((fired + wait) / period)
        return Alerted(fired + wait, spent)

    page_fired = detection.page_after_at_most(rules, float(share))
    goes_on = None
    if page_fired is not None:
        outage = Outage(float(share), length=max(OUTAGE_MIN, page_fired) // rules.scrape * rules.scrape)
        after = detection.goes_on_for(rules, detection.page_tier(rules), outage)
        # As for its begin: the end lies between scrapes, and the evaluation after its scrape.
        goes_on = after + 2 * rules.scrape + page_pace.group_interval
    return Detection(
        share=share,
        page=alerted(page_fired, page_pace.group_wait),
        page_goes_on=goes_on,
        ticket=alerted(detection.ticket_after_at_most(rules, float(share)), ticket_pace.group_wait),
    )


def _costs(objective: Objective, catalog: Catalog) -> Iterator[RuleCost]:
    interval = catalog.settings.scrape_interval
    for group in slo_groups(objective, catalog.settings):
        for rule in group.rules:
            yield RuleCost(_name(rule), group.interval, rule.expr, samples_read(rule.expr, interval))


def _name(rule: RecordingRule | AlertingRule) -> str:
    if isinstance(rule, AlertingRule):
        return f"{rule.alert} ({rule.severity})"
    window = rule.labels.get(c.WINDOW)
    return f"{rule.record} {window}" if window else rule.record


def as_document(explanation: Explanation) -> dict[str, object]:
    """Give it as plain data for machines: seconds and ratios."""
    objective, slo = explanation.objective, explanation.objective.slo

    def seconds(span: timedelta | None) -> float | None:
        return None if span is None else span.total_seconds()

    def alerted(told: Alerted | None) -> dict[str, object] | None:
        if told is None:
            return None
        spent = round(told.budget_spent_ratio, 9)
        return {"after_s_max": told.after.total_seconds(), "budget_spent_ratio": spent}

    return {
        "slo": objective.id,
        "service": objective.service.id,
        "team": objective.service.team,
        "description": slo.description,
        "objective_ratio": float(slo.objective.scaleb(-2)),
        "error_budget_ratio": float(slo.error_budget_ratio),
        "period_s": slo.period.total_seconds(),
        "budget_s": explanation.budget_time.total_seconds(),
        "bad": explanation.bad,
        "total": explanation.total,
        "windows": [
            {
                "severity": each.severity,
                "long": duration(each.pair.long),
                "short": duration(each.pair.short),
                "factor": float(each.pair.factor),
                "budget_share_ratio": float(each.budget_share_ratio),
            }
            for each in explanation.windows
        ],
        "detection": [
            {
                "bad_ratio": float(each.share),
                "page": alerted(each.page),
                "page_goes_on_s_max": seconds(each.page_goes_on),
                "ticket": alerted(each.ticket),
            }
            for each in explanation.detections
        ],
    }
