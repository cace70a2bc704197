"""The servers' configurations read as what they decide: jobs, routes, receivers, inhibitions."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from alerts.plan.normal import flat, settings
from alerts.plan.state import Fact, Item, Kind

ROOT = "(root)"
_JOBS_INHERIT = (
    "scrape_interval",
    "scrape_timeout",
    "scrape_protocols",
    "scrape_native_histograms",
    "always_scrape_classic_histograms",
)
_SEND_RESOLVED = frozenset(
    {"webhook", "pagerduty", "opsgenie", "victorops", "pushover", "sns", "telegram", "webex"}
)


def _facts(values: Mapping[str, str]) -> dict[str, Fact]:
    return {name: Fact(value, is_long="\n" in value) for name, value in values.items()}


def prometheus_items(config: Mapping[str, Any]) -> Iterator[Item]:
    """Give scrape jobs, and what holds for the whole server."""
    everywhere = dict(flat(config.get("global") or {}))
    for job in config.get("scrape_configs") or ():
        rest = {key: value for key, value in job.items() if key != "job_name"}
        own = {key: everywhere[key] for key in _JOBS_INHERIT if key in everywhere}
        yield Item(Kind.JOB, str(job["job_name"]), _facts(settings(rest, inherited=own)))
    whole = {"rule_files": config.get("rule_files") or [], "alerting": config.get("alerting") or {}}
    values = settings({**(config.get("global") or {}), **whole})
    yield Item(Kind.PROMETHEUS, "configuration", _facts(values))


def alertmanager_items(config: Mapping[str, Any]) -> Iterator[Item]:
    """Give routes, receivers, inhibitions and time intervals, and what holds for the whole server."""
    everywhere = dict(flat(config.get("global") or {}))
    yield from _routes(config.get("route") or {}, ROOT)
    for receiver in config.get("receivers") or ():
        yield _receiver(receiver, everywhere)
    seen: defaultdict[str, int] = defaultdict(int)
    for rule in config.get("inhibit_rules") or ():
        source, target = _matchers(rule, "source_"), _matchers(rule, "target_")
        name = f"{source} holds back {target}"
        seen[name] += 1
        name = name if seen[name] == 1 else f"{name} #{seen[name]}"
        equal = ", ".join(sorted(rule.get("equal") or ())) or "nothing"
        yield Item(Kind.INHIBITION, name, {"equal": Fact(equal)}, f"equal: {equal}")
    for key in ("time_intervals", "mute_time_intervals"):
        for interval in config.get(key) or ():
            rest = {name: value for name, value in interval.items() if name != "name"}
            yield Item(Kind.INTERVAL, str(interval["name"]), _facts(settings(rest)))
    values = settings({**(config.get("global") or {}), "templates": config.get("templates") or []})
    yield Item(Kind.ALERTMANAGER, "configuration", _facts(values))


def route_orders(route: Mapping[str, Any], name: str = ROOT) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give the names of each route's children, in the order in which they are tried."""
    named = list(_children(route, name))
    if named:
        yield name, tuple(child for child, _ in named)
    for child, inner in named:
        yield from route_orders(inner, child)


def _children(route: Mapping[str, Any], parent: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    seen: defaultdict[str, int] = defaultdict(int)
    for child in route.get("routes") or ():
        path = "" if parent == ROOT else f"{parent} > "
        name = f"{path}{_matchers(child) or 'everything'}"
        seen[name] += 1
        yield (name if seen[name] == 1 else f"{name} #{seen[name]}"), child


def _routes(route: Mapping[str, Any], name: str) -> Iterator[Item]:
    own = {key: value for key, value in route.items() if key not in _MATCHER_KEYS | {"routes"}}
    # Zero is a decision here: it tells at once, where nothing said would inherit.
    said = dict.fromkeys(("group_wait", "group_interval", "repeat_interval"), "")
    facts = _facts(settings(own, defaults=said))
    receiver = route.get("receiver", "the receiver of its parent")
    yield Item(Kind.ROUTE, name, facts, f"to {receiver}")
    for child, inner in _children(route, name):
        yield from _routes(inner, child)


_MATCHER_KEYS = frozenset({"matchers", "match", "match_re"})


def _matchers(of: Mapping[str, Any], prefix: str = "") -> str:
    written: Sequence[str] = of.get(f"{prefix}matchers") or ()
    every = ["".join(each.split()) if '"' not in each else each.strip() for each in written]
    every += [f'{name}="{value}"' for name, value in (of.get(f"{prefix}match") or {}).items()]
    every += [f'{name}=~"{value}"' for name, value in (of.get(f"{prefix}match_re") or {}).items()]
    return ", ".join(sorted(every))


def _receiver(receiver: Mapping[str, Any], everywhere: Mapping[str, str]) -> Item:
    integrations = {
        key.removesuffix("_configs"): value for key, value in receiver.items() if key != "name" and value
    }
    facts: dict[str, Fact] = {}
    for kind, configs in integrations.items():
        for index, config in enumerate(configs):
            prefix = kind if len(configs) == 1 else f"{kind}[{index}]"
            facts[prefix] = Fact("on", without="off")
            own = settings(config, inherited=_inherited(kind, config, everywhere), defaults=_defaults(kind))
            facts |= {
                f"{prefix} {name}": replace(fact, follows=frozenset({prefix}))
                for name, fact in _facts(own).items()
            }
    told = ", ".join(sorted(integrations)) or "nothing"
    return Item(Kind.RECEIVER, str(receiver["name"]), facts, f"tells by {told}")


def _defaults(kind: str) -> Mapping[str, str]:
    return {"send_resolved": str(kind in _SEND_RESOLVED)}


def _inherited(kind: str, config: Mapping[str, Any], everywhere: Mapping[str, str]) -> Mapping[str, str]:
    """Give what Alertmanager copies into an integration, from its global section or into headers."""
    copied = {}
    for key, value in everywhere.items():
        if kind == "email" and key.startswith("smtp_"):
            copied[key.removeprefix("smtp_")] = value
        elif key.startswith(f"{kind}_"):
            copied[key.removeprefix(f"{kind}_")] = value
    if kind == "email":
        copied["headers.To"] = str(config.get("to", ""))
        copied["headers.From"] = str(config.get("from", everywhere.get("smtp_from", "")))
    return copied
