"""How the explanation of an SLO reads: plain text of fixed layout, so that documents can quote it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

from alerts.explanation import JUST_ABOVE_BUDGET, Alerted, Explanation
from watchkeeper import conventions as c
from watchkeeper import promql
from watchkeeper.cli.terminal import duration

_MILLION = 1_000_000


def lines(
    explanation: Explanation, live: Mapping[str, int] | None = None, events: float | None = None
) -> Iterator[str]:
    """Give the text line by line.

    Args:
        explanation: what is shown.
        live: samples that each expression really read, by its text.
        events: how many events a period has, where a server was asked.
    """
    yield from _promise(explanation, events)
    yield ""
    yield from _windows(explanation)
    yield ""
    yield from _detection(explanation)
    yield ""
    yield from _expressions(explanation)
    yield ""
    yield from _costs(explanation, live)


def percent(ratio: Decimal | float) -> str:
    """Show a ratio as percent, with three digits that mean something."""
    return f"{100 * float(ratio):.3g} %"


def _promise(explanation: Explanation, events: float | None) -> Iterator[str]:
    objective, slo = explanation.objective, explanation.objective.slo
    what = "of the time is" if explanation.is_condition else "of events are"
    objective_text = promql.number(slo.objective).text
    period = promql.duration(slo.period)
    yield f"{objective.id}: {slo.description}"
    yield (
        f"  Promise  in any {period}, {objective_text} % {what} good"
        f" (service {objective.service.id}, team {objective.service.team})"
    )
    budget = f"{duration(explanation.budget_time.total_seconds())} of total outage per {period}"
    if not explanation.is_condition:
        budget += f", or {float(slo.error_budget_ratio) * _MILLION:,.0f} bad events in a million"
    if events is not None:
        budget += f"; at the present traffic {float(slo.error_budget_ratio) * events:,.0f} of {events:,.0f}"
    yield f"  Budget   {budget}"


def _windows(explanation: Explanation) -> Iterator[str]:
    yield "Windows, from alerts/windows.yaml: both windows of a pair must burn faster than the factor"
    rows = [
        (
            each.severity,
            promql.duration(each.pair.long),
            promql.duration(each.pair.short),
            promql.number(each.pair.factor.normalize()).text,
            f"{percent(each.budget_share_ratio)} of the budget in {promql.duration(each.pair.long)}",
        )
        for each in explanation.windows
    ]
    yield from _table(("alerts as", "long", "short", "factor", "which would spend"), rows, left={0, 4})


def _detection(explanation: Explanation) -> Iterator[str]:
    yield (
        "Detection: at most so long, from the first bad event to the notification"
        " (steady traffic, nothing bad before)"
    )
    tiers = {each.severity for each in explanation.windows}
    rows = [
        (
            percent(each.share),
            *_alerted(each.page, is_on=c.SEVERITY_PAGE in tiers),
            _span(each.page_goes_on),
            *_alerted(each.ticket, is_on=c.SEVERITY_TICKET in tiers),
        )
        for each in explanation.detections
    ]
    head = ("bad", "page after", "budget spent", "page goes on", "ticket after", "budget spent")
    yield from _table(head, rows)
    if c.SEVERITY_PAGE in tiers:
        yield "  How long a page goes on is after an outage of 1h, or one that lasted until the page."
    if not explanation.is_condition:
        above = JUST_ABOVE_BUDGET * explanation.objective.slo.error_budget_ratio
        yield f"  {percent(above)} is just above the budget."


def _alerted(told: Alerted | None, *, is_on: bool) -> tuple[str, str]:
    if told is None:
        return ("never" if is_on else "off", "-")
    return (_span(told.after), percent(told.budget_spent_ratio))


def _span(span: timedelta | None) -> str:
    return "-" if span is None else duration(span.total_seconds())


def _expressions(explanation: Explanation) -> Iterator[str]:
    for name, text in (("Bad events", explanation.bad), ("All events", explanation.total)):
        yield f"{name} per second" if not explanation.is_condition else name
        yield from (f"  {line}" for line in text.splitlines())


def _costs(explanation: Explanation, live: Mapping[str, int] | None) -> Iterator[str]:
    yield (
        "Samples read per evaluation, per series that a selector finds"
        if live is None
        else "Samples read per evaluation: counted per series, and as the server's query statistics say"
    )
    rows = []
    for cost in explanation.costs:
        asked = () if live is None else (f"{live[cost.expr.text]:,}",)
        rows.append((cost.name, promql.duration(cost.every), f"{cost.samples:,}", *asked))
    for every in dict.fromkeys(cost.every for cost in explanation.costs):
        group = [cost for cost in explanation.costs if cost.every == every]
        asked = () if live is None else (f"{sum(live[cost.expr.text] for cost in group):,}",)
        total = f"{sum(cost.samples for cost in group):,}"
        rows.append((f"all that run every {promql.duration(every)}", promql.duration(every), total, *asked))
    head = ("rule", "every", "samples") + (() if live is None else ("live",))
    yield from _table(head, rows, left={0})


def _table(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, left: set[int] | None = None
) -> Iterator[str]:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        cells = (
            cell.ljust(width) if column in (left or set()) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield f"  {'  '.join(cells)}".rstrip()
