"""What ``alerts.detection`` predicts is what Prometheus's own rule engine does, to the evaluation."""

import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.detection import Outage, Rules, Tier, fires_after, goes_on_for, page_tier, rules_for, ticket_tier
from alerts.slo import slo_groups
from watchkeeper import conventions as c
from watchkeeper.catalog.catalog import Catalog
from watchkeeper.catalog.loader import load_catalog
from watchkeeper.promql import duration

ROOT = Path(__file__).parents[2]
SLO = "gateway-availability"
EVENTS_PER_SCRAPE = 10_000
PAGE_HISTORY = timedelta(hours=6, minutes=5)
"""Longer than all that a page reads."""
TICKET_HISTORY = timedelta(days=3, minutes=10)
HOUR = timedelta(hours=1)


def catalog_at(scrape: timedelta) -> Catalog:
    """Give the demo catalog as if it were scraped at another pace."""
    catalog = load_catalog(ROOT / "catalog")
    return replace(catalog, settings=catalog.settings.model_copy(update={"scrape_interval": scrape}))


def rules_at(scrape: timedelta) -> tuple[Rules, dict[str, Any]]:
    """Give the model of an SLO's rules, and its rule file less the period: costly, and alerts nobody."""
    catalog = catalog_at(scrape)
    objective = next(each for each in catalog.objectives if each.id == SLO)
    period = {c.WINDOW: duration(objective.slo.period)}
    groups = [
        replace(
            group,
            rules=[
                rule
                for rule in group.rules
                if not (rule.labels.items() >= period.items())
                and f'"{period[c.WINDOW]}"' not in rule.expr.text
            ],
        ).as_mapping()
        for group in slo_groups(objective, catalog.settings)
    ]
    return rules_for(objective, catalog.settings), {"groups": groups}


def counters(rules: Rules, outage: Outage, until: timedelta) -> list[dict[str, str]]:
    """Write both counters, scraped a third of an interval before each evaluation.

    On the very instant of an evaluation, where promtool would put them, no scrape ever is.
    """
    end = None if outage.length is None else outage.start + outage.length
    good, bad = [], []
    # Not from 0: rate() takes a counter near 0 for one that has just begun, and extrapolates it less.
    good_so_far = bad_so_far = 1_000_000
    for scrape in range(1, until // rules.scrape + 3):
        in_gap = outage.start < scrape * rules.scrape and (end is None or scrape * rules.scrape <= end)
        new = round(outage.share * EVENTS_PER_SCRAPE) if in_gap else 0
        bad_so_far, good_so_far = bad_so_far + new, good_so_far + EVENTS_PER_SCRAPE - new
        good.append(f"_ _ {good_so_far}")
        bad.append(f"_ _ {bad_so_far}")
    name = 'haproxy_frontend_http_responses_total{proxy="edge",code='
    return [
        {"series": f'{name}"2xx"}}', "values": " ".join(good)},
        {"series": f'{name}"5xx"}}', "values": " ".join(bad)},
    ]


def firing(severity: str, at: timedelta, *, expected: bool) -> dict[str, Any]:
    """Ask whether the burn alert of a severity fires."""
    selector = f'{c.ALERTNAME}="{c.ALERT_BURN}",{c.SEVERITY}="{severity}",alertstate="firing"'
    samples = [{"labels": "{}", "value": 1}] if expected else []
    return {"expr": f"count(ALERTS{{{selector}}})", "eval_time": duration(at), "exp_samples": samples}


def promtool(folder: Path, rules: Rules, rule_file: dict[str, Any], test: dict[str, Any]) -> str:
    """Run one test; give what failed."""
    (folder / "rules.yaml").write_text(yaml.safe_dump(rule_file), "utf-8")
    document = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": duration(rules.scrape),
        # Level 2 reads what the fast group has just recorded.
        "group_eval_order": [group["name"] for group in rule_file["groups"]],
        "tests": [{"interval": duration(rules.scrape / 3), **test}],
    }
    (folder / "test.yaml").write_text(yaml.safe_dump(document), "utf-8")
    done = subprocess.run(
        ["promtool", "test", "rules", folder / "test.yaml"],
        capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    return "" if done.returncode == 0 else done.stdout + done.stderr


def check(folder: Path, scrape: timedelta, severity: str, outage: Outage) -> None:
    """Hold prediction and rule engine against each other: start of the alert, and its end if there is one."""
    rules, rule_file = rules_at(scrape)
    tier: Tier = page_tier(rules) if severity == c.SEVERITY_PAGE else ticket_tier(rules)
    after = fires_after(rules, tier, replace(outage, length=None))
    assert after is not None
    at = outage.start + after
    asked = [
        firing(severity, at - tier.interval, expected=False),
        firing(severity, at, expected=True),
    ]
    if outage.length is not None:
        at = outage.start + outage.length + goes_on_for(rules, tier, outage)
        asked += [
            firing(severity, at - tier.interval, expected=True),
            firing(severity, at, expected=False),
        ]
    if severity == c.SEVERITY_PAGE:
        del rule_file["groups"][1:]  # a page reads the fast group alone
    series = counters(rules, outage, at)
    failed = promtool(folder, rules, rule_file, {"input_series": series, "promql_expr_test": asked})
    assert not failed, failed


@pytest.mark.parametrize(
    ("share", "length"),
    [(1.0, HOUR), (0.5, None), (0.1, HOUR), (0.02, HOUR), (0.01, None)],
    ids=["100%", "50%", "10%", "2%", "1%"],
)
def test_a_page_fires_and_resolves_at_the_predicted_evaluation(
    tmp_path: Path, share: float, length: timedelta | None
) -> None:
    """99.9 % at 15 s, after six quiet hours: silent at the evaluation before, firing at the predicted one."""
    check(tmp_path, timedelta(seconds=15), c.SEVERITY_PAGE, Outage(share, start=PAGE_HISTORY, length=length))


@pytest.mark.parametrize(("share", "phase_min"), [(0.1, 2), (0.01, 4)], ids=["10%+2m", "1%+4m"])
def test_a_ticket_fires_at_the_predicted_evaluation(tmp_path: Path, share: float, phase_min: int) -> None:
    """After three quiet days at one-minute scrapes, wherever the outage starts between two steps."""
    start = TICKET_HISTORY + timedelta(minutes=phase_min)
    check(tmp_path, timedelta(minutes=1), c.SEVERITY_TICKET, Outage(share, start=start))
