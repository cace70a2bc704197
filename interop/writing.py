"""A service's catalog file as its owner would have written it.

It stands alone because people go on editing what was imported: sections in the catalog's order, a
blank line between items, numbers as written, and nothing that says only what holds anyway.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import yaml

from watchkeeper.catalog.scalars import resolve

SCHEMA_COMMENT = "# yaml-language-server: $schema=../schema/service.json\n"


class _Dumper(yaml.SafeDumper):
    """Indents lists below their key, as the catalog's files do."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Never put a list at its key's own column."""
        del indentless
        super().increase_indent(flow, indentless=False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    try:
        # PyYAML writes for YAML 1.1; a word there may be a number in 1.2, which the catalog is read as.
        if not isinstance(resolve(text), str):
            style = '"'
    except ValueError:
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _number(dumper: yaml.SafeDumper, number: Decimal) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:float", _plain(number))


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class _InlineList(list[str]):
    """A few words, on one line."""


class _InlineMap(dict[str, bool]):
    """A few facts, on one line."""


def _inline_list(dumper: yaml.SafeDumper, words: _InlineList) -> yaml.SequenceNode:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", words, flow_style=True)


def _inline_map(dumper: yaml.SafeDumper, facts: _InlineMap) -> yaml.MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", facts, flow_style=True)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(_InlineList, _inline_list)
_Dumper.add_representer(_InlineMap, _inline_map)
_Dumper.add_representer(Decimal, _number)


def service_text(service: Mapping[str, Any]) -> str:
    """Write one service: what the catalog's YAML is to say, in its order."""
    sections = [_dump({key: value for key, value in service.items() if key not in {"slis", "slos"}})]
    sections += [_list(key, service[key]) for key in ("slis", "slos") if service.get(key)]
    return SCHEMA_COMMENT + "\n".join(sections)


def _list(key: str, items: Sequence[Mapping[str, Any]]) -> str:
    return f"{key}:\n" + "\n".join(_item(item) for item in items)


def _item(item: Mapping[str, Any]) -> str:
    inline = {
        key: _InlineMap(value) if key == "alerts" else _InlineList(value) if key == "group_by" else value
        for key, value in item.items()
    }
    return _dump({"items": [inline]}).split("\n", 1)[1]


def _dump(content: object) -> str:
    text: str = yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=105)
    return text
