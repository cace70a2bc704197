"""How the catalog's models say what is wrong with a value.

Every message has the form ``what; fix``. It stands alone because the models speak through it and the
loader listens: a mistake that a model finds keeps its words and its place on the way to the reader.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

_QUOTED_LENGTH_MAX = 60


class WrongValue(ValueError):  # noqa: N818 - pydantic catches it; it is never seen as an exception
    """A value that a model refuses. ``at`` leads from the value that was validated to the one to change."""

    def __init__(self, message: str, *, at: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.at = at


def describe(value: object) -> str:
    """Name a value in a message: short scalars as they are, anything else by its kind."""
    if isinstance(value, str):
        cut = value if len(value) <= _QUOTED_LENGTH_MAX else value[: _QUOTED_LENGTH_MAX - 1] + "…"
        return f"'{cut}'"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float | Decimal):
        return str(value)
    return {type(None): "nothing", dict: "a mapping", list: "a list"}.get(type(value), "something else")


@dataclass(frozen=True, slots=True)
class Shape:
    """What a text must look like: one pattern, and its words for people."""

    pattern: str
    """Without anchors: the whole text must match."""
    noun: str
    rule: str
    example: str
    length_max: int

    def fits(self, text: str) -> bool:
        """Tell whether a text has this shape."""
        return len(text) <= self.length_max and re.fullmatch(self.pattern, text) is not None

    def check(self, text: str) -> str:
        """Give the text back.

        Raises:
            WrongValue: it has another shape.
        """
        if len(text) > self.length_max:
            raise WrongValue(f"{len(text)} characters are too many here; use at most {self.length_max}")
        if not self.fits(text):
            raise WrongValue(f"{describe(text)} is not {self.noun}; {self.rule}, such as {self.example}")
        return text

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check after pydantic made sure that it is text."""
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Tell editors the pattern and an example."""
        return {
            **handler(schema),
            "description": f"{self.rule[:1].upper()}{self.rule[1:]}.",
            "pattern": f"^(?:{self.pattern})$",
            "maxLength": self.length_max,
            "examples": [self.example.strip('"')],
        }
