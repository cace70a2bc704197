"""What Prometheus recorded becomes the state of SLOs, whatever the numbers are."""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console.settings import Settings
from console.slo_page import Answer, SloState, read
from console.templating import environment
from watchkeeper.conventions import BUDGET_REMAINING_RATIO, ERROR_RATIO, OBJECTIVE_RATIO, PERIOD_SECONDS
from watchkeeper.prometheus_api import Sample

NOW = datetime(2026, 11, 1, 3, 0, tzinfo=UTC)
SLO = {"slo": "shop-availability", "service": "shop", "team": "sales"}
BURN = ("ErrorBudgetBurn", "page", "firing")
ABSENT = ("SliAbsent", "page", "firing")


def sample(name: str, value: float, **labels: str) -> Sample:
    """Give a recorded sample of the SLO."""
    return Sample({"__name__": name} | SLO | labels, value, NOW)


def alert(active: tuple[str, str, str], **labels: str) -> Sample:
    """Give an active alert as Prometheus records it."""
    name, severity, state = active
    return sample("ALERTS", 1, alertname=name, severity=severity, alertstate=state, **labels)


def render(template: str, states: Sequence[SloState]) -> str:
    """Render a page over these states."""
    return (
        environment()
        .get_template(template)
        .render(
            answer=Answer(states),
            slo=SLO["slo"],
            service=None,
            received=(),
            now=NOW,
            settings=Settings(Path(), prometheus_url="http://prometheus", alertmanager_url="http://am"),
            runbook_names=(),
            quiet_age_max=timedelta(days=1),
        )
    )


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", [OBJECTIVE_RATIO, PERIOD_SECONDS, BUDGET_REMAINING_RATIO, ERROR_RATIO])
@pytest.mark.parametrize("template", ["slo.html", "slos.html"])
def test_what_is_no_number_is_not_known(name: str, value: float, template: str) -> None:
    """A division by zero in a rule must not take the page away; the rest is shown."""
    good = {OBJECTIVE_RATIO: 0.999, PERIOD_SECONDS: 86400.0, BUDGET_REMAINING_RATIO: 0.5, ERROR_RATIO: 0.1}
    states = read([sample(each, number, window="5m") for each, number in (good | {name: value}).items()])
    text = render(template, states)
    assert SLO["slo"] in text
    assert not re.search(r"\b(nan|inf)\b", text)
    if name in {OBJECTIVE_RATIO, BUDGET_REMAINING_RATIO}:
        assert "not known" in text


def by_group(states: Sequence[SloState]) -> Mapping[str, Sequence[tuple[str, str, str]]]:
    """Give the alerts by tenant."""
    return {state.group.get("tenant", ""): state.alerts for state in states}


def test_an_alert_is_shown_on_its_own_group_only() -> None:
    """One tenant burns; the other one's state says nothing of it."""
    ratios = [sample(ERROR_RATIO, 0.1, window="5m", tenant=tenant) for tenant in ("a", "b")]
    assert by_group(read([*ratios, alert(BURN, tenant="a")])) == {"a": (BURN,), "b": ()}


def test_an_alert_about_the_whole_slo_is_shown_on_every_group() -> None:
    """Nobody can tell whether the objective holds: that concerns every tenant."""
    ratios = [sample(ERROR_RATIO, 0.1, window="5m", tenant=tenant) for tenant in ("a", "b")]
    states = read([*ratios, alert(ABSENT), alert(BURN, tenant="b")])
    assert by_group(states) == {"a": (ABSENT,), "b": (BURN, ABSENT)}


def test_an_alert_of_a_group_without_data_is_seen() -> None:
    """The series went away and the alert fires on."""
    states = read([sample(ERROR_RATIO, 0.1, window="5m", tenant="a"), alert(BURN, tenant="gone")])
    assert by_group(states) == {"a": (), "gone": (BURN,)}


def test_without_any_data_the_alert_is_seen_on_the_slo() -> None:
    """Absent series are exactly when it matters."""
    assert by_group(read([sample(OBJECTIVE_RATIO, 0.99), alert(ABSENT)])) == {"": (ABSENT,)}
