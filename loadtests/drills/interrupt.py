"""Turn signals into an exception that can be held back while faults are taken back.

Ctrl-C twice must not leave a fault on: the first one ends the drill, and no later one ends the clean-up,
which takes a bounded time.
"""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class InterruptedDrillError(KeyboardInterrupt):
    """A signal asked the drill to end. No ``Exception``: nothing on the way may swallow it."""


class SignalGuard:
    """Use as a context: within it a signal raises ``InterruptedDrillError``, unless shielded."""

    def __init__(self) -> None:
        self._is_shielded = False
        self._held_back: str | None = None
        self._is_ending = False

    @contextlib.contextmanager
    def installed(self) -> Iterator[None]:
        """Listen to the signals; the former handlers come back at the end.

        One that whoever started us had us ignore (``nohup``) stays ignored.
        """
        heard = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        former = {number: signal.signal(number, self._on_signal) for number in heard}
        try:
            yield
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)

    @contextlib.contextmanager
    def shield(self) -> Iterator[None]:
        """Hold signals back; one that came meanwhile is raised afterwards."""
        self._is_shielded = True
        try:
            yield
        finally:
            self._is_shielded = False
        if self._held_back is not None and not self._is_ending:
            self._end(self._held_back)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del frame
        name = signal.Signals(number).name
        if self._is_shielded:
            self._held_back = name
        elif not self._is_ending:
            self._end(name)

    def _end(self, name: str) -> NoReturn:
        # Only the first signal ends the drill: the next one would end what takes the faults back.
        self._is_ending = True
        self._held_back = None
        raise InterruptedDrillError(name)
