"""A scrape serves the last good snapshot, whatever happens to the source."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from exporters import own_metrics
from exporters.snapshot import Board, build, render
from watchkeeper.errors import BackendError

NOW = datetime(2026, 11, 1, 3, 0, tzinfo=UTC)


@dataclass
class Source:
    """An exporter that gives, or fails, as told."""

    name: str
    give: Callable[[], float]
    family: str = "a_gauge"
    interval_s: float = 60.0

    def collect(self, now: datetime) -> Iterable[Metric]:
        """Give one gauge."""
        del now
        yield GaugeMetricFamily(self.family, "A gauge.", value=self.give())


def failing() -> float:
    """Fail as a source does."""
    raise BackendError("the source is away")


def crashing() -> float:
    """Fail as a bug does."""
    raise KeyError("a bug")


def test_a_failed_build_keeps_the_last_good_snapshot() -> None:
    """Failures are counted and the age shows; what was known stays."""
    source = Source("one", lambda: 7.0)
    board = Board([source])
    assert build(source, board, lambda: NOW)
    for give in (failing, crashing):
        source.give = give
        assert not build(source, board, lambda: NOW.replace(hour=4))
    assert b"a_gauge 7.0" in b"".join(board.bodies())
    standing = board.standings()["one"]
    assert standing.failures == 2
    assert standing.snapshot is not None
    assert standing.snapshot.built_at == NOW


def test_before_the_first_snapshot_nothing_is_served_as_if_it_were_known() -> None:
    """Unknown is not zero; only the count of failures is there."""
    source = Source("one", failing)
    board = Board([source])
    build(source, board, lambda: NOW)
    assert board.bodies() == []
    own = render(list(own_metrics.families(board.standings()))).decode()
    assert 'snapshot_failures_total{exporter="one"} 1.0' in own
    assert 'snapshot_timestamp_seconds{exporter="one"}' not in own


def test_two_exporters_can_not_publish_one_family() -> None:
    """Prometheus would refuse the whole scrape; instead the later one fails, and is counted."""
    first, second = Source("first", lambda: 1.0), Source("second", lambda: 2.0)
    board = Board([first, second])
    assert build(first, board, lambda: NOW)
    assert not build(second, board, lambda: NOW)
    assert board.standings()["second"].failures == 1
    assert len(board.bodies()) == 1
    assert build(first, board, lambda: NOW)
