"""What the stack says about the watched system: SLOs from Prometheus, open pages from the console.

Each may be away; then it says so, and the rest is still told.
"""

import math
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from deploy.local.programs import LOOPBACK, Program
from deploy.local.stack import Configuration
from watchkeeper import conventions
from watchkeeper.errors import BackendError
from watchkeeper.pages import InboxApi
from watchkeeper.prometheus_api import PrometheusApi, Sample

TIMEOUT_S = 3.0
WINDOWS_SHOWN = ("5m", "1h")
CONSOLE = "console"


class SloStatus(BaseModel):
    """An SLO as of now; a ratio that Prometheus has no value for is ``None``, never 0."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    slo: str
    service: str
    objective_ratio: float
    budget_remaining_ratio: float | None
    error_ratio: Mapping[str, float | None]


class Outlook(BaseModel):
    """What is known; ``None`` where nobody answered, with the reason in ``problems``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    slos: tuple[SloStatus, ...] | None
    open_pages: int | None
    problems: tuple[str, ...]


def prometheus_url(programs: Sequence[Program]) -> str | None:
    """Give the base URL of the stack's Prometheus."""
    return next(
        (f"http://{p.address}" for p in programs if p.configuration is Configuration.PROMETHEUS), None
    )


def look_out(programs: Sequence[Program]) -> Outlook:
    """Ask Prometheus and the console."""
    problems: list[str] = []
    slos: tuple[SloStatus, ...] | None = None
    open_pages: int | None = None
    if (url := prometheus_url(programs)) is not None:
        try:
            slos = _slos(url)
        except BackendError as error:
            problems.append(str(error))
    console = next((program for program in programs if program.name == CONSOLE), None)
    if console is not None and console.port is not None:
        try:
            with InboxApi(f"http://{LOOPBACK}:{console.port}", timeout_s=TIMEOUT_S) as inbox:
                open_pages = len(inbox.pages(status="open"))
        except BackendError as error:
            problems.append(str(error))
    return Outlook(slos=slos, open_pages=open_pages, problems=tuple(problems))


def _slos(url: str) -> tuple[SloStatus, ...]:
    with PrometheusApi(url, timeout_s=TIMEOUT_S) as api:
        objectives = api.query(conventions.OBJECTIVE_RATIO)
        remaining = _by_slo(api.query(conventions.BUDGET_REMAINING_RATIO))
        errors = {
            window: _by_slo(api.query(f'{conventions.ERROR_RATIO}{{window="{window}"}}'))
            for window in WINDOWS_SHOWN
        }
    rows = [
        SloStatus(
            slo=sample.labels.get("slo", ""),
            service=sample.labels.get("service", ""),
            objective_ratio=sample.value,
            budget_remaining_ratio=remaining.get(sample.labels.get("slo", "")),
            error_ratio={
                window: errors[window].get(sample.labels.get("slo", "")) for window in WINDOWS_SHOWN
            },
        )
        for sample in objectives
    ]
    return tuple(sorted(rows, key=lambda row: (row.service, row.slo)))


def _by_slo(samples: Sequence[Sample]) -> dict[str, float]:
    return {sample.labels.get("slo", ""): sample.value for sample in samples if not math.isnan(sample.value)}
