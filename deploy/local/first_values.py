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
    """Return how many SLO ratios exist, once every target was scraped and a ratio computed.

    Only what is newer than ``started_at`` (Unix time) counts: Prometheus remembers earlier runs.

    Raises:
        StackError: it did not come to that in time; says how far it came.
    """
    url = prometheus_url(programs)
    if url is None:
        return 0
    # ``timestamp`` of a bare series is when it was sampled; of anything else, when we ask.
    fresh = f"count(timestamp({conventions.ERROR_RATIO}) > {started_at:.3f})"
    scraped = f"count(timestamp(up) > {started_at:.3f} and up == 1)"
    targets = sum(program.scrape for program in programs)
    give_up = time.monotonic() + timeout_s
    said = "Prometheus answers, but has no such series"
    with PrometheusApi(url) as api:
        while time.monotonic() < give_up:
            try:
                count = api.query_value(fresh)
                if count and (api.query_value(scraped) or 0) >= targets:
                    return int(count)
                said = _why_none(api, scraped, targets)
            except BackendError as error:
                said = str(error)
            report(said)
            time.sleep(POLL_S)
    raise StackError(
        f"everything is healthy, but not all is measured after {timeout_s:.0f} s: {said}; "
        f"look at {url}/targets and {url}/rules"
    )


def _why_none(api: PrometheusApi, scraped: str, targets: int) -> str:
    down = api.query("up == 0")
    if down:
        return "cannot be scraped: " + ", ".join(sorted({each.labels.get("instance", "?") for each in down}))
    if (done := int(api.query_value(scraped) or 0)) < targets:
        return f"{done} of {targets} targets were scraped so far"
    if not api.query(conventions.OBJECTIVE_RATIO):
        return "the rules have not been evaluated yet"
    return "no traffic was measured yet (two scrapes with requests between them are needed)"
