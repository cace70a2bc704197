"""How long the native stack takes to come up warm and to go down, on ports and in a place of its own."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

PORT_OFFSET = 9000
ROUNDS = 3


def run() -> Iterator[str]:
    """Start once to warm up, then time a few rounds of down and up."""
    with tempfile.TemporaryDirectory() as directory:
        env = {
            **os.environ,
            "WATCHKEEPER_STATE_DIR": str(Path(directory) / "state"),
            "WATCHKEEPER_PORT_OFFSET": str(PORT_OFFSET),
        }
        try:
            yield f"first up, no data yet: {_timed('up', env):.1f} s"
            for _ in range(ROUNDS):
                down_s = _timed("down", env)
                yield f"down {down_s:.1f} s, up with data to first SLO values {_timed('up', env):.1f} s"
        finally:
            _timed("down", env)


def _timed(command: str, env: dict[str, str]) -> float:
    begun = time.perf_counter()
    program = Path(sys.executable).with_name("watchkeeper")
    subprocess.run([program, command], env=env, check=True, capture_output=True, timeout=300)  # noqa: S603 - our own program
    return time.perf_counter() - begun
