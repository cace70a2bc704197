"""What holds for the whole catalog: the product, the servers it targets, where links lead."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from watchkeeper.catalog.base import Duration, Model, SecretName, Slug, Text

Url = Annotated[
    str, Field(pattern=r"^https?://[^\s]+[^/\s]$", max_length=500, description="No slash at the end.")
]


class Target(Model):
    """Versions of the servers that the generated files must be valid for."""

    prometheus: Annotated[str, Field(pattern=r"^\d+\.\d+$", examples=["2.42", "3.5"])] = "2.42"
    alertmanager: Annotated[str, Field(pattern=r"^\d+\.\d+$", examples=["0.25"])] = "0.25"


class Links(Model):
    """Where a page's links lead."""

    console: Url
    """Runbooks and SLO pages are served below it."""


class Smtp(Model):
    """The server that e-mail leaves through."""

    smarthost: Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]+:\d{1,5}$", examples=["smtp.example.com:587"])]
    sender: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254)]
    username: Annotated[str, Field(min_length=1, max_length=254)] | None = None
    password_file: SecretName | None = None


class Settings(Model):
    """Settings of the whole catalog."""

    product: Slug
    name: Text
    scrape_interval: Duration = timedelta(seconds=15)
    """Also the interval at which rules are evaluated: exact SLO arithmetic needs them equal."""
    retention: Duration = timedelta(days=45)
    """How long Prometheus keeps samples; longer than the longest SLO period."""
    target: Target = Field(default_factory=Target)
    links: Links
    smtp: Smtp | None = None
    """Without it no e-mail is sent, whatever the teams state."""
