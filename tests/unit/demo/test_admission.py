"""Who gets a slot, who waits, who is turned away."""

import asyncio

import pytest

from demo.gateway.admission import Admission, Overloaded


def test_the_queue_is_bounded_and_short() -> None:
    """One works, one waits in vain, one is turned away at once."""

    async def scene() -> None:
        admission = Admission(limit=1, queue_max=1, wait_s_max=0.05)
        leave = await admission.enter()
        waiting = asyncio.create_task(admission.enter())
        await asyncio.sleep(0)
        with pytest.raises(Overloaded, match="queue_full"):
            await admission.enter()
        with pytest.raises(Overloaded, match="queue_timeout"):
            await waiting
        leave()
        assert admission.in_use == 0
        assert await admission.enter() is not None

    asyncio.run(scene())


def test_who_waits_gets_the_slot_that_is_given_back() -> None:
    """In order, and the count stays right."""

    async def scene() -> None:
        admission = Admission(limit=1, queue_max=1, wait_s_max=5)
        leave = await admission.enter()
        waiting = asyncio.create_task(admission.enter())
        await asyncio.sleep(0)
        leave()
        second = await waiting
        assert admission.in_use == 1
        second()
        assert admission.in_use == 0

    asyncio.run(scene())


def test_without_a_queue_the_limit_is_the_limit() -> None:
    """Queue 0 means no waiting."""

    async def scene() -> None:
        admission = Admission(limit=2, queue_max=0, wait_s_max=5)
        await admission.enter()
        await admission.enter()
        with pytest.raises(Overloaded, match="queue_full"):
            await admission.enter()

    asyncio.run(scene())
