from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.console.harness import RunningConsole, start_console, stop


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., RunningConsole]]:
    """Start consoles that end with the test."""
    started: list[RunningConsole] = []

    def run(state_dir: Path | None = None, **env: str) -> RunningConsole:
        log = tmp_path / f"console-{len(started)}.log"
        console = start_console(state_dir or tmp_path / "state", log, env=env)
        started.append(console)
        return console

    yield run
    for console in started:
        stop(console)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningConsole]:
    """Share one console among the tests of a module that do not mind each other."""
    folder = tmp_path_factory.mktemp("console")
    console = start_console(folder / "state", folder / "console.log")
    yield console
    stop(console)
