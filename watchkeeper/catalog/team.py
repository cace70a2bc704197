"""Teams: who owns services, and how they are reached."""

from typing import Annotated

from pydantic import Field

from watchkeeper.catalog.base import Model, SecretName, Slug, Text

class PagerDuty(Model):
    """Pages go to PagerDuty's Events API v2."""

    routing_key_file: SecretName


class Slack(Model):
    """Pages and tickets go to a Slack channel."""

    channel: Annotated[str, Field(pattern=r"^#[a-z0-9_-]{1,79}$")]
    webhook_url_file: SecretName


class Team(Model):
    """A team and its ways to be reached. With none, its pages still reach the built-in inbox."""

    id: Slug
    name: Text
    pagerduty: PagerDuty | None = None
    slack: Slack | None = None
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254)] | None = None
