"""Carry a drill out: look around, inject, follow, take back, judge.

The imperative shell around the timeline. Its one promise: however it ends, the faults are taken back.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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

    servers: Servers
    addresses: Addresses
    switch: FaultSwitch
    processes: ProcessControl
    records: DrillRecords
    known_faults: Mapping[str, Sequence[str]]


def rehearse(
    plan: Plan, setting: Setting, *, audience: Audience, clock: Clock, timeout: timedelta | None = None
) -> Evidence:
    """Rehearse a drill and store the evidence. Signals end it early; the faults are taken back in any case.

    Raises:
        BusyError: another drill is under way.
    """
    guard = SignalGuard()
    with setting.records.exclusive(), guard.installed():
        evidence = _Rehearsal(plan, setting, audience, clock, guard, timeout=timeout).run()
        with guard.shield():
            setting.records.keep(plan.drill.id, evidence.model_dump_json(indent=2), at=evidence.started_at)
    return evidence


class _Rehearsal:
    def __init__(
        self,
        plan: Plan,
        setting: Setting,
        audience: Audience,
        clock: Clock,
        guard: SignalGuard,
        *,
        timeout: timedelta | None,
    ) -> None:
        self._plan = plan
        self._setting = setting
        self._audience = audience
        self._clock = clock
        self._guard = guard
        self._timeout = timeout
        self._injector = injector_for(plan, setting, now=clock.now)
        self._timeline = Timeline(plan)

    def run(self) -> Evidence:
        started_at = self._clock.now()
        conditions = Conditions(obstacles=(), notes=(), baseline={}, last_page=0)
        try:
            conditions = self._look_around()
            if conditions.obstacles:
                return refused(self._timeline, conditions.obstacles, conditions, started_at)
            self._timeline = Timeline(self._plan, conditions.baseline)
            self._follow(conditions, started_at)
        except InterruptedDrillError as signal:
            self._tell(self._timeline.cut_short(self._clock.now(), f"by {signal}"))
        except WatchkeeperError as error:
            self._tell(self._timeline.cut_short(self._clock.now(), str(error)))
        finally:
            self._make_sure()
        return gather(self._timeline, judge(self._timeline), conditions, started_at)

    def _look_around(self) -> Conditions:
        return look_around(
            self._plan,
            self._setting.servers,
            addresses=self._setting.addresses,
            switch=self._setting.switch,
            known_faults=self._setting.known_faults,
        )

    def _follow(self, conditions: Conditions, started_at: datetime) -> None:
        observer = Observer(
            self._plan, self._setting.servers, self._injector, after_page=conditions.last_page
        )
        at = self._clock.now()
        killed = self._injector.inject()
        self._tell(self._timeline.injected(at, describe(self._plan, killed), killed=killed))
        while True:
            now = self._clock.now()
            for event in self._timeline.observe(observer.look(now)):
                self._tell(event)
            now = self._clock.now()
            if (
                self._timeout
                and now - started_at > self._timeout
                and not self._timeline.first(Step.CUT_SHORT)
            ):
                self._tell(self._timeline.cut_short(now, "it took longer than --timeout"))
            match self._timeline.next_step(now):
                case Next.END:
                    return
                case Next.CLEAR:
                    self._take_back()
                case Next.WATCH:
                    self._audience.waiting(self._timeline, now)
                    self._clock.sleep(POLL_INTERVAL)

    def _take_back(self) -> None:
        with self._guard.shield():
            self._injector.take_back()
            event = self._timeline.cleared(self._clock.now(), "every fault was taken back")
        self._tell(event)

    def _make_sure(self) -> None:
        """Take back what the drill itself did not come to take back."""
        if self._timeline.first(Step.CLEARED):
            return
        try:
            with self._guard.shield():
                self._injector.take_back()
                if self._timeline.first(Step.INJECTED):
                    self._timeline.cleared(self._clock.now(), "every fault was taken back")
        except WatchkeeperError as error:
            self._timeline.cut_short(self._clock.now(), str(error))
        except InterruptedDrillError as signal:
            self._timeline.cut_short(self._clock.now(), f"by {signal}")

    def _tell(self, event: Event) -> None:
        self._audience.event(self._timeline, event)


def injector_for(plan: Plan, setting: Setting, *, now: Callable[[], datetime]) -> Injector:
    """Make the injector that writes down what it switches on."""
    return Injector(
        plan,
        addresses=setting.addresses,
        switch=setting.switch,
        processes=setting.processes,
        remember=lambda faults: setting.records.remember(plan.drill.id, faults, now=now()),
    )


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
