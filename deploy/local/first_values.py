"""Waits until the stack measures: the first SLO values that were computed after this start."""

import time
from collections.abc import Callable, Sequence

from deploy.local.outlook import prometheus_url
from deploy.local.programs import Program
from watchkeeper import conventions
from watchkeeper.errors import BackendError, StackError
from watchkeeper.prometheus_api import PrometheusApi

FIRST_VALUES_TIMEOUT_S = 60.0
POLL_S = 0.5


def wait_for_slo_values(
    programs: Sequence[Program],
    started_at: float,
    *,
    timeout_s: float = FIRST_VALUES_TIMEOUT_S,
    report: Callable[[str], None] = lambda _: None,
) -> int:
    """Return how many SLO ratios exist that are newer than ``started_at`` (Unix time), once there is one.

    Raises:
        StackError: there is none in time; says what Prometheus has instead.
    """
    url = prometheus_url(programs)
    if url is None:
        return 0
    fresh = f"count(timestamp({conventions.ERROR_RATIO}) > {started_at:.3f})"
    give_up = time.monotonic() + timeout_s
    said = "Prometheus answers, but has no such series"
    with PrometheusApi(url) as api:
        while time.monotonic() < give_up:
            try:
                count = api.query_value(fresh)
                if count:
                    return int(count)
                said = _why_none(api)
            except BackendError as error:
                said = str(error)
            report(said)
            time.sleep(POLL_S)
    raise StackError(
        f"everything is healthy, but no SLO has a value after {timeout_s:.0f} s: {said}; "
        f"look at {url}/targets and {url}/rules"
    )


def _why_none(api: PrometheusApi) -> str:
    down = api.query("up == 0")
    if down:
        return "not scraped yet: " + ", ".join(sorted({each.labels.get("instance", "?") for each in down}))
    if not api.query(conventions.OBJECTIVE_RATIO):
        return "the rules have not been evaluated yet"
    return "no traffic was measured yet (two scrapes with requests between them are needed)"
