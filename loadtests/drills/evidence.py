"""What a drill leaves behind: one JSON document with stable keys.

The command prints it, a file keeps it, and the console shows it later; a field is added, never renamed
or taken away, without raising ``version``.
"""

from collections.abc import Sequence
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from loadtests.drills.preflight import Conditions
from loadtests.drills.seen import slos, wakes
from loadtests.drills.timeline import Event, Step, Timeline
from loadtests.drills.verdict import Judgement, Verdict
from watchkeeper.conventions import SERVICE


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TimelineEntry(_Model):
    """One thing that happened."""

    event: Step
    at: AwareDatetime
    seconds_after_injection: float | None
    detail: str


class PageEntry(_Model):
    """One page that was opened during the drill."""

    id: int
    severity: str
    service: str | None
    slos: tuple[str, ...]
    expected: bool
    """It is for the SLO that had to page."""
    wakes: bool
    """False for tickets."""
    status: str
    notifications: int
    opened_at: AwareDatetime
    resolved_at: AwareDatetime | None


class Seconds(_Model):
    """Durations in seconds; None where a step did not happen, or nothing is promised."""

    detection: float | None = None
    """From the injection until the alert fired."""
    delivery: float | None = None
    """From the injection until the page was in the inbox."""
    resolution: float | None = None
    """From the fault's end until the page was resolved."""
    silence: float | None = None
    """How long the fault was on."""


class Evidence(_Model):
    """A drill from its injection to its verdict."""

    version: Literal[1] = 1
    drill: str
    service: str
    verdict: Verdict
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    started_at: AwareDatetime
    timeline: tuple[TimelineEntry, ...]
    pages: tuple[PageEntry, ...]
    measured_s: Seconds
    allowed_s: Seconds = Field(description="What the catalog promises.")


def gather(
    timeline: Timeline, judgement: Judgement, conditions: Conditions, started_at: AwareDatetime
) -> Evidence:
    """Put a drill's evidence together."""
    plan = timeline.plan
    expected = {page.id for page in timeline.expected_pages}
    silent = plan.silent_for is not None
    return Evidence(
        drill=plan.drill.id,
        service=plan.service,
        verdict=judgement.verdict,
        reasons=tuple(judgement.reasons),
        notes=tuple(conditions.notes),
        started_at=started_at,
        timeline=tuple(_entry(timeline, event) for event in timeline.events),
        pages=tuple(
            PageEntry(
                id=page.id,
                severity=page.severity,
                service=page.group_labels.get(SERVICE),
                slos=tuple(slos(page)),
                expected=page.id in expected,
                wakes=wakes(page),
                status=page.status,
                notifications=page.notifications,
                opened_at=page.opened_at,
                resolved_at=page.resolved_at,
            )
            for _, page in sorted(timeline.pages.items())
        ),
        measured_s=Seconds(
            detection=_rounded(timeline.seconds(Step.INJECTED, Step.FIRING)),
            delivery=_rounded(timeline.seconds(Step.INJECTED, Step.DELIVERED)),
            resolution=_rounded(timeline.resolution_s),
            silence=_rounded(timeline.seconds(Step.INJECTED, Step.CLEARED)) if silent else None,
        ),
        allowed_s=Seconds(
            delivery=plan.page_within.total_seconds() if plan.page_within else None,
            resolution=plan.resolve_within.total_seconds() if plan.resolve_within else None,
            silence=plan.silent_for.total_seconds() if plan.silent_for else None,
        ),
    )


def refused(
    timeline: Timeline, obstacles: Sequence[str], conditions: Conditions, at: AwareDatetime
) -> Evidence:
    """Give the evidence of a drill that was never begun."""
    return gather(timeline, Judgement(Verdict.INVALID, obstacles), conditions, at)


def _entry(timeline: Timeline, event: Event) -> TimelineEntry:
    injected = timeline.first(Step.INJECTED)
    return TimelineEntry(
        event=event.step,
        at=event.at,
        seconds_after_injection=_rounded((event.at - injected.at).total_seconds()) if injected else None,
        detail=event.detail,
    )


def _rounded(seconds: float | None) -> float | None:
    # Looks are a second apart: more digits than one would claim what was not seen.
    return None if seconds is None else round(seconds, 1)
