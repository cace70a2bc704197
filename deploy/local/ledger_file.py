"""How often each process was started: written inside the supervisor, read by whoever tells the truth."""

import json
from pathlib import Path


def read_starts(path: Path) -> dict[str, int]:
    """Read the counts; none when there are none or they are damaged (they are shown, never acted on)."""
    try:
        counts = json.loads(path.read_bytes())
        return {str(name): int(count) for name, count in counts.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def write_starts(path: Path, counts: dict[str, int]) -> None:
    """Replace the counts in one step."""
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps(counts), encoding="utf-8")
    temporary.replace(path)
