"""The process list of the demo."""

from pathlib import Path
from typing import Any

import pytest
import yaml

import demo

STACK: list[dict[str, Any]] = yaml.safe_load((Path(demo.__file__).parent / "stack.yaml").read_text("utf-8"))[
    "processes"
]
KEYS = {"name", "command", "env", "port", "health", "after", "scrape", "replicas", "max_replicas", "ports"}


@pytest.mark.parametrize("process", STACK, ids=lambda process: process["name"])
def test_every_process_says_what_the_format_asks(process: dict[str, Any]) -> None:
    """No key is missing or invented, and what is scraped or checked has a port."""
    assert {"name", "command", "env", "port", "health", "after", "scrape"} <= set(process) <= KEYS
    assert all(isinstance(part, str) for part in process["command"])
    assert process["port"] or not (process["health"] or process["scrape"])


def test_ports_do_not_overlap() -> None:
    """Not even with every replica up."""
    ports = [
        process["port"] + index
        for process in STACK
        if process["port"]
        for index in range(process.get("max_replicas", process.get("replicas", 1)))
    ]
    assert len(ports) == len(set(ports))
