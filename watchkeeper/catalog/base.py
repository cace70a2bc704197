"""The vocabulary every catalog model is spelled in: identifiers, durations, percentages, money.

They stand alone because each is one decision (what an identifier may look like, how exact an
objective is) that the loader, the JSON Schema and the models must share.
"""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, NewType

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

_UNITS_MS = {
    "ms": 1,
    "s": 1_000,
    "m": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 604_800_000,
    "y": 31_536_000_000,
}
_DURATION = re.compile(
    r"(?:(\d{1,9})y)?(?:(\d{1,9})w)?(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?(?:(\d{1,9})ms)?"
)
_DURATION_SCHEMA = {
    "type": "string",
    "pattern": r"^(?=\d)(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$",
    "examples": ["500ms", "5m", "1h", "30d"],
}
DURATION_MAX = timedelta(days=3660)
"""Ten years: longer is a typing mistake, not a window."""


class Model(BaseModel):
    """A frozen catalog model; an unknown key is an error, never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


def parse_duration(text: str) -> timedelta:
    """Read a Prometheus duration such as ``500ms``, ``5m`` or ``1h30m``.

    Raises:
        ValueError: it is not one, or it is longer than ``DURATION_MAX``.
    """
    found = _DURATION.fullmatch(text)
    if not text or found is None:
        raise ValueError(
            f"{text!r} is not a duration; write a number and a unit, such as 500ms, 5m, 1h or 30d"
        )
    units = ("y", "w", "d", "h", "m", "s", "ms")
    milliseconds = sum(int(n) * _UNITS_MS[unit] for n, unit in zip(found.groups(), units, strict=True) if n)
    if milliseconds > DURATION_MAX / timedelta(milliseconds=1):
        raise ValueError(f"{text!r} is longer than ten years; check the unit")
    return timedelta(milliseconds=milliseconds)


def format_duration(duration: timedelta) -> str:
    """Write a duration as Prometheus does, in the largest unit that divides it: ``90s``, ``1h``, ``30d``."""
    milliseconds = duration // timedelta(milliseconds=1)
    if milliseconds == 0:
        return "0s"
    unit = next(u for u in ("d", "h", "m", "s", "ms") if milliseconds % _UNITS_MS[u] == 0)
    return f"{milliseconds // _UNITS_MS[unit]}{unit}"


def _read_duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        raise ValueError(
            f"{value!r} is not a duration; write a number and a unit, such as 500ms, 5m, 1h or 30d"
        )
    return parse_duration(value)


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("a duration of zero watches nothing; use a positive one, such as 5m")
    return value


Duration = Annotated[
    timedelta,
    BeforeValidator(_read_duration),
    AfterValidator(_positive),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema(_DURATION_SCHEMA),
]
"""A positive span of time, written as Prometheus writes it."""

Slug = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$",
        max_length=63,
        description="Lower-case letters, digits and single dashes; starts with a letter.",
    ),
]
"""An identifier: safe as a label value, a file name, a Kubernetes name and in a URL."""

TeamId = NewType("TeamId", str)
ServiceId = NewType("ServiceId", str)
SliId = NewType("SliId", str)
SloId = NewType("SloId", str)
"""Unique in the whole catalog: ``<service>-<slo>``; the value of the ``slo`` label."""

LabelName = Annotated[str, Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$", max_length=128)]
Text = Annotated[str, Field(min_length=1, max_length=2000)]
"""Prose that people read on a page at night; never empty."""


def _objective(value: Decimal) -> Decimal:
    if value >= 100:  # noqa: PLR2004 - percent
        raise ValueError(f"objective {value} leaves no error budget; use less than 100")
    if value <= 0:
        raise ValueError(f"objective {value} promises nothing; use more than 0, such as 99.9")
    return value


Objective = Annotated[
    Decimal,
    Field(max_digits=9, decimal_places=6, description="Percent of good events, above 0 and below 100."),
    AfterValidator(_objective),
]
"""Percent of good events, ``0 < objective < 100``; exact, so that 99.9 leaves 0.001 and not 0.00099999."""

Usd = Annotated[Decimal, Field(ge=0, max_digits=38, decimal_places=12, description="US dollars.")]
"""Money in US dollars; exact."""

SecretName = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9][a-z0-9._-]{0,99}$",
        description="Name of a file in the secrets directory; never the secret itself.",
    ),
]
