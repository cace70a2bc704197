"""An example for each key of each model, as a person would write it in YAML.

Taken from the JSON Schema, where editors take it from too; so a message never shows what the schema
does not.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel

from watchkeeper.catalog.jsonschema import model_schema

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_/.")


def example_of(model: type[BaseModel], key: str) -> str | None:
    """Give an example of a key's value, on one line; ``None`` where it would be too long to help."""
    schema = _schema(model)
    return _example(schema["properties"].get(key, {}), schema.get("$defs", {}))


@cache
def _schema(model: type[BaseModel]) -> Mapping[str, Any]:
    return model_schema(model)


def _example(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> str | None:
    if "examples" in schema:
        return _yaml(schema["examples"][0])
    if "const" in schema or "enum" in schema:
        return _yaml(schema["const"] if "const" in schema else schema["enum"][0])
    if schema.get("type") == "array":
        item = _example(schema["items"], definitions)
        return None if item is None else f"[{item}]"
    if "minimum" in schema:
        return _yaml(schema["minimum"])
    return None


def _yaml(value: object) -> str:
    if not isinstance(value, str):
        return str(value)
    if set(value) <= _PLAIN and not value.replace(".", "").isdigit():
        return value
    quote = "'" if '"' in value else '"'
    # A selector reads better as people write it; YAML takes it unquoted unless it begins oddly.
    return (
        value if value[0].isalpha() and ": " not in value and " #" not in value else f"{quote}{value}{quote}"
    )
