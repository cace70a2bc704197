"""Window pairs come from the policy and scale with the period."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from alerts.policy import PolicyError, windows_for
from watchkeeper.catalog.catalog import Catalog

MakeCatalog = Callable[..., Catalog]


def test_thirty_days_give_the_factors_of_the_sre_workbook(make_catalog: MakeCatalog) -> None:
    """Table 5-8: 2 % in 1 h is 14.4, 5 % in 6 h is 6, 10 % in a day is 3, 10 % in three days is 1."""
    catalog = make_catalog()
    windows = windows_for(catalog.objectives[0], catalog.settings.scrape_interval)
    assert [pair.factor for pair in windows.page] == [Decimal("14.4"), Decimal(6)]
    assert [pair.factor for pair in windows.ticket] == [Decimal(3), Decimal(1)]
    assert [str(pair.long) for pair in windows.page] == ["1:00:00", "6:00:00"]


def test_a_page_reads_only_windows_without_sampling_lag(make_catalog: MakeCatalog) -> None:
    """Every window of a page is an average straight over level 0."""
    catalog = make_catalog()
    windows = windows_for(catalog.objectives[0], catalog.settings.scrape_interval)
    assert {w for pair in windows.page for w in (pair.long, pair.short)} <= set(windows.level1)
    assert set(windows.level2) == {timedelta(days=1), timedelta(days=3)}


@pytest.mark.parametrize("days", [3, 7, 28, 90])
def test_windows_scale_with_the_period(make_catalog: MakeCatalog, days: int) -> None:
    """The share of the budget that alerts stays the same, whatever the period."""
    catalog = make_catalog(period=f"{days}d", scrape_interval="5s")
    windows = windows_for(catalog.objectives[0], catalog.settings.scrape_interval)
    scale = days / 30
    for pair, hours, share in zip(windows.page, (1, 6), ("0.02", "0.05"), strict=True):
        assert pair.long / timedelta(hours=1) == pytest.approx(hours * scale, rel=0.01)
        spent = pair.factor * Decimal(pair.long / timedelta(days=days))
        assert float(spent) == pytest.approx(float(share), rel=1e-9)


def test_a_period_too_short_for_the_scrape_interval_is_refused(make_catalog: MakeCatalog) -> None:
    """A window shorter than four scrapes would have holes."""
    catalog = make_catalog(period="3d")
    with pytest.raises(
        PolicyError, match=r"api-availability: period 3d makes a window of 30s, less than 4 scrapes"
    ):
        windows_for(catalog.objectives[0], catalog.settings.scrape_interval)


def test_an_objective_that_no_outage_can_burn_fast_enough_is_refused(make_catalog: MakeCatalog) -> None:
    """14.4 times 10 % is more than everything: the alert could never fire."""
    catalog = make_catalog(objective="90")
    with pytest.raises(PolicyError, match=r"even a total outage burns slower than 14\.4 times.*above 93\.1"):
        windows_for(catalog.objectives[0], catalog.settings.scrape_interval)


def test_a_tier_that_is_off_need_not_be_able_to_fire(make_catalog: MakeCatalog) -> None:
    """Tickets alone work at 90 %: 3 times 10 % is reachable."""
    catalog = make_catalog(objective="90", alerts={"page": False})
    windows = windows_for(catalog.objectives[0], catalog.settings.scrape_interval)
    assert windows.page == ()
    assert len(windows.ticket) == 2
