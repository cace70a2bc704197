"""Runs the benchmarks: ``python -m benchmarks [NAME...]``."""

import os
import platform
import sys

from benchmarks import render, stack

BENCHMARKS = {"render": render.run, "stack": stack.run}


def main(names: list[str]) -> None:
    """Run some benchmarks, or all, and print one line per figure."""
    unknown = set(names) - set(BENCHMARKS)
    if unknown:
        sys.exit(f"no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(BENCHMARKS)}")
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, ", end="")
    print(f"Python {platform.python_version()}, load {load}")
    for name in names or BENCHMARKS:
        for figure in BENCHMARKS[name]():
            print(f"{name:<8}{figure}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
