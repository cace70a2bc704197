"""From observations to events: what happened in a drill, in order, and what to do next.

Pure: it never looks at a clock, a server or a process. A rehearsal feeds it what it saw and when; the
same observations give the same events, so that every way in which a drill can go wrong is a table in a
unit test.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from loadtests.drills.plan import LATE_SHARE, Plan
from loadtests.drills.seen import Observation, SeenAlert, own_alerts, subject, wakes
from watchkeeper.catalog.base import SloId
from watchkeeper.conventions import ALERT_BURN, ALERTNAME, SEVERITY_TICKET, SLO
from watchkeeper.pages import RESOLVED, Page


class Step(StrEnum):
    """What can happen in a drill; the values are stable, evidence files hold them."""

    INJECTED = "injected"
    BITTEN = "bitten"
    """First proof that the fault had an effect."""
    DIED = "died"
    BACK = "back"
    BAD_EVENTS = "bad_events"
    PENDING = "pending"
    FIRING = "firing"
    ROUTED = "routed"
    """Alertmanager holds the alert."""
    SUPPRESSED = "suppressed"
    DELIVERED = "delivered"
    PAGED_AGAIN = "paged_again"
    OTHER_PAGE = "other_page"
    OTHER_ALERT = "other_alert"
    """A page alert fired in Prometheus that nobody expected."""
    TICKET = "ticket"
    CLEARED = "cleared"
    RECOVERED = "recovered"
    ALERT_ENDED = "alert_ended"
    RESOLVED = "resolved"
    RESOLVED_EARLY = "resolved_early"
    REOPENED = "reopened"
    """A page that had resolved is open again: the incident was not over."""
    FAULT_LOST = "fault_lost"
    TRAFFIC_LOST = "traffic_lost"
    BLIND = "blind"
    CUT_SHORT = "cut_short"


INVALIDATING = frozenset({Step.FAULT_LOST, Step.TRAFFIC_LOST, Step.BLIND, Step.CUT_SHORT})
"""After one of these the drill can prove nothing any more."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened."""

    step: Step
    at: datetime
    detail: str = ""


class Next(StrEnum):
    """What the rehearsal does after an observation."""

    WATCH = "watch"
    CLEAR = "clear"
    """Take the faults back."""
    END = "end"


@dataclass
class Timeline:
    """Everything that happened so far: ``observe`` gives what is new, ``next_step`` what follows from it."""

    plan: Plan
    baseline: Mapping[str, float] = field(default_factory=dict)
    """Error ratio by SLO before the injection."""
    events: list[Event] = field(default_factory=list)
    pages: dict[int, Page] = field(default_factory=dict)
    """Every page opened since the injection, as last seen."""
    _killed: dict[str, int] = field(default_factory=dict)
    _lost_since: dict[str, datetime] = field(default_factory=dict)
    _others: set[str] = field(default_factory=set)
    _delivered: set[int] = field(default_factory=set)

    def injected(self, at: datetime, detail: str, *, killed: Mapping[str, int] | None = None) -> Event:
        """Note that the faults are on, and the process ids that were killed."""
        self._killed = dict(killed or {})
        return self._note(Step.INJECTED, at, detail)

    def cleared(self, at: datetime, detail: str) -> Event:
        """Note that the faults were taken back."""
        return self._note(Step.CLEARED, at, detail)

    def cut_short(self, at: datetime, why: str) -> Event:
        """Note that the drill ended before its end."""
        return self._note(Step.CUT_SHORT, at, why)

    def first(self, step: Step) -> Event | None:
        """Give the first event of this kind."""
        return next((event for event in self.events if event.step is step), None)

    def seconds(self, start: Step, end: Step) -> float | None:
        """Seconds between two steps; None unless both happened."""
        first, last = self.first(start), self.first(end)
        return (last.at - first.at).total_seconds() if first and last else None

    @property
    def resolved(self) -> Event | None:
        """The end of the incident; None while it is open, or open again."""
        ends = [event for event in self.events if event.step in (Step.RESOLVED, Step.REOPENED)]
        return ends[-1] if ends and ends[-1].step is Step.RESOLVED else None

    @property
    def resolution_s(self) -> float | None:
        """Seconds from the end of the fault to the end of the incident."""
        cleared, resolved = self.first(Step.CLEARED), self.resolved
        return (resolved.at - cleared.at).total_seconds() if cleared and resolved else None

    @property
    def expected_pages(self) -> Sequence[Page]:
        """Pages for the SLO that has to page, first one first."""
        return [page for _, page in sorted(self.pages.items()) if page.id in self._delivered]

    @property
    def other_pages(self) -> Sequence[Page]:
        """Pages that woke someone for something else."""
        everything = sorted(self.pages.items())
        return [page for _, page in everything if wakes(page) and page.id not in self._delivered]

    @property
    def missing(self) -> Sequence[str]:
        """Killed processes that did not come back."""
        back = {event.detail for event in self.events if event.step is Step.BACK}
        return [name for name in self._killed if name not in back]

    @property
    def alive(self) -> Sequence[str]:
        """Processes that should have died and were never seen to."""
        died = {event.detail for event in self.events if event.step is Step.DIED}
        return [name for name in self._killed if name not in died]

    def observe(self, seen: Observation) -> Sequence[Event]:
        """Take in one observation; give what is new in it, in causal order."""
        known = len(self.events)
        self._see_proofs(seen)
        self._see_bad_events(seen)
        self._see_alerts(seen)
        self._see_pages(seen)
        self._see_end(seen)
        self._see_losses(seen)
        return self.events[known:]

    def next_step(self, now: datetime) -> Next:
        """Decide what follows: keep watching, take the faults back, or end."""
        injected, cleared = self.first(Step.INJECTED), self.first(Step.CLEARED)
        if injected is None:
            return Next.WATCH
        spoilt = any(event.step in INVALIDATING for event in self.events)
        if cleared is None:
            return Next.CLEAR if spoilt or now >= self._clear_at(injected.at) else Next.WATCH
        return Next.END if spoilt or now >= self._end_at(cleared.at) else Next.WATCH

    def _clear_at(self, injected: datetime) -> datetime:
        within, silent_for = self.plan.page_within, self.plan.silent_for
        if silent_for is not None:
            # Once somebody was paged the drill has failed; the fault need not last any longer.
            return injected if self.other_pages else injected + max(silent_for, self.plan.hold)
        if within is not None and self.first(Step.DELIVERED) is None:
            return injected + within + within / LATE_SHARE
        return injected + self.plan.hold

    def _end_at(self, cleared: datetime) -> datetime:
        resolve_within, resolved = self.plan.resolve_within, self.resolved
        if resolve_within is None or self.first(Step.DELIVERED) is None:
            return cleared + self.plan.settle
        return resolved.at + self.plan.settle if resolved else cleared + resolve_within

    def _see_proofs(self, seen: Observation) -> None:
        for process in seen.processes:
            before = self._killed.get(process.name)
            if before is None or process.pid == before:
                continue
            if self._once(Step.DIED, seen.at, process.name):
                self._once(Step.BITTEN, seen.at, f"{process.name} (process {before}) died")
            if process.pid is not None and process.healthy:
                self._once(Step.BACK, seen.at, process.name)
        for slo in self.plan.proof_slos if self.first(Step.CLEARED) is None else ():
            if self._risen(slo, seen):
                share = (seen.error_ratio or {})[slo]
                self._first_only(Step.BITTEN, seen.at, f"{share:.1%} of the events of {slo} are bad")

    def _see_bad_events(self, seen: Observation) -> None:
        slo = self.plan.slo
        if slo is None or seen.error_ratio is None:
            return
        if self.first(Step.CLEARED) is None:
            if self._risen(slo, seen):
                self._first_only(
                    Step.BAD_EVENTS, seen.at, f"{seen.error_ratio[slo]:.1%} of the events are bad"
                )
        elif self.first(Step.BAD_EVENTS) and slo in seen.error_ratio and not self._risen(slo, seen):
            self._first_only(Step.RECOVERED, seen.at, f"{seen.error_ratio[slo]:.1%} of the events are bad")

    def _see_alerts(self, seen: Observation) -> None:
        for alert in seen.alerts or ():
            if self._is_the_burn(alert):
                if alert.state == "firing":
                    self._first_only(Step.FIRING, seen.at, alert.name)
                elif self.first(Step.FIRING) is None:
                    self._first_only(Step.PENDING, seen.at, alert.name)
            elif alert.state == "firing":
                self._once(Step.OTHER_ALERT, seen.at, f"{alert.name} for {alert.subject}")
        for alert in seen.routed or ():
            if self._is_the_burn(alert):
                step = Step.SUPPRESSED if alert.state == "suppressed" else Step.ROUTED
                self._first_only(step, seen.at, alert.name)

    def _see_pages(self, seen: Observation) -> None:
        for page in sorted(seen.pages or (), key=lambda page: page.id):
            is_new = page.id not in self.pages
            self.pages[page.id] = page
            if page.severity == SEVERITY_TICKET and is_new:
                self._note(Step.TICKET, seen.at, f"ticket {page.id} for {subject(page)}")
            elif wakes(page) and self._expects(page):
                if page.id not in self._delivered:
                    step = Step.PAGED_AGAIN if self._delivered else Step.DELIVERED
                    self._delivered.add(page.id)
                    self._note(step, seen.at, f"page {page.id} for {subject(page)}")
            elif wakes(page) and is_new:
                # Another SLO of the service may burn first; the one that is expected then joins its page.
                self._note(Step.OTHER_PAGE, seen.at, f"page {page.id} for {subject(page)}")

    def _see_end(self, seen: Observation) -> None:
        pages = self.expected_pages
        if not pages:
            return
        cleared = self.first(Step.CLEARED)
        if cleared and seen.alerts is not None and not any(map(self._is_the_burn, seen.alerts)):
            self._first_only(Step.ALERT_ENDED, seen.at, "")
        is_over = all(page.status == RESOLVED for page in pages)
        if is_over and cleared is None:
            self._first_only(Step.RESOLVED_EARLY, seen.at, f"page {pages[0].id}")
        elif is_over and self.resolved is None:
            self._note(Step.RESOLVED, seen.at, f"page {pages[0].id}")
        elif not is_over and self.resolved is not None:
            self._note(Step.REOPENED, seen.at, f"page {pages[0].id}")

    def _see_losses(self, seen: Observation) -> None:
        if self.first(Step.CLEARED) is None:
            for fault in seen.faults:
                if fault.on is False:
                    self._once(Step.FAULT_LOST, seen.at, f"{fault.fault} is off at {fault.where}")
                self._lost(
                    Step.BLIND,
                    seen.at,
                    fault.on is None,
                    f"{fault.where} does not say whether {fault.fault} is on",
                )
        for backend, field_seen in (
            ("Prometheus", seen.alerts), ("Alertmanager", seen.routed), ("the inbox", seen.pages),
        ):  # fmt: skip
            self._lost(Step.BLIND, seen.at, field_seen is None, f"{backend} did not answer")
        if seen.events_per_s is not None:
            for slo in self.plan.traffic_slos:
                self._lost(
                    Step.TRAFFIC_LOST, seen.at, seen.events_per_s.get(slo, 0) <= 0, f"{slo} had no events"
                )

    def _lost(self, step: Step, at: datetime, is_lost: bool, what: str) -> None:
        if not is_lost:
            self._lost_since.pop(what, None)
            return
        since = self._lost_since.setdefault(what, at)
        if at - since >= self.plan.gap_max:
            self._once(step, at, what, f"{what} for {(at - since).total_seconds():.0f} s")

    def _risen(self, slo: SloId, seen: Observation) -> bool:
        """Tell whether errors now eat the budget faster than it refills, beyond what they did before."""
        ratio = (seen.error_ratio or {}).get(slo)
        return ratio is not None and ratio > self.baseline.get(slo, 0.0) + self.plan.budget_ratio[slo]

    def _is_the_burn(self, alert: SeenAlert) -> bool:
        # Other alerts carry the label too: an SLI that is absent is no SLO that burns.
        return alert.name == ALERT_BURN and self.plan.slo is not None and alert.slo == self.plan.slo

    def _expects(self, page: Page) -> bool:
        return any(
            alert.labels.get(ALERTNAME) == ALERT_BURN and alert.labels.get(SLO) == self.plan.slo
            for alert in own_alerts(page)
        )

    def _note(self, step: Step, at: datetime, detail: str) -> Event:
        event = Event(step, at, detail)
        self.events.append(event)
        return event

    def _first_only(self, step: Step, at: datetime, detail: str) -> None:
        if self.first(step) is None:
            self._note(step, at, detail)

    def _once(self, step: Step, at: datetime, what: str, detail: str | None = None) -> bool:
        """Note a step once for each thing it can happen to."""
        key = f"{step}:{what}"
        if key in self._others:
            return False
        self._others.add(key)
        self._note(step, at, detail if detail is not None else what)
        return True
