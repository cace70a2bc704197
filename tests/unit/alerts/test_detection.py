"""How soon an outage alerts, by arithmetic; tests/promtool holds the same model against promtool."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.detection import (
    Outage,
    Rules,
    fires,
    fires_after,
    goes_on_for,
    page_after_at_most,
    page_tier,
    rules_for,
    ticket_after_at_most,
    ticket_tier,
)
from watchkeeper.catalog.catalog import Catalog

MakeCatalog = Callable[..., Catalog]
SECOND, MINUTE, HOUR, DAY = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))


@pytest.fixture
def rules(make_catalog: MakeCatalog) -> Rules:
    """Give the rules of a 99.9 % SLO at 15 s scrapes."""
    catalog = make_catalog()
    return rules_for(catalog.objectives[0], catalog.settings)


@pytest.mark.parametrize("share", [1, 0.5, 0.1, 0.02, 0.01])
def test_a_page_comes_when_the_workbook_says(rules: Rules, share: float) -> None:
    """Detection is long window x factor x budget / error ratio, and the rise of level 0 on top."""
    expected = min(pair.long * float(pair.factor) * 0.001 / share for pair in rules.windows.page)
    if share <= 0.0144:
        expected = 6 * HOUR * 6 * 0.001 / share
    after = fires_after(rules, page_tier(rules), Outage(share))
    assert after is not None
    assert timedelta(0) <= after - expected <= 3 * rules.scrape


def test_what_burns_slower_than_every_factor_never_pages(rules: Rules) -> None:
    """Six times the budget is the slowest page; below the budget there is no ticket either."""
    assert fires_after(rules, page_tier(rules), Outage(0.0059)) is None
    assert fires_after(rules, page_tier(rules), Outage(0.0061)) is not None
    assert ticket_after_at_most(rules, 0.0009) is None
    assert page_after_at_most(rules, 0.0059) is None


def test_a_burn_just_above_the_budget_opens_a_ticket(rules: Rules) -> None:
    """After almost the longest window: 3d / 1.1."""
    after = ticket_after_at_most(rules, 0.0011)
    assert after is not None
    assert 0 <= (after - 3 * DAY / 1.1) / MINUTE < 10


@pytest.mark.parametrize("share", [1, 0.1, 0.02, 0.0069])
@pytest.mark.parametrize("left_open", [True, False])
def test_the_search_finds_the_very_first_evaluation(rules: Rules, share: float, left_open: bool) -> None:
    """Bisection skips no evaluation that alerts."""
    rules = replace(rules, left_open=left_open)
    for tier in (page_tier(rules), ticket_tier(rules)):
        after = fires_after(rules, tier, Outage(share))
        assert after is not None
        ticks = range(max(0, after // tier.interval - 40), after // tier.interval)
        assert not any(fires(rules, tier, Outage(share), tick * tier.interval) for tick in ticks)
        assert fires(rules, tier, Outage(share), after)


def test_a_later_start_is_never_seen_after_the_bound(rules: Rules) -> None:
    """The worst case holds wherever in a step of level 2 the outage starts."""
    worst = ticket_after_at_most(rules, 0.1)
    assert worst is not None
    for start in range(0, 300, 15):
        after = fires_after(rules, ticket_tier(rules), Outage(0.1, start=start * SECOND))
        assert after is not None
        assert after <= worst


def test_a_page_resolves_when_its_short_window_is_clean(rules: Rules) -> None:
    """Five minutes after a total outage, and as many scrapes as level 0 needs."""
    after = goes_on_for(rules, page_tier(rules), Outage(1, length=HOUR))
    assert 5 * MINUTE <= after <= 5 * MINUTE + 3 * rules.scrape
    with pytest.raises(ValueError, match="without an end"):
        goes_on_for(rules, page_tier(rules), Outage(1))


def test_a_blip_that_never_alerted_does_not_go_on(rules: Rules) -> None:
    """One bad scrape is 15 s of 1 h: burn 4, no page."""
    assert goes_on_for(rules, page_tier(rules), Outage(1, length=rules.scrape)) == timedelta(0)


def test_a_condition_is_bad_at_once(make_catalog: MakeCatalog) -> None:
    """A gauge has no rate that must rise."""
    catalog = make_catalog(sli={"id": "x", "kind": "boolean", "description": "X.", "gauge": "g"})
    condition = rules_for(catalog.objectives[0], catalog.settings)
    events = replace(condition, rise_scrapes=3)
    sooner, later = (fires_after(each, page_tier(each), Outage(1)) for each in (condition, events))
    assert (sooner, later) == (60 * SECOND, 75 * SECOND)


def test_young_history_alerts_sooner(rules: Rules) -> None:
    """A window that is not full averages over what there is."""
    young = replace(rules, since=-10 * MINUTE)
    full, less = (fires_after(each, page_tier(each), Outage(0.05)) for each in (rules, young))
    assert full is not None
    assert less is not None
    assert less < full


def test_a_tier_that_is_off_never_alerts(make_catalog: MakeCatalog) -> None:
    """``alerts: {page: false}``."""
    catalog = make_catalog(alerts={"page": False})
    rules = rules_for(catalog.objectives[0], catalog.settings)
    assert page_after_at_most(rules, 1) is None
    assert ticket_after_at_most(rules, 1) is not None
