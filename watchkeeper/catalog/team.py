"""Teams: who owns services, and how they are reached."""

from typing import Annotated

from pydantic import Field

from watchkeeper.catalog.base import Model, Slug, Text

SecretName = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9][a-z0-9._-]{0,99}$",
        description="Name of a file in the secrets directory; never the secret itself.",
    ),
]


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
