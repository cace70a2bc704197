"""A client of Alertmanager's HTTP API: what it holds, what is silenced, and the configuration in force.

A drill asks it because between "fires in Prometheus" and "reached a person" everything that can go
wrong happens in here: an alert may be silenced, inhibited, or stuck at its receiver. A plan asks it what
runs.
"""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from watchkeeper.errors import BackendError
from watchkeeper.http_api import FetchError, HttpApi

T = TypeVar("T")


class _Model(BaseModel):
    # Alertmanager may add keys within its API version; those that we read must be there.
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class HeldStatus(_Model):
    """What Alertmanager does with an alert."""

    state: Literal["active", "suppressed", "unprocessed"]
    silenced_by: tuple[str, ...] = Field(default=(), alias="silencedBy")
    inhibited_by: tuple[str, ...] = Field(default=(), alias="inhibitedBy")


class HeldAlert(_Model):
    """An alert that Alertmanager holds."""

    labels: Mapping[str, str]
    status: HeldStatus


class Matcher(_Model):
    """One condition of a silence; an absent label counts as empty."""

    name: str
    value: str
    is_regex: bool = Field(alias="isRegex")
    is_equal: bool = Field(default=True, alias="isEqual")

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Tell whether labels meet the condition."""
        actual = labels.get(self.name, "")
        if not self.is_regex:
            return (actual == self.value) is self.is_equal
        try:
            return bool(re.fullmatch(self.value, actual)) is self.is_equal
        except re.error:
            # Alertmanager speaks RE2. What we can not read may match: better warned than muted.
            return True


class SilenceStatus(_Model):
    """Whether a silence is in force."""

    state: Literal["active", "pending", "expired"]


class Silence(_Model):
    """A silence, whatever its state."""

    id: str
    created_by: str = Field(alias="createdBy")
    comment: str
    matchers: tuple[Matcher, ...]
    status: SilenceStatus

    def mutes(self, labels: Mapping[str, str]) -> bool:
        """Tell whether it is in force and matches an alert."""
        return self.status.state == "active" and all(matcher.matches(labels) for matcher in self.matchers)


class _Configuration(_Model):
    original: str


class _Status(_Model):
    config: _Configuration


class AlertmanagerApi(HttpApi):
    """One Alertmanager, by its base URL.

    Every method raises ``BackendError`` when it does not answer well.
    """

    def alerts(self) -> Sequence[HeldAlert]:
        """Give every alert it holds, the suppressed ones too."""
        return self._get("/api/v2/alerts", _ALERTS)

    def silences(self) -> Sequence[Silence]:
        """Give every silence, expired ones too."""
        return self._get("/api/v2/silences", _SILENCES)

    def configuration(self) -> str:
        """Give the configuration in force, as YAML with defaults filled in and secrets masked."""
        return self._get("/api/v2/status", _STATUS).config.original

    def _get(self, path: str, kind: TypeAdapter[T]) -> T:
        try:
            answer = self._fetch("GET", path)
            if answer.status != HTTPStatus.OK:
                raise self._failed(f"it answered {answer.status}")
            return kind.validate_json(answer.body)
        except (FetchError, ValueError) as error:
            raise self._failed(str(error).splitlines()[0]) from error

    def _failed(self, reason: str) -> BackendError:
        return BackendError(
            f"{self.base_url}: no answer from Alertmanager ({reason}); see: watchkeeper status"
        )


_ALERTS = TypeAdapter(tuple[HeldAlert, ...])
_SILENCES = TypeAdapter(tuple[Silence, ...])
_STATUS = TypeAdapter(_Status)
