"""The catalog's models as JSON Schema 2020-12, for editors and for people who generate catalogs.

The schema says what the loader accepts: a number in quotes, which pydantic's own schema of ``Decimal``
admits, is refused by both. What no schema can say (references, sums, order) is left to the loader.
"""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from watchkeeper.catalog.base import format_duration
from watchkeeper.catalog.documents import Document

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_BOUNDS = {"gt": "exclusiveMinimum", "ge": "minimum", "lt": "exclusiveMaximum", "le": "maximum"}
_UNSAYABLE = frozenset({"max_digits", "decimal_places"})


class _Generator(GenerateJsonSchema):
    """Writes down what YAML may hold."""

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        """Tell that a number is a number, with its bounds."""
        return {"type": "number", **{key: value for key, value in schema.items() if key in _BOUNDS}}

    def encode_default(self, dft: Any) -> Any:  # noqa: ANN401 - pydantic's own signature
        """Write defaults as YAML would hold them."""
        if isinstance(dft, tuple):
            return [self.encode_default(one) for one in dft]
        if isinstance(dft, timedelta):
            return format_duration(dft)
        return _number(dft) if isinstance(dft, Decimal) else super().encode_default(dft)

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401 - pydantic's own signature
        """Leave out titles that only repeat the key."""
        del schema
        return False


def model_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Give one model's JSON Schema, with the definitions it needs."""
    return cast("dict[str, Any]", _tidy(model.model_json_schema(schema_generator=_Generator)))


def document_schema(document: Document) -> Mapping[str, Any]:
    """Give the JSON Schema of one kind of catalog file."""
    title = {"title": f"Watchkeeper catalog: {document.path}"}
    return {"$schema": DIALECT, **model_schema(document.model), **title}


def _tidy(schema: object) -> object:
    """Turn what pydantic left in its own words into JSON Schema's, everywhere."""
    if isinstance(schema, list):
        return [_tidy(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("anyOf") == [{"type": "integer"}, {"type": "number"}]:
        return {"type": "number"}
    tidy: dict[str, Any] = {key: _tidy(value) for key, value in schema.items()}
    if tidy.get("type") == "number":
        tidy = {
            _BOUNDS.get(key, key): _number(value) if key in _BOUNDS else value
            for key, value in tidy.items()
            if key not in _UNSAYABLE
        }
    if "patternProperties" in tidy:
        tidy["additionalProperties"] = False
    return tidy


def _number(value: Decimal | float) -> int | float:
    return int(value) if value == int(value) else float(value)
