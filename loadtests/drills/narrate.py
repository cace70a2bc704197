"""A drill in words: one line per event, with what was waited for, and a summary.

Pure text, so that the terminal, a log and a test all read the same sentences.
"""

from collections.abc import Iterator
from datetime import datetime

from loadtests.drills.evidence import Evidence, Seconds
from loadtests.drills.timeline import Event, Step, Timeline

LABELS = {
    Step.INJECTED: "injected",
    Step.BITTEN: "fault bites",
    Step.DIED: "died",
    Step.BACK: "is back",
    Step.BAD_EVENTS: "bad events",
    Step.PENDING: "alert pending",
    Step.FIRING: "alert firing",
    Step.ROUTED: "in Alertmanager",
    Step.SUPPRESSED: "suppressed",
    Step.DELIVERED: "page delivered",
    Step.PAGED_AGAIN: "paged again",
    Step.OTHER_PAGE: "unexpected page",
    Step.OTHER_ALERT: "other alert",
    Step.TICKET: "ticket",
    Step.CLEARED: "fault cleared",
    Step.RECOVERED: "recovered",
    Step.ALERT_ENDED: "alert ended",
    Step.RESOLVED: "page resolved",
    Step.RESOLVED_EARLY: "resolved early",
    Step.REOPENED: "reopened",
    Step.FAULT_LOST: "fault lost",
    Step.TRAFFIC_LOST: "traffic lost",
    Step.BLIND: "blind",
    Step.CUT_SHORT: "cut short",
}

_WAITED_FOR = {
    Step.BAD_EVENTS: "Prometheus to scrape bad events",
    Step.PENDING: "the rule to see them",
    Step.FIRING: "two windows to burn too fast",
    Step.ROUTED: "Prometheus to notify Alertmanager",
    Step.DELIVERED: "Alertmanager to deliver",
    Step.RECOVERED: "the last scrapes to be good",
    Step.ALERT_ENDED: "the short window to forget",
    Step.RESOLVED: "Alertmanager to deliver the end",
    Step.DIED: "the process to end",
    Step.BACK: "its supervisor to restart it",
}
_CHAIN = (
    Step.INJECTED,
    Step.BAD_EVENTS,
    Step.PENDING,
    Step.FIRING,
    Step.ROUTED,
    Step.DELIVERED,
    Step.CLEARED,
    Step.RECOVERED,
    Step.ALERT_ENDED,
    Step.RESOLVED,
)
"""The way of a page; each step is waited for from the one before it that happened."""


def line(timeline: Timeline, event: Event) -> str:
    """Tell one event: seconds since the injection, what happened, and how long what was waited for."""
    injected = timeline.first(Step.INJECTED)
    after = f"{(event.at - injected.at).total_seconds():7.1f} s" if injected else " " * 9
    waited = _waited(timeline, event)
    detail = f"  {event.detail}" if event.detail else ""
    return f"{after}  {LABELS[event.step]:<15}{detail}{waited}".rstrip()


def waiting_for(timeline: Timeline, now: datetime) -> str:
    """Say what the drill waits for at this moment."""
    plan = timeline.plan
    injected, cleared = timeline.first(Step.INJECTED), timeline.first(Step.CLEARED)
    if injected is None:
        return "looking around"
    elapsed_s = (now - injected.at).total_seconds()
    if plan.silent_for is not None:
        what = (
            f"nobody to be woken for {plan.silent_for.total_seconds():.0f} s"
            if cleared is None
            else "a page that may still be under way"
        )
    elif timeline.resolved:
        what = "a second page that must not come"
    else:
        reached = max(_CHAIN.index(e.step) for e in timeline.events if e.step in _CHAIN)
        coming = (step for step in _CHAIN[reached + 1 :] if step in _WAITED_FOR and step is not Step.PENDING)
        what = next((_WAITED_FOR[step] for step in coming), "the end")
    return f"{elapsed_s:.0f} s: waiting for {what}"


def summary(evidence: Evidence) -> Iterator[str]:
    """Tell how a drill ended."""
    yield f"{evidence.verdict}  {evidence.drill}"
    yield from (f"  {reason}" for reason in evidence.reasons)
    yield from (f"  note: {note}" for note in evidence.notes)
    for name in Seconds.model_fields:
        measured, allowed = getattr(evidence.measured_s, name), getattr(evidence.allowed_s, name)
        if measured is not None:
            bound = f" ({allowed:.0f} s {'wanted' if name == 'silence' else 'allowed'})" if allowed else ""
            yield f"  {name}: {measured:.1f} s{bound}"


def _waited(timeline: Timeline, event: Event) -> str:
    if event.step not in _WAITED_FOR:
        return ""
    start = None
    if event.step in _CHAIN:
        before = _CHAIN[: _CHAIN.index(event.step)]
        happened = [e for e in timeline.events if e.step in before and e.at <= event.at]
        start = happened[-1] if happened else None
    else:
        start = timeline.first(Step.INJECTED)
    if start is None:
        return ""
    waited_s = (event.at - start.at).total_seconds()
    return f"  (waited {waited_s:.1f} s for {_WAITED_FOR[event.step]})"
