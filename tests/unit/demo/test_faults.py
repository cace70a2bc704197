"""The switchboard of faults."""

from datetime import UTC, datetime, timedelta

from demo.faults import Switchboard
from demo.provider.faults import KINDS, Errors, Latency, Outage

START = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        """Read it."""
        return self.now


def test_everything_is_off_at_first() -> None:
    """A new process is a healthy one."""
    board = Switchboard(KINDS)
    assert board.active == ()
    assert {name: state.on for name, state in board.list().faults.items()} == dict.fromkeys(KINDS, False)


def test_a_fault_shows_its_parameters_and_since_when_it_is_on() -> None:
    """Whoever looks during an incident sees what was injected and when."""
    clock = Clock()
    board = Switchboard(KINDS, now=clock)
    clock.now += timedelta(minutes=1)
    board.switch_on(Latency(seconds=3))
    state = board.list().faults["latency"]
    assert (state.on, state.since, state.parameters) == (True, clock.now, {"seconds": 3.0})
    assert board.get(Latency) == Latency(seconds=3)
    assert board.get(Errors) is None


def test_switching_on_again_replaces() -> None:
    """The last word counts, and its time."""
    clock = Clock()
    board = Switchboard(KINDS, now=clock)
    board.switch_on(Latency(seconds=3))
    clock.now += timedelta(seconds=5)
    board.switch_on(Latency(seconds=1))
    assert board.get(Latency) == Latency(seconds=1)
    assert board.list().faults["latency"].since == clock.now


def test_faults_switch_off_alone_or_all_together() -> None:
    """Switching off what is off is harmless."""
    board = Switchboard(KINDS)
    board.switch_on(Latency(seconds=3))
    board.switch_on(Outage())
    board.switch_off("latency")
    board.switch_off("latency")
    assert board.active == ("outage",)
    board.switch_all_off()
    assert not any(state.on for state in board.list().faults.values())
