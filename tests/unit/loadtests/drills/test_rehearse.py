"""A rehearsal takes its faults back, however it ends."""

import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from loadtests.drills.cleanup import clean_up
from loadtests.drills.evidence import Evidence
from loadtests.drills.inject import FaultSwitch, InjectionError
from loadtests.drills.observe import Servers
from loadtests.drills.processes import Instance
from loadtests.drills.record import DrillRecords, SwitchedFault
from loadtests.drills.rehearse import Setting, rehearse
from loadtests.drills.seen import SeenFault
from loadtests.drills.timeline import Event, Step, Timeline
from loadtests.drills.verdict import Verdict
from tests.unit.loadtests.drills.drill_story import (
    BANK,
    KILL_DRILL,
    PAGE_DRILL,
    SHOP,
    SILENT_DRILL,
    START,
    page,
    plan,
)
from watchkeeper.conventions import SLO
from watchkeeper.errors import BackendError
from watchkeeper.pages import Page
from watchkeeper.prometheus_api import Sample

ADDRESSES = {"bank": ("http://bank-1", "http://bank-2")}
OUTAGE = [SwitchedFault(job="bank", url=url, fault="outage") for url in ADDRESSES["bank"]]


@dataclass
class Switch:
    """Faults without HTTP."""

    on_now: set[SwitchedFault] = field(default_factory=set)
    refuses: set[str] = field(default_factory=set)
    """Addresses at which nothing can be switched on."""
    sticks: set[str] = field(default_factory=set)
    """Addresses at which nothing can be switched off."""
    record: Path | None = None
    recorded_first: bool = False

    def on(self, fault: SwitchedFault, parameters: Mapping[str, int | Decimal]) -> None:
        """Switch on."""
        del parameters
        self.recorded_first = self.record is not None and self.record.exists()
        if fault.url in self.refuses:
            raise InjectionError(f"{fault}: refused")
        self.on_now.add(fault)

    def off(self, fault: SwitchedFault) -> None:
        """Switch off."""
        if fault.url in self.sticks:
            raise InjectionError(f"{fault}: could not be taken back")
        self.on_now.discard(fault)

    all_off = FaultSwitch.all_off

    def seen(self, fault: SwitchedFault) -> SeenFault:
        """Say whether it is on."""
        return SeenFault(where=fault.url, fault=fault.fault, on=fault in self.on_now)

    def those_on(self, job: str, url: str) -> Sequence[SwitchedFault]:
        """Give what is on."""
        return [fault for fault in self.on_now if (fault.job, fault.url) == (job, url)]


@dataclass
class World:
    """Prometheus, Alertmanager, inbox, supervisor, clock and audience in one, without a socket."""

    folder: Path
    ratios: dict[str, float] = field(default_factory=lambda: {SHOP: 0.0, BANK: 0.0})
    pages_open: list[Page] = field(default_factory=list)
    down: list[Sample] = field(default_factory=list)
    heartbeat_at: float = 1.0
    maintenance: bool = False
    second: int = 0
    at: dict[int, Callable[[], None]] = field(default_factory=dict)
    """What happens at which second."""
    told: list[Event] = field(default_factory=list)
    switch: Switch = field(default_factory=Switch)
    pid: int | None = 100

    # The clock.
    def now(self) -> datetime:
        """Tell the time."""
        return START + timedelta(seconds=self.second)

    def sleep(self, span: timedelta) -> None:
        """Pass the time."""
        self.second += int(span.total_seconds())
        self.at.pop(self.second, lambda: None)()

    # The audience.
    def event(self, timeline: Timeline, event: Event) -> None:
        """Listen."""
        del timeline
        self.told.append(event)

    def waiting(self, timeline: Timeline, now: datetime) -> None:
        """Wait."""
        del timeline, now

    # The servers.
    def query(self, expr: str, *, at: datetime | None = None) -> Sequence[Sample]:
        """Answer as Prometheus does."""
        if expr == "up == 0":
            return self.down
        del at
        if "maintenance" in expr:
            return [self._sample("", 1)] if self.maintenance else []
        if "rate(" in expr:
            is_ratio = "max(" in expr
            return [self._sample(slo, value if is_ratio else 10.0) for slo, value in self.ratios.items()]
        return [self._sample(SHOP, 0.0)]

    def _sample(self, slo: str, value: float) -> Sample:
        return Sample(labels={SLO: slo, "window": "1h"}, value=value, at=self.now())

    def query_value(self, expr: str) -> float | None:
        """Answer about the heartbeat."""
        return 10_000.0 if expr.startswith("time()") and self.heartbeat_at == 2 else self.heartbeat_at

    def alerts(self) -> Sequence[Any]:
        """No alert fires."""
        return []

    def silences(self) -> Sequence[Any]:
        """Nobody sleeps."""
        return []

    def pages(self, *, status: str | None = None, after_id: int = 0, limit: int = 100) -> Sequence[Page]:
        """Give the pages."""
        del limit
        return [p for p in self.pages_open if p.id > after_id and status in (None, p.status)]

    # The supervisor.
    def instances(self, job: str) -> Sequence[Instance]:
        """Give one process."""
        return [Instance(f"{job}-1", self.pid, healthy=self.pid is not None)]

    def kill(self, name: str) -> None:
        """Restart it at once."""
        del name
        self.pid = 200

    @property
    def records(self) -> DrillRecords:
        """Give the folder's records."""
        return DrillRecords(self.folder)

    def rehearse(self, drill: str, **options: Any) -> Evidence:  # noqa: ANN401 - passed on
        """Rehearse a drill in this world."""
        self.switch.record = self.folder / "active.json"
        anyone = cast("Any", self)
        return rehearse(
            plan(drill),
            Setting(ADDRESSES, cast("FaultSwitch", self.switch), anyone, self.records),
            Servers(anyone, anyone, anyone),
            known_faults={"bank": ("outage", "latency")},
            audience=anyone,
            clock=anyone,
            **options,
        )


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A calm world."""
    return World(tmp_path / "drills")


def suffer(world: World) -> Callable[[], None]:
    """Make the bank's requests fail."""
    return lambda: world.ratios.update({BANK: 1.0})


def test_a_drill_passes_and_leaves_its_evidence(world: World) -> None:
    """The file says the same as the answer, and no fault or record of one is left."""
    world.at[5] = suffer(world)
    evidence = world.rehearse(SILENT_DRILL)
    assert evidence.verdict is Verdict.PASS
    assert [event.step for event in world.told] == [Step.INJECTED, Step.BITTEN, Step.CLEARED]
    assert world.switch.on_now == set()
    assert world.switch.recorded_first
    (stored,) = world.folder.glob("2026-03-01T03-00-00Z-bank-slow.json")
    assert Evidence.model_validate_json(stored.read_bytes()) == evidence
    assert world.records.active() is None


def test_a_process_that_is_killed_is_proof_enough(world: World) -> None:
    """Another process id is the one thing that a restart can not hide."""
    evidence = world.rehearse(KILL_DRILL)
    assert evidence.verdict is Verdict.PASS
    assert [entry.event for entry in evidence.timeline][:4] == [
        Step.INJECTED,
        Step.DIED,
        Step.BITTEN,
        Step.BACK,
    ]


def test_what_was_switched_on_is_taken_back_when_the_rest_can_not_be(world: World) -> None:
    """Half an injection is no drill."""
    world.switch.refuses = {"http://bank-2"}
    evidence = world.rehearse(PAGE_DRILL)
    assert evidence.verdict is Verdict.INVALID
    assert evidence.reasons == ("the drill was cut short: outage at bank (http://bank-2): refused",)
    assert world.switch.on_now == set()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_takes_the_faults_back(world: World, number: signal.Signals) -> None:
    """And the former handlers are back afterwards."""
    before = signal.getsignal(number)
    world.at[5] = lambda: signal.raise_signal(number)
    evidence = world.rehearse(SILENT_DRILL)
    assert evidence.verdict is Verdict.INVALID
    assert f"the drill was cut short: by {number.name}" in evidence.reasons
    assert world.switch.on_now == set()
    assert signal.getsignal(number) is before


def test_a_second_signal_does_not_stop_the_clean_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An impatient Ctrl-C, Ctrl-C must not leave half of the faults on."""
    off = Switch.off

    def interrupted_off(switch: Switch, fault: SwitchedFault) -> None:
        signal.raise_signal(signal.SIGINT)
        off(switch, fault)

    monkeypatch.setattr(Switch, "off", interrupted_off)
    world.at[5] = lambda: signal.raise_signal(signal.SIGINT)
    assert world.rehearse(PAGE_DRILL).verdict is Verdict.INVALID
    assert world.switch.on_now == set()


def test_a_second_signal_while_the_first_is_told_does_not_stop_the_clean_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the first signal and the clean-up there is a moment, too."""
    hear = World.event

    def interrupted(world: World, timeline: Timeline, event: Event) -> None:
        hear(world, timeline, event)
        if event.step is Step.CUT_SHORT:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(World, "event", interrupted)
    world.at[5] = lambda: signal.raise_signal(signal.SIGINT)
    assert world.rehearse(PAGE_DRILL).verdict is Verdict.INVALID
    assert world.switch.on_now == set()


def test_a_bug_takes_the_faults_back_and_keeps_its_traceback(world: World) -> None:
    """Bugs are not findings."""

    def crash() -> None:
        raise ZeroDivisionError

    world.at[5] = crash
    with pytest.raises(ZeroDivisionError):
        world.rehearse(SILENT_DRILL)
    assert world.switch.on_now == set()


def test_a_timeout_takes_the_faults_back(world: World) -> None:
    """Whoever gives a limit gets it."""
    world.at[5] = suffer(world)
    evidence = world.rehearse(SILENT_DRILL, timeout=timedelta(seconds=30))
    assert evidence.verdict is Verdict.INVALID
    assert "the drill was cut short: it took longer than --timeout" in evidence.reasons
    assert evidence.measured_s.silence == 31
    assert world.switch.on_now == set()


def test_a_fault_that_sticks_makes_it_invalid_and_stays_recorded(world: World) -> None:
    """The next clean-up must know; the other process is clean."""
    world.switch.sticks = {"http://bank-2"}
    world.at[5] = suffer(world)
    evidence = world.rehearse(SILENT_DRILL)
    assert evidence.verdict is Verdict.INVALID
    assert any("could not be taken back" in reason for reason in evidence.reasons)
    assert {fault.url for fault in world.switch.on_now} == {"http://bank-2"}
    active = world.records.active()
    assert active is not None
    world.switch.sticks = set()
    found = clean_up(
        {"bank": ("latency",)},
        addresses={},
        switch=cast("FaultSwitch", world.switch),
        records=world.records,
    )
    assert found == []
    assert world.switch.on_now == set()
    assert world.records.active() is None


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (
            lambda w: w.down.append(Sample({"job": "shop", "instance": "shop-2"}, 0, START)),
            "shop at shop-2 is down; see: watchkeeper status",
        ),
        (
            lambda w: w.pages_open.append(page(7)),
            "page 7 for shop-availability is still open; wait until it resolves",
        ),
        (
            lambda w: setattr(w, "maintenance", True),
            "shop is in planned maintenance, which mutes its alerts; wait for its end",
        ),
        (
            lambda w: w.switch.on_now.add(OUTAGE[0]),
            "outage at bank (http://bank-1) is on already; run: watchkeeper incident stop",
        ),
        (
            lambda w: w.ratios.pop(SHOP),
            "shop-availability has no events, and an SLO without events proves nothing; start the traffic",
        ),
        (
            lambda w: setattr(w, "heartbeat_at", 0.0),
            "no heartbeat of the Watchdog reached the inbox yet; a young stack needs a minute",
        ),
        (
            lambda w: setattr(w, "heartbeat_at", 2.0),
            (
                "the Watchdog's heartbeat last reached the inbox 10000 s ago: pages may not either; "
                "see: watchkeeper logs alertmanager"
            ),
        ),
    ],
)
def test_a_drill_that_could_prove_nothing_is_not_begun(
    world: World, spoil: Callable[[World], object], reason: str
) -> None:
    """Nothing is broken in vain, and what was on before stays as it was."""
    spoil(world)
    before = set(world.switch.on_now)
    evidence = world.rehearse(SILENT_DRILL)
    assert evidence.verdict is Verdict.INVALID
    assert evidence.reasons == (reason,)
    assert evidence.timeline == ()
    assert world.switch.on_now == before


def test_an_open_ticket_is_no_obstacle(world: World) -> None:
    """Tickets stay open for days."""
    world.pages_open.append(page(7, severity="ticket"))
    world.at[5] = suffer(world)
    assert world.rehearse(SILENT_DRILL).verdict is Verdict.PASS


def test_a_server_that_does_not_answer_is_told_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every question to it fails alike."""

    def away(*_: object, **__: object) -> Sequence[Page]:
        raise BackendError("http://console: no pages from the console (gone); is it running?")

    monkeypatch.setattr(World, "pages", away)
    evidence = world.rehearse(SILENT_DRILL)
    assert evidence.reasons == ("http://console: no pages from the console (gone); is it running?",)


def test_a_job_without_processes_is_no_place_for_a_fault(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stack does not run, or runs without it."""
    monkeypatch.setitem(ADDRESSES, "bank", ())
    evidence = world.rehearse(SILENT_DRILL)
    assert evidence.reasons == ("no process of job 'bank' is known; start the stack with: make up",)
