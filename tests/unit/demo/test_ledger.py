"""The roll-up's ledger."""

from pathlib import Path

import pytest

from demo.rollup.ledger import Count, Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """An empty ledger."""
    return Ledger(tmp_path / "state" / "usage.sqlite")


def count(tokens: int, *, epoch: str = "first", kind: str = "output") -> Count:
    """What the provider says."""
    return Count("openai", epoch, "gpt-4o", kind, tokens)


KEY = ("openai", "gpt-4o", "output")


def test_only_the_difference_is_rolled_up(ledger: Ledger) -> None:
    """Asking twice does not bill twice."""
    assert [ledger.roll_up([count(tokens)], at=60.0 * tokens) for tokens in (5, 5, 9)] == [True] * 3
    assert ledger.totals() == {KEY: 9}


def test_a_restarted_provider_counts_on(ledger: Ledger) -> None:
    """Its new life starts at zero; what was used before stays used."""
    ledger.roll_up([count(100)], at=0)
    assert ledger.roll_up([count(7, epoch="second")], at=15)
    assert ledger.totals() == {KEY: 107}


def test_a_count_that_falls_is_a_contradiction(ledger: Ledger) -> None:
    """Within one life tokens are not given back; the ledger keeps what it has and says so."""
    ledger.roll_up([count(100)], at=0)
    assert not ledger.roll_up([count(99)], at=15)
    assert ledger.totals() == {KEY: 100}
    assert ledger.roll_up([count(101)], at=30)


def test_a_contradiction_takes_nothing_from_the_next_life(ledger: Ledger) -> None:
    """A provider that fell from 100 to 99 and restarted has served what it serves now on top of 100."""
    ledger.roll_up([count(100)], at=0)
    ledger.roll_up([count(99)], at=15)
    assert ledger.roll_up([count(5, epoch="second")], at=30)
    assert ledger.totals() == {KEY: 105}


def test_lost_rows_show_at_once_and_come_with_the_next_batch(ledger: Ledger) -> None:
    """A corrupt batch is inconsistent until a sound one follows; nothing is lost for good."""
    counts = [count(10), count(20, kind="input")]
    assert not ledger.roll_up(counts, at=0, survives=lambda row: row.kind == "input")
    assert ledger.totals() == {("openai", "gpt-4o", "input"): 20}
    assert ledger.roll_up(counts, at=15)
    assert ledger.totals()[KEY] == 10


def test_the_last_success_outlives_the_process(tmp_path: Path) -> None:
    """A restart must not look like a fresh roll-up, nor like none ever."""
    path = tmp_path / "usage.sqlite"
    assert Ledger(path).last_success() is None
    Ledger(path).note_success(at=1234.5)
    assert Ledger(path).last_success() == 1234.5
