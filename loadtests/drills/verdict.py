"""From a timeline to a verdict: PASS, FAIL or INVALID, with every reason.

Three answers, because two would lie: a drill in which the fault never struck, the traffic stopped or a
server could not be asked has shown neither that the alerts work nor that they do not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from loadtests.drills.seen import subject
from loadtests.drills.timeline import INVALIDATING, Event, Step, Timeline
from watchkeeper.catalog.base import format_duration


class Verdict(StrEnum):
    """What a drill has shown."""

    PASS = "PASS"  # noqa: S105 - no password
    FAIL = "FAIL"
    INVALID = "INVALID"
    """Nothing: it must be run again under better conditions."""


EXIT_CODES = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.INVALID: 3}
"""2 is left to wrong usage of the command line."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and why."""

    verdict: Verdict
    reasons: Sequence[str]


def judge(timeline: Timeline) -> Judgement:
    """Judge a drill that has ended. What makes it invalid weighs more than any failure, but all is told."""
    doubts, failures = list(_doubts(timeline)), list(_failures(timeline))
    if doubts:
        return Judgement(Verdict.INVALID, [*doubts, *failures])
    if failures:
        return Judgement(Verdict.FAIL, failures)
    return Judgement(Verdict.PASS, [_success(timeline)])


def _doubts(timeline: Timeline) -> Iterator[str]:
    for event in timeline.events:
        if event.step in INVALIDATING:
            yield f"{_DOUBTS[event.step]}: {event.detail}"
    if timeline.first(Step.INJECTED) is None:
        if timeline.first(Step.CUT_SHORT) is None:
            yield "nothing was injected"
        return
    if timeline.first(Step.CLEARED) is None:
        yield "the faults were not taken back; run: watchkeeper incident stop"
    for name in timeline.alive:
        yield f"{name} was to be killed, but it never died"
    if timeline.first(Step.BITTEN) is None:
        yield "the fault did not bite: nothing shows that it had any effect, so the drill proves nothing"


_DOUBTS = {
    Step.FAULT_LOST: "the fault did not last",
    Step.TRAFFIC_LOST: "the traffic stopped",
    Step.BLIND: "the drill could not see",
    Step.CUT_SHORT: "the drill was cut short",
}


def _failures(timeline: Timeline) -> Iterator[str]:
    for page in timeline.other_pages:
        yield f"nobody else should have been woken: page {page.id} for {subject(page)}"
    if timeline.plan.slo is not None:
        yield from _page_failures(timeline)
    elif not timeline.other_pages:
        yield from (
            f"a page alert fired, only its delivery had not happened yet: {event.detail}"
            for event in _all(timeline, Step.OTHER_ALERT)
        )
    for name in timeline.missing:
        if name not in timeline.alive:
            yield f"{name} did not come back after it was killed"


def _page_failures(timeline: Timeline) -> Iterator[str]:
    plan = timeline.plan
    within, resolve_within = plan.page_within or timedelta(0), plan.resolve_within or timedelta(0)
    # What had not happened yet when the drill was spoilt is nobody's failure.
    was_spoilt = any(event.step in INVALIDATING for event in timeline.events)
    delivery_s = timeline.seconds(Step.INJECTED, Step.DELIVERED)
    if delivery_s is None and was_spoilt:
        return
    if delivery_s is None:
        yield f"no page for {plan.slo} came: {_where_it_stopped(timeline)}"
        return
    if delivery_s > within.total_seconds():
        yield f"the page came after {delivery_s:.1f} s; {format_duration(within)} are allowed"
    again = _all(timeline, Step.PAGED_AGAIN)
    if again:
        yield f"one incident paged {len(again) + 1} times: {', '.join(e.detail for e in again)} came on top"
    if timeline.first(Step.RESOLVED_EARLY):
        yield "the page resolved while the fault was still on"
    resolution_s = timeline.resolution_s
    if resolution_s is None and was_spoilt:
        return
    if resolution_s is None:
        yield f"the page did not resolve within {format_duration(resolve_within)} of the fault's end"
    elif resolution_s > resolve_within.total_seconds():
        yield (
            f"the page resolved {resolution_s:.1f} s after the fault's end; "
            f"{format_duration(resolve_within)} are allowed"
        )


def _where_it_stopped(timeline: Timeline) -> str:
    if timeline.first(Step.SUPPRESSED):
        return "Alertmanager suppressed the alert (a silence, or an inhibition by another alert)"
    if timeline.first(Step.ROUTED):
        return "Alertmanager has the alert, but it did not reach the inbox; look at its receivers"
    if timeline.first(Step.FIRING):
        return "the alert fires in Prometheus, but Alertmanager does not have it; look at 'alerting:'"
    if timeline.first(Step.PENDING):
        return "the alert stayed pending; its 'for' is too long for this drill"
    if timeline.first(Step.BAD_EVENTS):
        return "the events were bad, but the alert did not fire; look at its rule and its windows"
    return "the SLI counted no bad events"


def _success(timeline: Timeline) -> str:
    plan = timeline.plan
    if plan.silent_for is not None:
        return f"the fault struck, and for {format_duration(plan.silent_for)} nobody was woken"
    return f"one page for {plan.slo}, in time, and it resolved"


def _all(timeline: Timeline, step: Step) -> Sequence[Event]:
    return [event for event in timeline.events if event.step is step]
