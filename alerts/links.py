"""Where an alert's links lead: one runbook per alert name, one dashboard per SLO or service."""

from urllib.parse import quote

from watchkeeper.catalog.settings import Links


def runbook_url(links: Links, alert: str) -> str:
    """Link the runbook of an alert; the console serves ``docs/runbooks/<alert>.md`` there."""
    return f"{links.console}/runbooks/{quote(alert)}"


def slo_dashboard_url(links: Links, slo: str) -> str:
    """Link the dashboard of one SLO."""
    return f"{links.console}/d/slo?var-slo={quote(slo)}"


def service_dashboard_url(links: Links, service: str) -> str:
    """Link the dashboard of one service's SLOs."""
    return f"{links.console}/d/slo?var-service={quote(service)}"
