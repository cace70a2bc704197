"""Carry a drill out: look around, inject, follow, take back, judge.

The imperative shell around the timeline. Its one promise: however it ends, the faults are taken back.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from loadtests.drills.addresses import Addresses
from loadtests.drills.evidence import Evidence, gather, refused
from loadtests.drills.inject import FaultSwitch, Injector
from loadtests.drills.interrupt import InterruptedDrillError, SignalGuard
from loadtests.drills.observe import Observer, Servers
from loadtests.drills.plan import Plan
from loadtests.drills.preflight import Conditions, look_around
from loadtests.drills.processes import ProcessControl
from loadtests.drills.record import DrillRecords
from loadtests.drills.timeline import Event, Next, Step, Timeline
from loadtests.drills.verdict import judge
from watchkeeper.errors import WatchkeeperError

POLL_INTERVAL = timedelta(seconds=1)


class Clock(Protocol):
    """What time it is, and waiting."""

    def now(self) -> datetime:
        """Give the present time; it never steps back."""
        ...

    def sleep(self, span: timedelta) -> None:
        """Wait."""
        ...


class SteadyClock:
    """Wall time that ignores adjustments of the system's clock while a drill is measured."""

    def __init__(self) -> None:
        self._start = datetime.now(UTC)
        self._start_s = time.monotonic()

    def now(self) -> datetime:
        """Give the present time."""
        return self._start + timedelta(seconds=time.monotonic() - self._start_s)

    def sleep(self, span: timedelta) -> None:
        """Wait."""
        time.sleep(span.total_seconds())


class Audience(Protocol):
    """Whoever follows a drill live."""

    def event(self, timeline: Timeline, event: Event) -> None:
        """Something happened."""
        ...

    def waiting(self, timeline: Timeline, now: datetime) -> None:
        """Nothing happened in the last second."""
        ...


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a drill takes place."""

    addresses: Addresses
    switch: FaultSwitch
    processes: ProcessControl
    records: DrillRecords

    def injector(self, plan: Plan, clock: Clock) -> Injector:
        """Make the injector of one drill."""
        return Injector(
            plan,
            addresses=self.addresses,
            switch=self.switch,
            processes=self.processes,
            records=self.records,
            now=clock.now,
        )


def rehearse(
    plan: Plan,
    setting: Setting,
    servers: Servers,
    *,
    known_faults: Mapping[str, Sequence[str]],
    audience: Audience,
    clock: Clock,
    timeout: timedelta | None = None,
) -> Evidence:
    """Rehearse a drill and store the evidence. Signals end it early; the faults are taken back in any case.

    ``known_faults`` (names by job) must be off before anything is injected. ``timeout`` bounds the whole.

    Raises:
        BusyError: another drill is under way.
    """
    rehearsal = _Rehearsal(plan, setting, servers, known_faults, audience, clock, timeout)
    with setting.records.exclusive(), rehearsal.guard.installed():
        evidence = rehearsal.run()
        with rehearsal.guard.shield():
            setting.records.keep(plan.drill.id, evidence.model_dump_json(indent=2), at=evidence.started_at)
    return evidence


@dataclass
class _Rehearsal:
    plan: Plan
    setting: Setting
    servers: Servers
    known_faults: Mapping[str, Sequence[str]]
    audience: Audience
    clock: Clock
    timeout: timedelta | None
    guard: SignalGuard = field(default_factory=SignalGuard)

    def __post_init__(self) -> None:
        self._injector = self.setting.injector(self.plan, self.clock)
        self._timeline = Timeline(self.plan)

    def run(self) -> Evidence:
        started_at = self.clock.now()
        conditions = Conditions(obstacles=(), notes=(), baseline={}, last_page=0)
        try:
            conditions = self._look_around()
            if conditions.obstacles:
                return refused(self._timeline, conditions.obstacles, conditions, started_at)
            self._timeline = Timeline(self.plan, conditions.baseline)
            self._follow(conditions, started_at)
        except InterruptedDrillError as signal:
            self._tell(self._timeline.cut_short(self.clock.now(), f"by {signal}"))
        except WatchkeeperError as error:
            self._tell(self._timeline.cut_short(self.clock.now(), str(error)))
        finally:
            self._make_sure()
        return gather(self._timeline, judge(self._timeline), conditions, started_at)

    def _look_around(self) -> Conditions:
        return look_around(
            self.plan,
            self.servers,
            addresses=self.setting.addresses,
            switch=self.setting.switch,
            known_faults=self.known_faults,
            now=self.clock.now(),
        )

    def _follow(self, conditions: Conditions, started_at: datetime) -> None:
        observer = Observer(self.plan, self.servers, self._injector, after_page=conditions.last_page)
        at = self.clock.now()
        killed = self._injector.inject()
        self._tell(self._timeline.injected(at, describe(self.plan, killed), killed=killed))
        while True:
            now = self.clock.now()
            for event in self._timeline.observe(observer.look(now)):
                self._tell(event)
            now = self.clock.now()
            if self.timeout and now - started_at > self.timeout and not self._timeline.first(Step.CUT_SHORT):
                self._tell(self._timeline.cut_short(now, "it took longer than --timeout"))
            match self._timeline.next_step(now):
                case Next.END:
                    return
                case Next.CLEAR:
                    self._take_back()
                case Next.WATCH:
                    self.audience.waiting(self._timeline, now)
                    self.clock.sleep(POLL_INTERVAL)

    def _take_back(self) -> None:
        with self.guard.shield():
            self._injector.take_back()
            event = self._timeline.cleared(self.clock.now(), self._clearing())
        self._tell(event)

    def _make_sure(self) -> None:
        """Take back what the drill itself did not come to take back."""
        if self._timeline.first(Step.CLEARED):
            return
        try:
            with self.guard.shield():
                self._injector.take_back()
                if self._timeline.first(Step.INJECTED):
                    self._timeline.cleared(self.clock.now(), self._clearing())
        except WatchkeeperError as error:
            self._timeline.cut_short(self.clock.now(), str(error))
        except InterruptedDrillError as signal:
            self._timeline.cut_short(self.clock.now(), f"by {signal}")

    def _clearing(self) -> str:
        return "every fault was taken back" if self.plan.faults else "nothing to take back"

    def _tell(self, event: Event) -> None:
        self.audience.event(self._timeline, event)


def describe(plan: Plan, killed: Mapping[str, int] | None = None) -> str:
    """Say what a drill injects."""
    faults = [
        f"{i.fault} at {i.job}" + "".join(f", {key} {value}" for key, value in i.parameters.items())
        for i in plan.faults
    ]
    kills = (
        [f"killed {name} (process {pid})" for name, pid in killed.items()]
        if killed
        else [f"kill {i.count} of {i.job}" for i in plan.kills]
    )
    return "; ".join([*faults, *kills])
