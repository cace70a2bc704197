"""A token bucket: how many requests may come now, and how long a refused one should wait.

Pure arithmetic over a clock that is passed in, so that its tests need not wait.
"""

# Tenths do not add up to one in binary; without this a caller who is exactly on time would be refused.
_ROUNDING = 1e-9


class TokenBucket:
    """Admits `rate_per_s` on average and up to `burst` at once; starts full."""

    def __init__(self, rate_per_s: float, burst: float, *, now: float) -> None:
        self.rate_per_s = rate_per_s
        self.burst = burst
        self._level = burst
        self._at = now

    def take(self, *, now: float) -> float:
        """Admit one request and return 0, or refuse it and return the seconds until one would be admitted."""
        # A clock that steps back must not drain the bucket.
        self._level = min(self.burst, self._level + max(0.0, now - self._at) * self.rate_per_s)
        self._at = now
        if self._level >= 1 - _ROUNDING:
            self._level -= 1
            return 0.0
        return (1 - self._level) / self.rate_per_s
