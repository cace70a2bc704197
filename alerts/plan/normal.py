"""Normal forms: what is written, what a server makes of it, and what it fills in are told to be the same.

Servers answer with their own formatting, every default filled in, and paths made absolute. A default that is
stated is the same as one that is not.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import promql_parser

from watchkeeper.catalog.base import format_duration, parse_duration

_DURATION = re.compile(r"(?=\d)(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?")
_BYTES = re.compile(r"(\d+[KMGTPE])i?B")
_PATHS = re.compile(r"(^|\.)(files(\[\d+\])?|rule_files|templates|[a-z_]+_file)$")
_DEFAULT_TEMPLATE = re.compile(r"""\{\{ ?template "[a-z]+\.default\.[A-Za-z]+" \.[A-Za-z.]* ?\}\}""")

FILLED_IN: Mapping[str, Sequence[str]] = {
    # Alertmanager, of any integration.
    "http_config.follow_redirects": ("True",),
    "http_config.enable_http2": ("True",),
    "color": ('{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}',),
    "details.num_firing": ("{{ .Alerts.Firing | len }}",),
    "details.num_resolved": ("{{ .Alerts.Resolved | len }}",),
    # Prometheus, of a scrape job or of the Alertmanagers it tells.
    "honor_timestamps": ("True",),
    "follow_redirects": ("True",),
    "enable_http2": ("True",),
    "enable_compression": ("True",),
    "scheme": ("http",),
    "metrics_path": ("/metrics",),
    "timeout": ("10s",),
    "api_version": ("v2",),
    "metric_name_validation_scheme": ("utf8", "legacy"),
    "metric_name_escaping_scheme": ("allow-utf-8", "underscores"),
    "scrape_protocols": (
        "OpenMetricsText0.0.1, OpenMetricsText1.0.0, PrometheusText0.0.4",
        "OpenMetricsText0.0.1, OpenMetricsText1.0.0, PrometheusText0.0.4, PrometheusText1.0.0",
    ),
    # Alertmanager's own.
    "resolve_timeout": ("5m",),
    "smtp_hello": ("localhost",),
    "smtp_require_tls": ("True",),
}
"""Defaults that are not empty, by key; of any server version."""
_VENDOR_URL = re.compile(
    r"(pagerduty|opsgenie_api|wechat_api|victorops_api|telegram_api|webex_api|rocketchat_api)_url"
)
_EMPTY = frozenset({"", "0", "0s", "False", "None"})


def expression(text: str) -> str:
    """Lay PromQL out in its one normal form; leave alone what the parser does not know."""
    try:
        node: Any = promql_parser.parse(text)
    except ValueError:
        return " ".join(text.split())
    laid_out: str = node.prettify()
    return laid_out.strip()


def scalar(key: str, value: object) -> str:
    """Write a value of a configuration in its one normal form."""
    text = str(value)
    if isinstance(value, str):
        if _PATHS.search(key):
            # Prometheus makes paths absolute; what a file is called is what counts.
            return "/".join(PurePosixPath(text).parts[-2:])
        if _DURATION.fullmatch(text):
            return format_duration(parse_duration(text))
        if found := _BYTES.fullmatch(text):
            return f"{found[1]}B"
    return text


def flat(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Give the leaves of a configuration by their paths; scalars in a list are one leaf, in any order."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from flat(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list) and any(isinstance(each, Mapping | list) for each in value):
        for index, inner in enumerate(value):
            yield from flat(inner, f"{key}[{index}]")
    elif isinstance(value, list):
        yield key, ", ".join(sorted(scalar(key, each) for each in value))
    else:
        yield key, scalar(key, value)


def settings(
    config: Mapping[str, Any],
    *,
    inherited: Mapping[str, str] | None = None,
    defaults: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Give what a configuration says beyond its defaults.

    Args:
        config: as plain data.
        inherited: what it takes from elsewhere where it says nothing, by key.
        inherited: what it takes from elsewhere where it says nothing, by key.
        defaults: what its kind alone takes for granted, by key. A key in either has no other default.
    """
    own = {**(inherited or {}), **(defaults or {})}
    said = {}
    for key, value in flat(config):
        if key in own:
            is_default = value == own[key]
        else:
            short = re.sub(r"^.*\]\.", "", key)
            is_default = (
                value in _EMPTY
                or value in FILLED_IN.get(short, ())
                or bool(_DEFAULT_TEMPLATE.fullmatch(value))
                or bool(_VENDOR_URL.fullmatch(key))
            )
        if not is_default:
            said[key] = value
    return said
