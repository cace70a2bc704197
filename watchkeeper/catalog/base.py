"""The vocabulary every catalog model is spelled in: identifiers, durations, percentages, money.

They stand alone because each is one decision (what an identifier may look like, how exact an
objective is) that the loader, the JSON Schema and the models must share.
"""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, NewType

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

from watchkeeper import promql
from watchkeeper.catalog.wording import Shape, WrongValue, describe

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
    "".join(f"(?:([0-9]{{1,12}}){unit})?" for unit in ("y", "w", "d", "h", "m", "s", "ms"))
)
_DURATION_FIX = "write a number and a unit, such as 500ms, 5m, 1h or 30d"
_DURATION_SCHEMA = {
    "type": "string",
    "pattern": r"^(?=[0-9])([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$",
    "examples": ["5m", "500ms", "1h", "30d"],
}
format_duration = promql.duration
"""Durations are written back as PromQL writes them."""
DURATION_MAX = timedelta(days=3660)
"""Ten years: longer is a typing mistake, not a window."""


class Model(BaseModel):
    """A frozen catalog model; an unknown key is an error, never ignored."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=True,
        use_attribute_docstrings=True,  # what is said here once, editors show from the JSON Schema
    )


def parse_duration(text: str) -> timedelta:
    """Read a Prometheus duration such as ``500ms``, ``5m`` or ``1h30m``.

    Raises:
        ValueError: it is not one, or it is longer than ``DURATION_MAX``.
    """
    found = _DURATION.fullmatch(text)
    if not text or found is None:
        raise WrongValue(f"{describe(text)} is not a duration; {_DURATION_FIX}")
    units = ("y", "w", "d", "h", "m", "s", "ms")
    milliseconds = sum(int(n) * _UNITS_MS[unit] for n, unit in zip(found.groups(), units, strict=True) if n)
    if milliseconds > DURATION_MAX / timedelta(milliseconds=1):
        raise WrongValue(f"{describe(text)} is longer than ten years; check the unit")
    return timedelta(milliseconds=milliseconds)


def _read_duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        raise WrongValue(f"{value} has no unit; write one behind it, such as {value}s or {value}m")
    if not isinstance(value, str):
        raise WrongValue(f"{describe(value)} is not a duration; {_DURATION_FIX}")
    return parse_duration(value)


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise WrongValue("a duration of zero watches nothing; use a positive one, such as 5m")
    return value


Duration = Annotated[
    timedelta,
    BeforeValidator(_read_duration),
    AfterValidator(_positive),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema(_DURATION_SCHEMA),
]
"""A positive span of time, written as Prometheus writes it."""

IDENTIFIER = Shape(
    r"[a-z][a-z0-9]*(-[a-z0-9]+)*",
    noun="an identifier",
    rule="use lower-case letters, digits and single dashes, and begin with a letter",
    example="gateway",
    length_max=63,
)
Slug = Annotated[str, IDENTIFIER]
"""An identifier: safe as a label value, a file name, a Kubernetes name and in a URL."""

SloId = NewType("SloId", str)
"""Unique in the whole catalog: ``<service>-<slo>``; the value of the ``slo`` label."""

LabelName = Annotated[
    str,
    Shape(
        r"[a-zA-Z_][a-zA-Z0-9_]*",
        noun="a label's name",
        rule="use letters, digits and underscores, and do not begin with a digit",
        example="http_route",
        length_max=128,
    ),
]
Text = Annotated[str, Field(min_length=1, max_length=2000, examples=["What it is, in one sentence."])]
"""Prose that people read on a page at night; never empty."""


def read_number(value: object) -> object:
    """Let nothing but numbers through: text and booleans pass for them too easily, and mistakes are dear."""
    if isinstance(value, str):
        if re.fullmatch(r"[-+]?\d+(\.\d+)?", value[:100]):
            raise WrongValue(f"{describe(value)} is text; take the quotes away: {value[:100]}")
        raise WrongValue(f"{describe(value)} is not a number; write one such as 99.9")
    if not isinstance(value, int | float | Decimal) or isinstance(value, bool):
        raise WrongValue(f"{describe(value)} is not a number; write one such as 99.9")
    return value


Number = Annotated[Decimal, BeforeValidator(read_number)]
"""A number, exactly as it was written."""

Whole = Annotated[int, Field(strict=True)]
"""A whole number."""

Flag = Annotated[bool, Field(strict=True)]
"""``true`` or ``false``, and none of the words that older YAML took for them."""

YEARS = range(2000, 2200)
"""Years that are no typing mistake."""


def _read_day(value: object) -> object:
    if isinstance(value, date):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
        try:
            day = date.fromisoformat(value)
        except ValueError as error:
            raise WrongValue(f"{value} is not in the calendar ({error}); correct it") from error
        if day.year in YEARS:
            return day
    raise WrongValue(f"{describe(value)} is not a date; write year, month and day, such as 2026-01-31")


Day = Annotated[date, BeforeValidator(_read_day), Field(examples=["2026-01-31"])]
"""A calendar day."""

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?", re.ASCII)


def _read_instant(value: object) -> object:
    if isinstance(value, datetime):
        return value
    if isinstance(value, str) and (found := _INSTANT.fullmatch(value)):
        if not found[3]:
            raise WrongValue(
                f"{value} has no offset from UTC; end it with Z, or with an offset such as +02:00"
            )
        try:
            instant = datetime.fromisoformat(value)
        except ValueError as error:
            raise WrongValue(f"{value} is not in the calendar ({error}); correct it") from error
        if instant.year in YEARS:
            return instant
    raise WrongValue(
        f"{describe(value)} is not an instant; write date, time and offset, such as 2026-01-31T02:00:00Z"
    )


Instant = Annotated[AwareDatetime, BeforeValidator(_read_instant), Field(examples=["2026-01-31T02:00:00Z"])]
"""A point in time, with its offset from UTC: 'local time' is nobody's time."""


def _objective(value: Decimal) -> Decimal:
    if value >= 100:  # noqa: PLR2004 - percent
        raise WrongValue(f"objective {value} leaves no error budget; use less than 100")
    if value <= 0:
        raise WrongValue(f"objective {value} promises nothing; use more than 0, such as 99.9")
    return value


Objective = Annotated[
    Number,
    Field(
        max_digits=9,
        decimal_places=6,
        examples=[99.9],
        json_schema_extra={"exclusiveMinimum": 0, "exclusiveMaximum": 100},
    ),
    AfterValidator(_objective),
]
"""Percent of good events, ``0 < objective < 100``; exact, so that 99.9 leaves 0.001 and not 0.00099999."""

Usd = Annotated[Number, Field(ge=0, max_digits=38, decimal_places=12, examples=[0.15])]
"""Money in US dollars; exact."""

SecretName = Annotated[
    str,
    Shape(
        r"[a-z0-9][a-z0-9._-]*",
        noun="the name of a file in the secrets directory",
        rule="use lower-case letters, digits, dots, dashes and underscores, and never the secret itself",
        example="pagerduty-platform",
        length_max=100,
    ),
]
"""Name of a file in the secrets directory; never the secret itself."""

Email = Annotated[
    str,
    Shape(
        r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+",
        noun="an e-mail address",
        rule="write it in full",
        example="platform@example.com",
        length_max=254,
    ),
]
