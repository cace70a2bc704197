"""Reads Alertmanager's webhook, version 4.

What comes from outside is read tolerantly and kept within bounds: unknown fields are ignored, and what
is too long is clipped instead of refused, because a clipped page wakes someone and a refused one does not.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from console.inbox.notification import Notification
from watchkeeper.conventions import ALERT_WATCHDOG, ALERTNAME, SEVERITY, SEVERITY_NONE
from watchkeeper.pages import FIRING, PagedAlert

ALERTS_MAX = 100
"""Alerts kept of one notification; firing ones first."""
LABELS_MAX = 64
"""Labels, and annotations, kept of one alert."""
TEXT_LENGTH_MAX = 4096
"""Characters kept of a label, an annotation or a group key."""
PROBLEMS_SHOWN_MAX = 3
_YEAR_FIRST, _YEAR_LAST = 1, 9999

Text = Annotated[str, Field(max_length=1024 * 1024)]


class WebhookError(ValueError):
    """The body is no webhook notification; ``str(error)`` says what is wrong with it."""


class _Incoming(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Alert(_Incoming):
    status: Literal["firing", "resolved"]
    labels: dict[str, Text] = Field(default_factory=dict)
    annotations: dict[str, Text] = Field(default_factory=dict)
    starts_at: AwareDatetime = Field(alias="startsAt")
    ends_at: AwareDatetime | None = Field(alias="endsAt", default=None)
    fingerprint: Text = ""


class _Payload(_Incoming):
    version: Literal["4"]
    group_key: Annotated[str, Field(alias="groupKey", min_length=1)]
    status: Literal["firing", "resolved"]
    receiver: Text = ""
    group_labels: dict[str, Text] = Field(alias="groupLabels", default_factory=dict)
    external_url: Text = Field(alias="externalURL", default="")
    alerts: Annotated[tuple[_Alert, ...], Field(min_length=1)]


def read(body: bytes) -> Notification:
    """Read a delivery.

    Raises:
        WebhookError: it is not JSON, or not a webhook of version 4.
    """
    try:
        payload = _Payload.model_validate_json(body)
    except ValidationError as error:
        raise WebhookError(_explain(error)) from error
    by_urgency = sorted(payload.alerts, key=lambda alert: alert.status != FIRING)
    return Notification(
        group_key=_identity(payload.group_key),
        receiver=_clip(payload.receiver),
        status=payload.status,
        group_labels=_clip_all(payload.group_labels),
        alerts=tuple(_alert(alert) for alert in by_urgency[:ALERTS_MAX]),
        sender=_clip(payload.external_url),
    )


def is_heartbeat(notification: Notification) -> bool:
    """Tell whether it is the Watchdog's: proof that the whole way from rule to receiver is open."""
    return any(alert.labels.get(ALERTNAME) == ALERT_WATCHDOG for alert in notification.firing)


def is_for_nobody(notification: Notification) -> bool:
    """Tell whether all of it is marked as never to be shown to people."""
    return all(alert.labels.get(SEVERITY) == SEVERITY_NONE for alert in notification.alerts)


def _alert(alert: _Alert) -> PagedAlert:
    ended = alert.ends_at if alert.status != FIRING else None
    return PagedAlert(
        status=alert.status,
        labels=_clip_all(alert.labels),
        annotations=_clip_all(alert.annotations),
        starts_at=_utc(alert.starts_at),
        ends_at=_utc(ended) if ended is not None else None,
        fingerprint=_identity(alert.fingerprint or repr(sorted(alert.labels.items()))),
    )


def _utc(at: datetime) -> datetime:
    # Go's zero time is in year 1, where a shift to UTC may leave the calendar.
    return at.astimezone(UTC) if _YEAR_FIRST < at.year < _YEAR_LAST else at.replace(tzinfo=UTC)


def _clip_all(texts: Mapping[str, str]) -> dict[str, str]:
    return {_clip(name): _clip(texts[name]) for name in sorted(texts)[:LABELS_MAX]}


def _clip(text: str) -> str:
    return text if len(text) <= TEXT_LENGTH_MAX else f"{text[: TEXT_LENGTH_MAX - 1]}…"


def _identity(text: str) -> str:
    """Shorten a name in such a way that different ones stay different."""
    if len(text) <= TEXT_LENGTH_MAX:
        return text
    return f"{text[:256]}…sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _explain(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    told = [
        f"{'.'.join(str(part) for part in problem['loc']) or 'body'}: {problem['msg']}"[:300]
        for problem in problems[:PROBLEMS_SHOWN_MAX]
    ]
    rest = len(problems) - len(told)
    return "not an Alertmanager webhook (version 4): " + "; ".join(told) + (f"; {rest} more" if rest else "")
