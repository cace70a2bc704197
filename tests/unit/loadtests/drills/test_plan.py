"""What a drill has to watch follows from the catalog alone."""

from datetime import timedelta

import pytest
from promql_parser import parse

from loadtests.drills.plan import UnknownDrillError, known_faults, make_plan
from tests.unit.loadtests.drills.drill_story import (
    BANK,
    KILL_DRILL,
    PAGE_DRILL,
    SHOP,
    SILENT_DRILL,
    catalog,
    plan,
)
from watchkeeper.catalog.catalog import Catalog


def test_a_page_drill_follows_the_slo_that_must_page() -> None:
    """Its events must flow; the fault may show in it, or in the SLOs of the service that owns the fault."""
    found = plan(PAGE_DRILL)
    assert found.slo == SHOP
    assert found.traffic_slos == (SHOP,)
    assert found.proof_slos == (SHOP, BANK)
    assert (found.page_within, found.resolve_within, found.silent_for) == (
        timedelta(minutes=2),
        timedelta(minutes=10),
        None,
    )


def test_a_silent_drill_follows_every_slo_of_its_service() -> None:
    """None of them may page, and each must have events; only the owner of the fault proves that it bit."""
    found = plan(SILENT_DRILL)
    assert found.slo is None
    assert found.traffic_slos == (SHOP,)
    assert found.proof_slos == (BANK,)
    assert found.silent_for == timedelta(minutes=3)


def test_a_killed_process_is_owned_like_a_faulty_one() -> None:
    """The service that scrapes the job owns it."""
    found = plan(KILL_DRILL)
    assert found.proof_slos == (SHOP,)
    assert [kill.job for kill in found.kills] == ["shop"]
    assert found.faults == ()


def test_a_poll_asks_once_for_all_slos() -> None:
    """The answer is one vector with one number per SLO, over the rules' own level-0 window."""
    found = plan(PAGE_DRILL)
    for expr in (found.ratios, found.totals):
        parse(str(expr))
    assert str(found.totals) == (
        'label_replace(sum(sum(rate(shop_requests_total[20s]))), "slo", "shop-availability", "", "")'
    )
    assert str(found.ratios).count("label_replace(max(") == 2


def test_time_out_of_sight_is_measured_in_scrapes() -> None:
    """Slower scrapes see later that something is gone."""
    slow = catalog()
    settings = slow.settings.model_copy(update={"scrape_interval": timedelta(seconds=30)})
    found = make_plan(Catalog(settings, slow.teams, slow.services), PAGE_DRILL)
    assert (plan().gap_max, found.gap_max) == (timedelta(seconds=30), timedelta(minutes=3))
    assert (plan().settle, found.settle) == (timedelta(seconds=20), timedelta(minutes=2))


def test_an_unknown_drill_is_refused_with_those_that_there_are() -> None:
    """A typing mistake is seen at once."""
    with pytest.raises(UnknownDrillError, match=r"'shop-up'; it has: shop-down, bank-slow, shop-crash"):
        plan("shop-up")


def test_a_page_from_an_slo_that_never_pages_is_refused() -> None:
    """The drill could only fail."""
    town = catalog()
    shop, bank = town.services
    muted = shop.slos[0].model_copy(update={"alerts": shop.slos[0].alerts.model_copy(update={"page": False})})
    quiet = Catalog(town.settings, services=(shop.model_copy(update={"slos": (muted,)}), bank))
    with pytest.raises(UnknownDrillError, match=r"a page for SLO 'availability' of shop, which has no"):
        make_plan(quiet, PAGE_DRILL)


def test_known_faults_are_all_that_drills_switch_on() -> None:
    """A clean-up looks at these, and at nothing else."""
    assert known_faults(catalog()) == {"bank": ("outage", "latency")}
    assert known_faults(catalog(), SILENT_DRILL) == {"bank": ("latency",)}
    assert known_faults(catalog(), KILL_DRILL) == {}
