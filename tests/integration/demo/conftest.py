"""The demo's processes, started once for all tests of a worker and put right before and after each."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager

import pytest

from tests.integration.demo.harness import Stack, Start, start_stack, starter


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start a process of the demo; it is stopped at the end of the session."""
    with starter(tmp_path_factory.mktemp("demo"), {"OTEL_EXPORTER_OTLP_ENDPOINT": ""}) as start:
        yield start


@pytest.fixture(scope="session")
def start_in(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[Mapping[str, str]], AbstractContextManager[Start]]:
    """Start processes in an environment of the test's own, stopped when its context ends."""
    return lambda env: starter(tmp_path_factory.mktemp("demo"), env)


@pytest.fixture(scope="session")
def _shared_stack(start: Start) -> Stack:
    return start_stack(start, "--concurrency", "4", "--queue", "2", "--circuit-open-s", "0.3")


@pytest.fixture
def stack(_shared_stack: Stack) -> Iterator[Stack]:
    """Two providers and a gateway with four slots, without faults."""
    _shared_stack.recover()
    yield _shared_stack
    _shared_stack.recover()
