"""How long an outage takes to alert: a model of the staged rules, computed and not simulated.

Kept apart from the rules because it is their opposite: it says in arithmetic what they do in PromQL, so
that people can be told before an outage, and a test can hold the two against each other. Pure: no clock,
no server.

The model assumes steady traffic, and history without a bad event before the outage. Time runs in
milliseconds on the grid of rule evaluations; a scrape lies between two evaluations, so a rate over four
scrapes sees three gaps.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import count, takewhile

from alerts.policy import SCRAPES_PER_RATE, Pair, Windows, windows_for
from alerts.slo import LONG_INTERVAL
from watchkeeper.catalog.catalog import Objective
from watchkeeper.catalog.settings import Settings
from watchkeeper.catalog.sli import BooleanSli, FreshnessSli

_MS = timedelta(milliseconds=1)
_LEFT_OPEN_SINCE = (3, 0)


@dataclass(frozen=True, slots=True)
class Outage:
    """Bad events, as a share of all, from ``start`` on; both ends lie on scrapes."""

    share: float
    start: timedelta = timedelta(0)
    """Since an instant at which every group is evaluated and every subquery has a step."""
    length: timedelta | None = None
    """None: it does not end."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What decides when the rules of one SLO alert."""

    windows: Windows
    error_budget: Decimal
    scrape: timedelta
    long_interval: timedelta
    rise_scrapes: int
    """After so many scrapes level 0 shows an outage in full: a rate needs gaps, a condition does not."""
    left_open: bool
    """From Prometheus 3.0 on a range leaves out the sample that lies exactly on its left end."""
    since: timedelta | None = None
    """First sample of level 0; None: long before everything that a window reads."""

    @property
    def sampled(self) -> timedelta:
        """Step of level 2, which a ticket may lag behind by as much."""
        return self.windows.sampled


@dataclass(frozen=True, slots=True)
class Tier:
    """The window pairs of one severity, and how often they are looked at."""

    pairs: Sequence[Pair]
    interval: timedelta


def rules_for(objective: Objective, settings: Settings) -> Rules:
    """Give what decides when an SLO of the catalog alerts.

    Raises:
        PolicyError: the window policy can not serve this SLO.
    """
    version = tuple(map(int, settings.target.prometheus.split(".")))
    is_condition = isinstance(objective.sli, FreshnessSli | BooleanSli)
    return Rules(
        windows=windows_for(objective, settings.scrape_interval),
        error_budget=objective.slo.error_budget_ratio,
        scrape=settings.scrape_interval,
        long_interval=max(LONG_INTERVAL, settings.scrape_interval),
        rise_scrapes=1 if is_condition else SCRAPES_PER_RATE - 1,
        left_open=version >= _LEFT_OPEN_SINCE,
    )


def page_tier(rules: Rules) -> Tier:
    """Give the tier that wakes someone."""
    return Tier(rules.windows.page, rules.scrape)


def ticket_tier(rules: Rules) -> Tier:
    """Give the tier that opens a ticket."""
    return Tier(rules.windows.ticket, rules.long_interval)


def fires(rules: Rules, tier: Tier, outage: Outage, at: timedelta) -> bool:
    """Tell whether an evaluation at an instant alerts."""
    model = _Model(rules, outage)
    return any(
        min(model.ratio(pair.long, at // _MS), model.ratio(pair.short, at // _MS))
        > float(pair.factor * rules.error_budget)
        for pair in tier.pairs
    )


def fires_after(rules: Rules, tier: Tier, outage: Outage) -> timedelta | None:
    """Give the time from the start of an outage that does not end to the first evaluation that alerts.

    None when it never does.
    """
    if not tier.pairs:
        return None
    first = -(-outage.start // tier.interval)
    longest = max(pair.long for pair in tier.pairs)
    # By then every window holds nothing but the outage: what is silent now stays silent.
    last = (outage.start + 2 * longest) // tier.interval + 1

    def fires_at(tick: int) -> bool:
        return fires(rules, tier, outage, tick * tier.interval)

    if not fires_at(last):
        return None
    low, high = first - 1, last
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fires_at(middle) else (middle, high)
    # On a step of the subquery a closed range holds one point more, so averages wobble once per step.
    wobble = rules.sampled // tier.interval + 1
    earliest = min(tick for tick in range(max(first, high - wobble), high + 1) if fires_at(tick))
    return earliest * tier.interval - outage.start


def goes_on_for(rules: Rules, tier: Tier, outage: Outage) -> timedelta:
    """Give the time from the end of an outage to the first evaluation that no longer alerts.

    Raises:
        ValueError: the outage has no end.
    """
    if outage.length is None:
        raise ValueError("an outage without an end has no time after it")
    end = outage.start + outage.length
    first = -(-end // tier.interval)
    ticks = takewhile(lambda tick: fires(rules, tier, outage, tick * tier.interval), count(first))
    return (first + sum(1 for _ in ticks)) * tier.interval - end


def page_after_at_most(rules: Rules, share: float) -> timedelta | None:
    """Give the longest that an outage takes to fire the page, wherever it starts between scrapes.

    The bound holds because an outage that starts within a gap is seen no later than one that starts at the
    gap's end, which has less bad to show; and an evaluation comes at most one interval after its scrape.
    """
    fired = fires_after(rules, page_tier(rules), Outage(share))
    return None if fired is None else fired + 2 * rules.scrape


def ticket_after_at_most(rules: Rules, share: float) -> timedelta | None:
    """Give the longest that an outage takes to fire the ticket, wherever it starts between steps."""
    tier = ticket_tier(rules)
    starts = _starts(rules)
    fired = [fires_after(rules, tier, Outage(share, start=start)) for start in starts]
    known = [after for after in fired if after is not None]
    if len(known) < len(fired):
        return None
    return max(known) + tier.interval + 2 * rules.scrape


def _starts(rules: Rules) -> Iterator[timedelta]:
    # A start between two of these is seen no later than the next one; that adds one interval at most.
    for step in range(max(1, rules.sampled // rules.long_interval)):
        yield step * rules.long_interval


class _Model:
    """Error ratios during one outage, level by level, by closed formulas."""

    def __init__(self, rules: Rules, outage: Outage) -> None:
        self._rules = rules
        self._scrape = rules.scrape // _MS
        self._step = rules.sampled // _MS
        self._share = outage.share
        self._start = outage.start // _MS // self._scrape
        self._scrapes = None if outage.length is None else outage.length // rules.scrape
        self._first = None if rules.since is None else rules.since // _MS // self._scrape

    def ratio(self, window: timedelta, at: int) -> float:
        """Give the recorded error ratio of a window, as the latest evaluation left it."""
        if window in self._rules.windows.level2:
            return self._level2(window // _MS, at)
        return self._level1(window // _MS // self._scrape, at // self._scrape)

    def _level2(self, window: int, at: int) -> float:
        oldest = -(-(at - window) // self._step)
        if self._rules.left_open and oldest * self._step == at - window:
            oldest += 1
        if self._first is not None:
            oldest = max(oldest, -(-self._first * self._scrape // self._step))
        points = range(oldest, at // self._step + 1)
        scrapes = self._step // self._scrape
        values = [self._level1(scrapes, point * self._step // self._scrape) for point in points]
        return sum(values) / len(values) if values else 0.0

    def _level1(self, scrapes: int, tick: int) -> float:
        samples = scrapes if self._rules.left_open else scrapes + 1
        if self._first is not None:
            samples = min(samples, tick - self._first + 1)
        return self._share * (self._sum0(tick) - self._sum0(tick - samples)) / samples if samples > 0 else 0.0

    def _sum0(self, tick: int) -> float:
        # Level 0 at x is (bad gaps up to x - bad gaps up to x - rise) / rise: its running sum telescopes.
        rise = self._rules.rise_scrapes
        return sum(self._bad_gaps(tick - back) for back in range(rise)) / rise

    def _bad_gaps(self, tick: int) -> int:
        gaps = max(0, tick - self._start)
        return gaps if self._scrapes is None else min(gaps, self._scrapes)
