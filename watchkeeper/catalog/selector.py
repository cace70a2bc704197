"""Series selectors as the catalog's authors write them: ``http_requests_total{job="gateway"}``.

Parsed once, when the catalog is loaded, by the same grammar that Prometheus uses; everything after
works with the metric's name and its matchers and never with text again.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self, cast

import promql_parser
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from watchkeeper import promql
from watchkeeper.catalog.wording import WrongValue, describe

MatchOp = Literal["=", "!=", "=~", "!~"]

_OPS: dict[str, MatchOp] = {
    "MatchOp.Equal": "=",
    "MatchOp.NotEqual": "!=",
    "MatchOp.Re": "=~",
    "MatchOp.NotRe": "!~",
}
_LENGTH_MAX = 1000
_EXAMPLE = 'http_requests_total{job="gateway"}'
_BAD_EXAMPLE = 'code=~"5.."'


@dataclass(frozen=True, slots=True, order=True)
class Matcher:
    """One label matcher: ``name op "value"``."""

    name: str
    op: MatchOp
    value: str


class _PromqlText(ABC):
    """What is written as text in the catalog, and parsed once: tells pydantic how, and editors what."""

    __slots__ = ()
    DESCRIPTION: ClassVar[str]
    EXAMPLE: ClassVar[str]

    @classmethod
    @abstractmethod
    def parse(cls, text: str) -> Self:
        """Read the text.

        Raises:
            ValueError: it can not be read; says why, and how to write it.
        """

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read from a string (or take a ready one); write back as a string."""
        del source, handler
        return core_schema.no_info_plain_validator_function(
            cls._read,
            serialization=core_schema.plain_serializer_function_ser_schema(str),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Tell editors that it is a string."""
        del schema, handler
        return {"type": "string", "description": cls.DESCRIPTION, "examples": [cls.EXAMPLE]}

    @classmethod
    def _read(cls, value: object) -> Self:
        if isinstance(value, cls):
            return value
        if not isinstance(value, str):
            raise WrongValue(f"{describe(value)} is not text; write one such as {cls.EXAMPLE}")
        if len(value) > _LENGTH_MAX:
            raise WrongValue(f"this has {len(value)} characters; keep a selector under {_LENGTH_MAX}")
        return cls.parse(value)


@dataclass(frozen=True, slots=True)
class Selector(_PromqlText):
    """An instant-vector selector: one metric and the matchers that narrow it."""

    DESCRIPTION: ClassVar[str] = "A PromQL series selector."
    EXAMPLE: ClassVar[str] = _EXAMPLE

    metric: str
    matchers: tuple[Matcher, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a selector.

        Raises:
            ValueError: it is not PromQL, or more than a plain selector (a function, a range, an offset).
        """
        try:
            # promql-parser ships no type hints for its node classes.
            node = cast("Any", promql_parser.parse(text))
        except ValueError as error:
            reason = str(error).splitlines()[0] if str(error) else "syntax error"
            raise WrongValue(
                f"{describe(text)} is not a series selector ({reason}); write one such as {_EXAMPLE}"
            ) from error
        return cls.of(node, text)

    @classmethod
    def of(cls, node: object, text: str) -> Self:
        """Take a node of a parsed expression; ``text`` is what it is called in a message.

        Raises:
            ValueError: the node is no plain selector.
        """
        if (
            not isinstance(node, promql_parser.VectorSelector)
            or node.offset is not None
            or node.at is not None
        ):
            raise WrongValue(
                f"{describe(text)} is more than a series selector; leave out functions, ranges, offsets and "
                f"operators: they are derived. Write one such as {_EXAMPLE}",
            )
        if not node.name:
            raise WrongValue(
                f"{describe(text)} names no metric; put its name in front of the braces, such as {_EXAMPLE}"
            )
        if node.matchers.or_matchers:
            raise WrongValue(
                f"{describe(text)} joins matchers with 'or'; use a regular expression matcher instead"
            )
        return cls(metric=node.name, matchers=_matchers(node))

    def with_matchers(self, matchers: "Matchers") -> "Selector":
        """Narrow the selector further."""
        return Selector(self.metric, self.matchers + matchers.matchers)

    def __str__(self) -> str:
        return promql.series(self.metric, ((m.name, m.op, m.value) for m in self.matchers)).text


@dataclass(frozen=True, slots=True)
class Matchers(_PromqlText):
    """Label matchers without a metric: ``code=~"5..",method="GET"``; what makes an event bad."""

    DESCRIPTION: ClassVar[str] = "PromQL label matchers."
    EXAMPLE: ClassVar[str] = _BAD_EXAMPLE

    matchers: tuple[Matcher, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read matchers, with or without braces.

        Raises:
            ValueError: they are not PromQL label matchers, or there is none.
        """
        inside = text.strip().removeprefix("{").removesuffix("}")
        try:
            selector = Selector.parse(f"x{{{inside}}}")
        except ValueError as error:
            raise WrongValue(
                f"{describe(text)} is not a list of label matchers; write it such as {_BAD_EXAMPLE}"
            ) from error
        if not selector.matchers:
            raise WrongValue('there is no matcher here; say what makes an event bad, such as code=~"5.."')
        return cls(selector.matchers)

    def __str__(self) -> str:
        return ",".join(f"{m.name}{m.op}{promql.quote(m.value)}" for m in self.matchers)


def _matchers(node: Any) -> tuple[Matcher, ...]:  # noqa: ANN401 - an untyped extension class
    return tuple(Matcher(m.name, _OPS[str(m.op)], m.value) for m in node.matchers.matchers)
