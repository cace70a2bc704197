"""The dashboard of one SLO: how much error budget is left, how fast it burns, and on what evidence.

It is the dashboard that every burn alert links to, so it begins with the answer and ends with the raw
events. It reads recorded series only: what it shows is what the alerts saw.
"""

from typing import Any

from grafanalib.core import Annotations, Dashboard, DashboardLink, Panel, Template, Templating, Time

from dashboards.panels import (
    GREEN,
    ORANGE,
    PROMETHEUS,
    RED,
    Look,
    Query,
    Row,
    Step,
    label_values,
    place,
    stat,
    time_series,
)
from watchkeeper import conventions as c
from watchkeeper import promql
from watchkeeper.catalog.catalog import Catalog
from watchkeeper.promql import Expr

UID = "slo"
AUTO = "__auto"
"""Grafana writes the labels in which the lines differ."""
BURN_EVEN = 1
"""Spends the budget in exactly one period."""
BURN_PAGE_SLOW = 6
"""The slower page tier of the SRE workbook, chapter 5."""

_CHOSEN = {c.SLO: "$slo"}
_NOT_YET = "no data: no rule has been evaluated yet"
_NO_EVENTS = "no data: there was no event in this window"


def dashboard(catalog: Catalog) -> Dashboard:
    """Describe the dashboard."""
    settings = catalog.settings
    return Dashboard(
        title="SLO",
        uid=UID,
        description=f"Error budgets of {settings.name}: what is left, how fast it burns, and why.",
        tags=["watchkeeper", settings.product],
        timezone="browser",
        editable=False,
        graphTooltip=1,
        refresh="10s",
        time=Time("now-6h", "now"),
        templating=Templating([_service(), _slo(), _window()]),
        annotations=Annotations([_firing()]),
        links=[
            DashboardLink(
                type="link",
                title="Runbook",
                tooltip="What to do when an error budget burns",
                uri=f"{settings.links.console}/runbooks/{c.ALERT_BURN}",
                icon="doc",
                keepTime=False,
            ),
            DashboardLink(
                type="dashboards",
                title="Watchkeeper",
                tags=["watchkeeper"],
                asDropdown=True,
                includeVars=True,
                keepTime=True,
            ),
        ],
        panels=place(
            [
                Row(5, [_budget_now(), _burn_now(), _objective(), _events_now()]),
                Row(9, [_budget_over_time(), _burn_over_time()]),
                Row(9, [_ratio_by_window(), _events()]),
            ]
        ),
    )


def _recorded(metric: str, **labels: str) -> Expr:
    return promql.series(metric, **_CHOSEN, **labels)


def _allowed() -> Expr:
    # A scalar, so that it divides every window and every group of the SLO alike.
    objective = promql.call("scalar", promql.aggregate("max", _recorded(c.OBJECTIVE_RATIO)))
    return promql.number(1) - objective


def _budget_now() -> Panel:
    return stat(
        "Error budget left",
        "Share of the period's error budget that is left. Below zero the promise is broken.",
        _BUDGET,
        [Query(_recorded(c.BUDGET_REMAINING_RATIO), AUTO, instant=True)],
    )


def _burn_now() -> Panel:
    return stat(
        "Burn rate over $window",
        "How fast the budget is spent over the chosen window: 1 lasts exactly one period.",
        _BURN,
        [Query(_recorded(c.ERROR_RATIO, **{c.WINDOW: "$window"}) / _allowed(), AUTO, instant=True)],
    )


def _objective() -> Panel:
    return stat(
        "Objective",
        "Share of events that has to be good.",
        Look(unit="percentunit", empty=_NOT_YET, decimals=3),
        [Query(_recorded(c.OBJECTIVE_RATIO), AUTO, instant=True)],
    )


def _events_now() -> Panel:
    return stat(
        "Events over $window",
        "Events per second over the chosen window. Few events make every ratio jump.",
        Look(unit="reqps", empty=_NOT_YET, minimum=0),
        [Query(_recorded(c.TOTAL_RATE, **{c.WINDOW: "$window"}), AUTO, instant=True)],
    )


def _budget_over_time() -> Panel:
    return time_series(
        "Error budget left",
        "Share of the period's error budget that is left. It falls while events go wrong and returns as old "
        "ones leave the period.",
        _BUDGET,
        [Query(_recorded(c.BUDGET_REMAINING_RATIO), AUTO)],
    )


def _burn_over_time() -> Panel:
    return time_series(
        "Burn rate by window",
        "Error ratio ÷ allowed ratio. An alert needs two windows above its factor: the long one says that it "
        "matters, the short one that it still goes on.",
        _BURN,
        [Query(_recorded(c.ERROR_RATIO) / _allowed(), AUTO)],
    )


def _ratio_by_window() -> Panel:
    return time_series(
        "Error ratio by window, and what is allowed",
        "Bad ÷ all events. Above the line «allowed», the budget is spent faster than it was meant to last.",
        Look(unit="percentunit", empty=_NO_EVENTS, minimum=0),
        [Query(_recorded(c.ERROR_RATIO), AUTO), Query(promql.call("vector", _allowed()), "allowed")],
    )


def _events() -> Panel:
    return time_series(
        "Bad and all events over $window",
        "The evidence: events per second, and those among them that were bad.",
        Look(unit="reqps", empty=_NOT_YET, minimum=0),
        [
            Query(promql.aggregate("sum", _recorded(c.BAD_RATE, **{c.WINDOW: "$window"})), "bad"),
            Query(promql.aggregate("sum", _recorded(c.TOTAL_RATE, **{c.WINDOW: "$window"})), "all"),
        ],
    )


_BUDGET = Look(
    unit="percentunit",
    empty=_NOT_YET,
    steps=(Step(None, RED), Step(0, ORANGE), Step(0.25, GREEN)),
    decimals=1,
)
_BURN = Look(
    unit="none",
    empty=_NO_EVENTS,
    steps=(Step(None, GREEN), Step(BURN_EVEN, ORANGE), Step(BURN_PAGE_SLOW, RED)),
    minimum=0,
    decimals=2,
)


def _service() -> Template:
    every = promql.series(c.OBJECTIVE_RATIO)
    return label_values(c.SERVICE, "Service", every, default="All", include_all=True)


def _slo() -> Template:
    of_service = promql.series(c.OBJECTIVE_RATIO, [(c.SERVICE, "=~", "$service")])
    return label_values(c.SLO, "SLO", of_service)


def _window() -> Template:
    return label_values(c.WINDOW, "Window", _recorded(c.ERROR_RATIO), default="5m")


def _firing() -> dict[str, Any]:
    alerts = promql.series("ALERTS", alertstate="firing", **_CHOSEN)
    return {
        "name": "Firing alerts",
        "datasource": dict(PROMETHEUS),
        "enable": True,
        "hide": False,
        "iconColor": RED,
        "expr": alerts.text,
        "titleFormat": f"{{{{{c.ALERTNAME}}}}} ({{{{{c.SEVERITY}}}}})",
        "textFormat": f"{{{{{c.SLO}}}}}",
        "step": "30s",
    }
