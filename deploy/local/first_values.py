"""Waits until the stack measures: the first SLO values that were computed after this start."""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from deploy.local.outlook import WINDOWS_SHOWN, prometheus_url
from deploy.local.programs import Program
from watchkeeper import conventions
from watchkeeper.errors import BackendError, StackError
from watchkeeper.prometheus_api import PrometheusApi

FIRST_VALUES_TIMEOUT_S = 60.0
REST_WAIT_S = 12.0
"""How long the other SLOs may take once one has a value; without events an SLO rightly never has one."""
POLL_S = 0.5


def wait_for_slo_values(
    programs: Sequence[Program],
    expected: Collection[str],
    started_at: float,
    *,
    timeout_s: float = FIRST_VALUES_TIMEOUT_S,
    report: Callable[[str], None] = lambda _: None,
) -> int:
    """Return how many SLOs have a value, once every target was scraped and the rules have been evaluated.

    ``expected`` are the SLOs that the rules define. Only what is newer than ``started_at`` (Unix time)
    counts: Prometheus remembers earlier runs.

    Raises:
        StackError: it did not come to that in time; says how far it came.
    """
    url = prometheus_url(programs)
    if url is None or not expected:
        return 0
    targets = sum(program.scrape for program in programs)
    begun = time.monotonic()
    first_at: float | None = None
    said = ""
    with PrometheusApi(url) as api:
        while time.monotonic() - begun < timeout_s:
            try:
                seen = _look(api, started_at)
            except BackendError as error:
                said = str(error)
            else:
                if seen.measured and seen.scraped >= targets:
                    first_at = first_at or time.monotonic()
                    if seen.measured >= len(expected) or time.monotonic() - first_at > REST_WAIT_S:
                        return seen.measured
                said = seen.describe(targets, len(expected))
            report(said)
            time.sleep(POLL_S)
    raise StackError(
        f"everything is healthy, but not all is measured after {timeout_s:.0f} s: {said}; "
        f"look at {url}/targets and {url}/rules"
    )


def slos_of(rules: Path) -> frozenset[str]:
    """Name the SLOs that the placed rules define: those whose objective they record."""
    names = set()
    for path in rules.glob("*.yaml"):
        document = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)  # the safe loader, in C
        for group in document.get("groups", ()):
            for rule in group.get("rules", ()):
                if rule.get("record") == conventions.OBJECTIVE_RATIO:
                    names.add(rule.get("labels", {}).get(conventions.SLO, path.name))
    return frozenset(names)


@dataclass(frozen=True)
class _Seen:
    """What Prometheus has that is newer than the start."""

    scraped: int
    measured: int

    def describe(self, targets: int, slos: int) -> str:
        if self.scraped < targets:
            return f"{self.scraped} of {targets} targets were scraped so far"
        return f"{self.measured} of {slos} SLOs have a value so far"


def _look(api: PrometheusApi, started_at: float) -> _Seen:
    # ``timestamp`` of a bare series is when it was sampled; of anything else, when we ask.
    def fresh(series: str) -> str:
        return f"timestamp({series}) > {started_at:.3f}"

    ratio = f'{conventions.ERROR_RATIO}{{{conventions.WINDOW}="{WINDOWS_SHOWN[0]}"}}'
    return _Seen(
        scraped=int(api.query_value(f"count({fresh('up')} and up == 1)") or 0),
        measured=int(api.query_value(f"count(count by ({conventions.SLO}) ({fresh(ratio)}))") or 0),
    )
