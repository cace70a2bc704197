"""What ends a drill, and what does not."""

import os
import signal
from collections.abc import Iterator

import pytest

from loadtests.drills.interrupt import InterruptedDrillError, SignalGuard


@pytest.fixture(params=[signal.SIG_IGN, signal.SIG_DFL], ids=["ignored", "heard"])
def hangup(request: pytest.FixtureRequest) -> Iterator[signal.Handlers]:
    """How whoever started us had us take a closed terminal: ``nohup`` has it ignored."""
    former = signal.signal(signal.SIGHUP, request.param)
    yield request.param
    signal.signal(signal.SIGHUP, former)


def test_what_the_parent_had_ignored_stays_ignored(hangup: signal.Handlers) -> None:
    """A rehearsal under ``nohup`` outlives the terminal; any other one ends with it."""
    ended = False
    try:
        with SignalGuard().installed():
            os.kill(os.getpid(), signal.SIGHUP)
    except InterruptedDrillError:
        ended = True
    assert ended is (hangup is signal.SIG_DFL)
    assert signal.getsignal(signal.SIGHUP) is hangup
