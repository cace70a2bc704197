"""Alertmanager's configuration: who is told what, how often, and what holds what back.

One page per incident: alerts are grouped by service and severity, so two objectives of one service that
burn together are one page. Every route also delivers to the console's inbox, so that a page can be
seen (and a rehearsal can prove it) even where no pager is connected.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watchkeeper import conventions as c
from watchkeeper.catalog.catalog import Catalog
from watchkeeper.catalog.settings import Smtp
from watchkeeper.catalog.team import Team

HEARTBEAT_RECEIVER = "heartbeat"
INBOX_RECEIVER = "inbox"
NOBODY_RECEIVER = "nobody"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What depends on where Alertmanager runs."""

    console_url: str
    """Base URL of the console as Alertmanager reaches it."""
    secrets_dir: str | None
    """Directory that holds the secret files; None: only the inbox is told."""


def alertmanager_config(catalog: Catalog, delivery: Delivery) -> Mapping[str, Any]:
    """Give the whole configuration as plain data."""
    # Label order is part of Alertmanager's group key; it never changes between runs.
    config: dict[str, Any] = {}
    if catalog.settings.smtp is not None and delivery.secrets_dir is not None:
        config["global"] = _smtp(catalog.settings.smtp, delivery.secrets_dir)
    config["route"] = {
        "receiver": INBOX_RECEIVER,
        "group_by": [c.TEAM, c.SERVICE, c.SEVERITY],
        # Short: a burning budget has been watched over two windows already.
        "group_wait": "5s",
        "group_interval": "30s",
        "repeat_interval": "4h",
        "routes": [*_silent_routes(), *(route for team in catalog.teams for route in _team_routes(team))],
    }
    config["receivers"] = [
        _receiver(INBOX_RECEIVER, [_webhook(delivery, "alertmanager")]),
        _receiver(HEARTBEAT_RECEIVER, [_webhook(delivery, "heartbeat")]),
        {"name": NOBODY_RECEIVER},
        *(receiver for team in catalog.teams for receiver in _team_receivers(team, catalog, delivery)),
    ]
    config["inhibit_rules"] = _inhibit_rules()
    return config


def receiver_name(team: str, severity: str) -> str:
    """Name the receiver of a team's alerts of one severity."""
    return f"{team}-{severity}"


def _silent_routes() -> Iterator[Mapping[str, Any]]:
    yield {
        "matchers": [f'{c.ALERTNAME}="{c.ALERT_WATCHDOG}"'],
        "receiver": HEARTBEAT_RECEIVER,
        "group_by": [c.ALERTNAME],
        "group_wait": "0s",
        "group_interval": "30s",
        # Shorter than the group's interval, or every second beat comes a moment too early and is left out.
        "repeat_interval": "25s",
    }
    yield {"matchers": [f'{c.SEVERITY}="{c.SEVERITY_NONE}"'], "receiver": NOBODY_RECEIVER}


def _team_routes(team: Team) -> Iterator[Mapping[str, Any]]:
    for severity, pace in (
        (c.SEVERITY_PAGE, {}),
        (c.SEVERITY_TICKET, {"group_wait": "1m", "group_interval": "5m", "repeat_interval": "1d"}),
    ):
        yield {
            "matchers": [f'{c.TEAM}="{team.id}"', f'{c.SEVERITY}="{severity}"'],
            "receiver": receiver_name(team.id, severity),
            **pace,
        }


def _team_receivers(team: Team, catalog: Catalog, delivery: Delivery) -> Iterator[Mapping[str, Any]]:
    for severity in (c.SEVERITY_PAGE, c.SEVERITY_TICKET):
        receiver = _receiver(receiver_name(team.id, severity), [_webhook(delivery, "alertmanager")])
        if delivery.secrets_dir is not None:
            receiver |= _team_integrations(team, severity, delivery.secrets_dir, catalog.settings.smtp)
        yield receiver


def _team_integrations(team: Team, severity: str, secrets_dir: str, smtp: Smtp | None) -> dict[str, Any]:
    integrations: dict[str, Any] = {}
    if team.pagerduty is not None and severity == c.SEVERITY_PAGE:
        integrations["pagerduty_configs"] = [
            {
                "routing_key_file": f"{secrets_dir}/{team.pagerduty.routing_key_file}",
                "send_resolved": True,
                "severity": "critical",
                "description": f"{{{{ .CommonLabels.{c.SERVICE} }}}}: {_EACH_SUMMARY}",
                "details": {"budget": _EACH_DESCRIPTION, "runbook": _FIRST_RUNBOOK},
            },
        ]
    if team.slack is not None:
        integrations["slack_configs"] = [
            {
                "api_url_file": f"{secrets_dir}/{team.slack.webhook_url_file}",
                "channel": team.slack.channel,
                "send_resolved": True,
                "title": f"[{{{{ .Status | toUpper }}}}] {{{{ .CommonLabels.{c.SERVICE} }}}} {severity}",
                "text": f"{_EACH_SUMMARY}\n{_EACH_DESCRIPTION}\nRunbook: {_FIRST_RUNBOOK}",
            },
        ]
    if team.email is not None and smtp is not None:
        integrations["email_configs"] = [{"to": team.email, "send_resolved": True}]
    return integrations


# What a message says: every alert that still fires (once all are over: every alert), and one runbook.
_ALERTS = "(or .Alerts.Firing .Alerts)"
_EACH_SUMMARY = f"{{{{ range {_ALERTS} }}}}{{{{ .Annotations.{c.SUMMARY} }}}} {{{{ end }}}}"
_EACH_DESCRIPTION = f"{{{{ range {_ALERTS} }}}}{{{{ .Annotations.{c.DESCRIPTION} }}}} {{{{ end }}}}"
_FIRST_RUNBOOK = f"{{{{ (index {_ALERTS} 0).Annotations.{c.RUNBOOK_URL} }}}}"


def _inhibit_rules() -> Sequence[Mapping[str, Any]]:
    return [
        {
            # The page of an objective says all that its ticket would. Both must carry the label: Alertmanager
            # takes two missing labels for equal.
            "source_matchers": [f'{c.SEVERITY}="{c.SEVERITY_PAGE}"', f'{c.SLO}=~".+"'],
            "target_matchers": [f'{c.SEVERITY}="{c.SEVERITY_TICKET}"', f'{c.SLO}=~".+"'],
            "equal": [c.SLO],
        },
        {
            "source_matchers": [f'{c.ALERTNAME}="{c.ALERT_MAINTENANCE}"'],
            "target_matchers": [f'{c.SEVERITY}=~"{c.SEVERITY_PAGE}|{c.SEVERITY_TICKET}"'],
            "equal": [c.SERVICE],
        },
    ]


def _receiver(name: str, webhooks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"name": name, "webhook_configs": list(webhooks)}


def _webhook(delivery: Delivery, endpoint: str) -> Mapping[str, Any]:
    return {"url": f"{delivery.console_url}/api/v1/{endpoint}", "send_resolved": True}


def _smtp(smtp: Smtp, secrets_dir: str) -> dict[str, Any]:
    settings: dict[str, Any] = {"smtp_smarthost": smtp.smarthost, "smtp_from": smtp.sender}
    if smtp.username is not None:
        settings["smtp_auth_username"] = smtp.username
    if smtp.password_file is not None:
        settings["smtp_auth_password_file"] = f"{secrets_dir}/{smtp.password_file}"
    return settings
