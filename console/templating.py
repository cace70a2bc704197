"""How values become text in the console's HTML: escaped, plain, short, and with their unit.

Pure functions beside one Jinja environment. Everything is escaped unless it is ``Markup`` of ours.
"""

from datetime import UTC, datetime, timedelta
from math import floor, log10
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from watchkeeper.plain import plain

TEMPLATES_DIR = Path(__file__).parent / "templates"
URL_LENGTH_MAX = 2000
_PERCENT_TINY = 0.001
"""Below it digits are noise."""


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
    """Write a ratio as a percentage, as exact as its distance from 0 or 100 deserves: ``99.95 %``."""
    value = ratio * 100
    distance = min(abs(value), abs(100 - value))
    if 0 < distance < _PERCENT_TINY and distance == abs(value):
        return f"{'< ' if value > 0 else '> -'}{_PERCENT_TINY}\u00a0%"
    decimals = min(max(2 - floor(log10(distance)), 0), 5) if distance else 0
    return f"{f'{value:.{decimals}f}'.rstrip('0').rstrip('.') if decimals else f'{value:.0f}'}\u00a0%"


def safe_url(url: str) -> str | None:
    """Give a URL that may become a link; None for ``javascript:`` and its like."""
    good = (
        url.startswith(("http://", "https://"))
        and len(url) <= URL_LENGTH_MAX
        and plain(url, length_max=URL_LENGTH_MAX) == url
    )
    return url if good else None
