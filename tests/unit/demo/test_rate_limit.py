"""The token bucket."""

import pytest

from demo.provider.rate_limit import TokenBucket


def test_a_burst_passes_and_the_next_is_told_how_long_to_wait() -> None:
    """Two at once, then one every half second."""
    bucket = TokenBucket(2, burst=2, now=100)
    assert [bucket.take(now=100) for _ in range(2)] == [0, 0]
    assert bucket.take(now=100) == pytest.approx(0.5)
    assert bucket.take(now=100.5) == 0


def test_it_never_saves_up_more_than_the_burst() -> None:
    """An idle hour buys no more than a full bucket."""
    bucket = TokenBucket(10, burst=3, now=0)
    admitted = sum(bucket.take(now=3600) == 0 for _ in range(50))
    assert admitted == 3


def test_over_time_it_admits_its_rate() -> None:
    """Hammered 100 times a second for 20 s, it admits 5 a second and the burst."""
    bucket = TokenBucket(5, burst=1, now=0)
    admitted = sum(bucket.take(now=tick / 100) == 0 for tick in range(2001))
    assert admitted == 101


def test_a_clock_that_steps_back_takes_nothing_away() -> None:
    """Time is not trusted to move forward."""
    bucket = TokenBucket(1, burst=2, now=100)
    assert bucket.take(now=100) == 0
    assert bucket.take(now=50) == 0
