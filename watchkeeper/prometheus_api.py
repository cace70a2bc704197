"""A client of Prometheus's HTTP API: instant queries and active alerts, with typed answers.

Thin on purpose. It exists so that drills, the status command and the console share one idea of what
a failed query is: a ``BackendError`` that says which server, which query and why. Time and size are bounded.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from watchkeeper.errors import BackendError
from watchkeeper.http_api import AnswerTooLargeError, FetchError, HttpApi

_Read = TypeVar("_Read")
_MALFORMED: Final = (AttributeError, LookupError, OSError, OverflowError, TypeError, ValueError)
"""What reading raises when a JSON document is not of the form that it should have."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One series' value at one instant."""

    labels: Mapping[str, str]
    value: float
    at: datetime


@dataclass(frozen=True, slots=True)
class ActiveAlert:
    """An alert that is pending or firing in Prometheus."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    state: str
    """``pending`` or ``firing``."""
    active_at: datetime


class PrometheusApi(HttpApi):
    """One Prometheus server, by its base URL.

    Every method raises ``BackendError`` when the server is away, slow, refuses, or answers
    what is not Prometheus's.
    """

    def query(self, expr: str, *, at: datetime | None = None) -> Sequence[Sample]:
        """Evaluate an expression at an instant (default: the server's now)."""
        form = {"query": expr}
        if at is not None:
            form["time"] = str(at.timestamp())
        return self._call("POST", "/api/v1/query", form, what=expr, read=_samples)

    def query_value(self, expr: str, *, at: datetime | None = None) -> float | None:
        """Evaluate an expression that gives at most one number; NaN counts as none.

        Raises:
            BackendError: the expression gave several series.
        """
        samples = self.query(expr, at=at)
        if len(samples) > 1:
            raise BackendError(f"{self.base_url}: {expr!r} gave {len(samples)} series; aggregate it to one")
        return samples[0].value if samples and not math.isnan(samples[0].value) else None

    def samples_read(self, expr: str) -> int:
        """Evaluate an expression now; give how many samples the server had to read for it."""
        form = {"query": expr, "stats": "all"}
        return self._call(
            "POST",
            "/api/v1/query",
            form,
            what=expr,
            read=lambda data: int(data["stats"]["samples"]["totalQueryableSamples"]),
        )

    def rule_groups(self) -> Sequence[Mapping[str, Any]]:
        """Give every rule group that is loaded, as the server describes it."""
        return self._call(
            "GET",
            "/api/v1/rules",
            what="rules",
            read=lambda data: [dict(group) for group in data["groups"]],
        )

    def configuration(self) -> str:
        """Give the configuration in force, as YAML with every default filled in."""
        return self._call(
            "GET", "/api/v1/status/config", what="configuration", read=lambda data: str(data["yaml"])
        )

    def alerts(self) -> Sequence[ActiveAlert]:
        """Give every pending or firing alert."""
        return self._call("GET", "/api/v1/alerts", what="alerts", read=_alerts)

    def _call(
        self,
        method: str,
        path: str,
        form: Mapping[str, str] | None = None,
        *,
        what: str,
        read: Callable[[Any], _Read],
    ) -> _Read:
        try:
            answer = self._fetch(method, path, form=form)
        except AnswerTooLargeError as error:
            raise BackendError(
                f"{self.base_url}: the answer to {what!r} is too large; narrow the query"
            ) from error
        except FetchError as error:
            raise BackendError(
                f"{self.base_url}: no answer from Prometheus ({error}); see: watchkeeper status",
            ) from error
        try:
            body = json.loads(answer.body)
        except (ValueError, RecursionError) as error:
            raise BackendError(
                f"{self.base_url}: HTTP {answer.status} without JSON; is this a Prometheus?",
            ) from error
        if not isinstance(body, dict) or body.get("status") != "success":
            reason = (
                body.get("error", "no reason given") if isinstance(body, dict) else "not a Prometheus answer"
            )
            raise BackendError(f"{self.base_url}: Prometheus refused {what!r}: {reason}")
        try:
            return read(body["data"])
        except _MALFORMED as error:
            raise BackendError(
                f"{self.base_url}: the answer to {what!r} has not the form of Prometheus's "
                f"({type(error).__name__}: {error}); is this a Prometheus?"
            ) from error


def _samples(data: Any) -> Sequence[Sample]:  # noqa: ANN401 - JSON
    if data["resultType"] == "scalar":
        return [_sample({}, data["result"])]
    return [_sample(row["metric"], row["value"]) for row in data["result"]]


def _sample(labels: Mapping[str, str], point: Sequence[Any]) -> Sample:
    at = datetime.fromtimestamp(float(point[0]), tz=UTC)
    return Sample(labels=_texts(labels), value=float(point[1]), at=at)


def _alerts(data: Any) -> Sequence[ActiveAlert]:  # noqa: ANN401 - JSON
    return [
        ActiveAlert(
            labels=_texts(row["labels"]),
            annotations=_texts(row["annotations"]),
            state=str(row["state"]),
            active_at=datetime.fromisoformat(row["activeAt"]),
        )
        for row in data["alerts"]
    ]


def _texts(texts: Mapping[str, str]) -> Mapping[str, str]:
    return {name: str(text) for name, text in texts.items()}
