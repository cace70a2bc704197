"""How many requests one replica works on at a time, and how many may wait, and for how long.

Beyond that it says no at once: a request that would wait longer than its user does is work for nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class Overloaded(Exception):  # noqa: N818 - a state of the replica, answered with 503
    """No room. `reason` is `queue_full` or `queue_timeout`."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"this replica is at its limit ({reason})")
        self.reason = reason


class Admission:
    """A semaphore with a short, bounded queue in front."""

    def __init__(self, *, limit: int, queue_max: int, wait_s_max: float) -> None:
        self.limit = limit
        self.in_use = 0
        self._queue_max = queue_max
        self._wait_s_max = wait_s_max
        self._waiting = 0
        self._free = asyncio.Semaphore(limit)

    async def enter(self) -> Callable[[], None]:
        """Take a slot and return how to give it back; raise Overloaded instead of waiting long."""
        if self._free.locked():
            await self._queue()
        else:
            await self._free.acquire()
        self.in_use += 1
        return self._leave

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Hold a slot for as long as the block runs."""
        leave = await self.enter()
        try:
            yield
        finally:
            leave()

    async def _queue(self) -> None:
        if self._waiting >= self._queue_max:
            raise Overloaded("queue_full")
        self._waiting += 1
        try:
            async with asyncio.timeout(self._wait_s_max):
                await self._free.acquire()
        except TimeoutError:
            raise Overloaded("queue_timeout") from None
        finally:
            self._waiting -= 1

    def _leave(self) -> None:
        self.in_use -= 1
        self._free.release()
