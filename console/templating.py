"""How values become text in the console's HTML: escaped, plain, short, and with their unit.

Pure functions beside one Jinja environment. Everything is escaped unless it is ``Markup`` of ours.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from watchkeeper.plain import plain

TEMPLATES_DIR = Path(__file__).parent / "templates"
URL_LENGTH_MAX = 2000


def environment() -> Environment:
    """Make the environment that every page is rendered in."""
    jinja = Environment(
        loader=FileSystemLoader(TEMPLATES_DIR),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.filters |= {
        "plain": plain,
        "when": when,
        "span": span,
        "percent": percent,
        "safe_url": safe_url,
    }
    return jinja


def when(at: datetime) -> str:
    """Write an instant in UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def span(length: timedelta) -> str:
    """Write a length of time in its two largest units: ``45 s``, ``4 min``, ``2 h 5 min``, ``3 d 4 h``."""
    seconds = max(int(length.total_seconds()), 0)
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if not minutes:
        return f"{seconds} s"
    if not hours:
        return f"{minutes} min"
    if not days:
        return f"{hours} h {minutes % 60} min"
    return f"{days} d {hours % 24} h"


def percent(ratio: float) -> str:
    """Write a ratio as a percentage with as many digits as it deserves: ``99.9 %``, ``0.012 %``."""
    value = ratio * 100
    if value and abs(value) < 0.001:  # noqa: PLR2004 - below it digits are noise
        return "< 0.001 %" if value > 0 else "> -0.001 %"
    return f"{float(f'{value:.4g}'):,.12g} %"


def safe_url(url: str) -> str | None:
    """Give a URL that may become a link; None for ``javascript:`` and its like."""
    good = (
        url.startswith(("http://", "https://"))
        and len(url) <= URL_LENGTH_MAX
        and plain(url, length_max=URL_LENGTH_MAX) == url
    )
    return url if good else None
