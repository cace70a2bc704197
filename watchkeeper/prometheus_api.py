"""A client of Prometheus's HTTP API: instant queries and active alerts, with typed answers.

Thin on purpose. It exists so that drills, the status command and the console share one idea of what
a failed query is: a ``BackendError`` that says which server, which query and why. Time and size are bounded.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2

from watchkeeper.errors import BackendError
from watchkeeper.http_api import HttpApi

RESPONSE_BYTES_MAX = 32 * 1024 * 1024


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

    Every method raises ``BackendError`` when the server is away, slow, refuses, or answers what is no JSON.
    """

    def query(self, expr: str, *, at: datetime | None = None) -> Sequence[Sample]:
        """Evaluate an expression at an instant (default: the server's now)."""
        form = {"query": expr}
        if at is not None:
            form["time"] = str(at.timestamp())
        data = self._call("POST", "/api/v1/query", form, what=expr)
        if data["resultType"] == "scalar":
            return [_sample({}, data["result"])]
        return [_sample(row["metric"], row["value"]) for row in data["result"]]

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
        data = self._call("POST", "/api/v1/query", {"query": expr, "stats": "all"}, what=expr)
        return int(data["stats"]["samples"]["totalQueryableSamples"])

    def rule_groups(self) -> Sequence[Mapping[str, Any]]:
        """Give every rule group that is loaded, as the server describes it."""
        groups: Sequence[Mapping[str, Any]] = self._call("GET", "/api/v1/rules", None, what="rules")["groups"]
        return groups

    def configuration(self) -> str:
        """Give the configuration in force, as YAML with every default filled in."""
        data = self._call("GET", "/api/v1/status/config", None, what="configuration")
        return str(data["yaml"])

    def alerts(self) -> Sequence[ActiveAlert]:
        """Give every pending or firing alert."""
        data = self._call("GET", "/api/v1/alerts", None, what="alerts")
        return [
            ActiveAlert(
                labels=row["labels"],
                annotations=row["annotations"],
                state=row["state"],
                active_at=datetime.fromisoformat(row["activeAt"]),
            )
            for row in data["alerts"]
        ]

    def ready(self) -> bool:
        """Tell whether the server says that it is ready; False when it can not be reached."""
        try:
            return self._client.get("/-/ready").status_code == httpx2.codes.OK
        except httpx2.HTTPError:
            return False

    def _call(self, method: str, path: str, form: Mapping[str, str] | None, *, what: str) -> Any:  # noqa: ANN401 - JSON
        try:
            response = self._client.request(method, path, data=form)
        except httpx2.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise BackendError(
                f"{self.base_url}: no answer from Prometheus ({reason}); see: watchkeeper status",
            ) from error
        if len(response.content) > RESPONSE_BYTES_MAX:
            raise BackendError(f"{self.base_url}: the answer to {what!r} is too large; narrow the query")
        try:
            body = response.json()
        except ValueError as error:
            raise BackendError(
                f"{self.base_url}: HTTP {response.status_code} without JSON; is this a Prometheus?",
            ) from error
        if not isinstance(body, dict) or body.get("status") != "success":
            reason = (
                body.get("error", "no reason given") if isinstance(body, dict) else "not a Prometheus answer"
            )
            raise BackendError(f"{self.base_url}: Prometheus refused {what!r}: {reason}")
        return body["data"]


def _sample(labels: Mapping[str, str], point: Sequence[Any]) -> Sample:
    return Sample(labels=labels, value=float(point[1]), at=datetime.fromtimestamp(float(point[0]), tz=UTC))
