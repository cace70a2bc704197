"""What holds for the whole catalog: the product, the servers it targets, where links lead."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from watchkeeper.catalog.base import Duration, Email, Model, SecretName, Slug, Text
from watchkeeper.catalog.wording import Shape

Url = Annotated[
    str,
    Shape(
        r"https?://\S*[^/\s]",
        noun="a web address to build links from",
        rule="begin with http:// or https://, and end without a slash",
        example="https://console.example.com",
        length_max=500,
    ),
]


def _version(example: str) -> Shape:
    return Shape(
        r"[0-9]{1,4}\.[0-9]{1,4}",
        noun="a version",
        rule="write its first two numbers in quotes",
        example=example,
        length_max=9,
    )


class Target(Model):
    """Versions of the servers that the native stack runs."""

    prometheus: Annotated[str, _version("2.42")] = "2.42"
    """Keys that only a later Prometheus knows are left out of its configuration."""


class Links(Model):
    """Where a page's links lead."""

    console: Url
    """Runbooks and SLO pages are served below it."""


class Smtp(Model):
    """The server that e-mail leaves through."""

    smarthost: Annotated[
        str,
        Shape(
            r"[A-Za-z0-9.-]+:[0-9]{1,5}",
            noun="a mail server",
            rule="write its host and port",
            example="smtp.example.com:587",
            length_max=260,
        ),
    ]
    sender: Email
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
