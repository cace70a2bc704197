"""``watchkeeper explain``: what the catalog's decisions mean, before they are put to the test."""

import json
from collections.abc import Mapping
from pathlib import Path

import click

from alerts.explanation import Explanation, as_document, explain
from watchkeeper import conventions as c
from watchkeeper import promql
from watchkeeper.catalog.catalog import Catalog, Objective
from watchkeeper.catalog.loader import load_catalog
from watchkeeper.cli import explain_view
from watchkeeper.cli.places import in_repository
from watchkeeper.prometheus_api import PrometheusApi


@click.group("explain")
def command() -> None:
    """Explain what the catalog means."""


@command.command("slo")
@click.argument("slo_id", metavar="ID")
@click.option(
    "--catalog",
    "catalog_dir",
    default=lambda: in_repository("catalog"),
    show_default="catalog in the repository",
    type=click.Path(path_type=Path, file_okay=False),
    help="Directory of the catalog.",
)
@click.option(
    "--prometheus", metavar="URL", help="Ask this server how many samples and events there really are."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def slo(slo_id: str, *, catalog_dir: Path, prometheus: str | None, as_json: bool) -> None:
    """Explain one SLO: its promise, budget, windows, how soon an outage alerts, and what its rules cost.

    ID is <service>-<slo>, as in the `slo` label.
    """
    catalog = load_catalog(catalog_dir)
    explanation = explain(_find(catalog, slo_id), catalog)
    live: Mapping[str, int] | None = None
    events: float | None = None
    if prometheus is not None:
        with PrometheusApi(prometheus) as server:
            live = {cost.expr.text: server.samples_read(cost.expr.text) for cost in explanation.costs}
            events = _events_per_period(server, explanation)
    if as_json:
        rules = [
            {
                "rule": cost.name,
                "every_s": cost.every.total_seconds(),
                "samples_per_series": cost.samples,
                **({"samples_read": live[cost.expr.text]} if live is not None else {}),
            }
            for cost in explanation.costs
        ]
        click.echo(
            json.dumps({**as_document(explanation), "events_per_period": events, "rules": rules}, indent=2)
        )
    else:
        click.echo("\n".join(explain_view.lines(explanation, live, events)))


def _find(catalog: Catalog, slo_id: str) -> Objective:
    found = next((each for each in catalog.objectives if each.id == slo_id), None)
    if found is None:
        known = ", ".join(sorted(each.id for each in catalog.objectives)) or "none"
        raise click.BadParameter(f"the catalog has no SLO {slo_id!r}; it has: {known}", param_hint="ID")
    return found


def _events_per_period(server: PrometheusApi, explanation: Explanation) -> float | None:
    if explanation.is_condition:
        return None
    period = explanation.objective.slo.period
    labels = {c.SLO: explanation.objective.id, c.WINDOW: promql.duration(period)}
    rate = server.query_value(promql.aggregate("sum", promql.series(c.TOTAL_RATE, **labels)).text)
    return None if rate is None else rate * period.total_seconds()
