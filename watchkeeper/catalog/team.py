"""Teams: who owns services, and how they are reached."""

from typing import Annotated

from watchkeeper.catalog.base import Email, Model, SecretName, Slug, Text
from watchkeeper.catalog.wording import Shape


class PagerDuty(Model):
    """Pages go to PagerDuty's Events API v2."""

    routing_key_file: SecretName


class Slack(Model):
    """Pages and tickets go to a Slack channel."""

    channel: Annotated[
        str,
        Shape(
            r"#[a-z0-9_-]+",
            noun="a Slack channel",
            rule="write its name with the '#', in quotes",
            example='"#platform"',
            length_max=80,
        ),
    ]
    webhook_url_file: SecretName


class Team(Model):
    """A team and its ways to be reached. With none, its pages still reach the built-in inbox."""

    id: Slug
    name: Text
    pagerduty: PagerDuty | None = None
    slack: Slack | None = None
    email: Email | None = None
