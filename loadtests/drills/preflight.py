"""Whether a drill could prove anything now: looked at before anything is broken.

A drill on a stack that is ill, muted, paged already or idle would only confuse. Every obstacle is told
at once, each with what to do about it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from loadtests.drills.addresses import Addresses, of_job
from loadtests.drills.inject import FaultSwitch
from loadtests.drills.observe import Servers, by_slo, firing
from loadtests.drills.plan import Plan
from loadtests.drills.seen import subject, wakes
from watchkeeper import promql
from watchkeeper.conventions import HEARTBEAT_TIMESTAMP, INSTANCE, JOB, MAINTENANCE_ACTIVE, SERVICE, WINDOW
from watchkeeper.errors import WatchkeeperError

HEARTBEAT_AGE_MAX = timedelta(minutes=3)
"""Several times the pace at which the Watchdog is repeated."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Conditions:
    """How things were before the injection."""

    obstacles: Sequence[str]
    """Why a drill now would prove nothing; empty when all is well."""
    notes: Sequence[str]
    """What a reader of the evidence should know."""
    baseline: Mapping[str, float]
    """Error ratio by SLO."""
    last_page: int
    """Pages with a greater id came during the drill."""


def look_around(
    plan: Plan,
    servers: Servers,
    *,
    addresses: Addresses,
    switch: FaultSwitch,
    known_faults: Mapping[str, Sequence[str]],
    now: datetime,
) -> Conditions:
    """Look at everything that a drill depends on."""
    around = _Around(plan, servers, addresses, switch, now)
    obstacles = [
        *around.unhealthy(),
        *around.paging(),
        *around.muted(),
        *around.faulty(known_faults),
        *around.idle(),
        *around.deaf(),
    ]
    return Conditions(
        obstacles=tuple(dict.fromkeys([*around.unanswered, *obstacles])),
        notes=tuple(around.history()),
        baseline=around.ask(lambda: by_slo(servers.prometheus, plan.ratios)) or {},
        last_page=max(
            (page.id for page in around.ask(lambda: servers.inbox.pages(limit=1)) or ()), default=0
        ),
    )


class _Around:
    """Each method looks at one thing; a server that does not answer is an obstacle by itself."""

    def __init__(
        self, plan: Plan, servers: Servers, addresses: Addresses, switch: FaultSwitch, now: datetime
    ) -> None:
        self._plan = plan
        self._servers = servers
        self._addresses = addresses
        self._switch = switch
        self._now = now
        self.unanswered: list[str] = []

    def ask(self, question: Callable[[], T]) -> T | None:
        try:
            return question()
        except WatchkeeperError as error:
            self.unanswered.append(str(error))
            return None

    def unhealthy(self) -> Iterator[str]:
        for sample in self.ask(lambda: self._servers.prometheus.query("up == 0")) or ():
            where = f"{sample.labels.get(JOB)} at {sample.labels.get(INSTANCE)}"
            yield f"{where} is down; see: watchkeeper status"
        for injection in self._plan.faults:
            self.ask(lambda job=injection.job: of_job(self._addresses, job))  # type: ignore[misc]

    def paging(self) -> Iterator[str]:
        for page in self.ask(lambda: self._servers.inbox.pages(status="open")) or ():
            if wakes(page):
                yield f"page {page.id} for {subject(page)} is still open; wait until it resolves"
        for alert in self.ask(lambda: firing(self._servers.prometheus)) or ():
            if alert.state == "firing":
                yield f"{alert.name} for {alert.subject} fires already; wait until it ends"

    def muted(self) -> Iterator[str]:
        for silence in self.ask(self._servers.alertmanager.silences) or ():
            if any(silence.mutes(labels) for labels in self._plan.page_labels):
                yield (
                    f"silence {silence.id} by {silence.created_by} ({silence.comment}) mutes the alert; "
                    f"expire it first"
                )
        in_maintenance = promql.series(MAINTENANCE_ACTIVE, **{SERVICE: self._plan.service}).eq(
            promql.number(1)
        )
        if self.ask(lambda: self._servers.prometheus.query(str(in_maintenance))):
            yield f"{self._plan.service} is in planned maintenance, which mutes its alerts; wait for its end"

    def faulty(self, known_faults: Mapping[str, Sequence[str]]) -> Iterator[str]:
        for job in known_faults:
            for url in self._addresses.get(job, ()):
                for fault in self.ask(lambda job=job, url=url: self._switch.those_on(job, url)) or ():  # type: ignore[misc]
                    yield f"{fault} is on already; run: watchkeeper incident stop"

    def idle(self) -> Iterator[str]:
        rates = self.ask(lambda: by_slo(self._servers.prometheus, self._plan.totals))
        if rates is None:
            return
        for slo in self._plan.traffic_slos:
            if rates.get(slo, 0) <= 0:
                yield f"{slo} has no events, and an SLO without events proves nothing; start the traffic"

    def deaf(self) -> Iterator[str]:
        """Silence proves something only where a page would have been heard."""
        last = promql.aggregate("max", promql.series(HEARTBEAT_TIMESTAMP))
        last_s = self.ask(lambda: self._servers.prometheus.query_value(str(last)))
        age_s = self.ask(lambda: self._servers.prometheus.query_value(str(promql.TIME - last)))
        if last_s == 0:
            yield "no heartbeat of the Watchdog reached the inbox yet; a young stack needs a minute"
        elif age_s is not None and age_s > HEARTBEAT_AGE_MAX.total_seconds():
            yield (
                f"the Watchdog's heartbeat last reached the inbox {age_s:.0f} s ago: pages may not either; "
                f"see: watchkeeper logs alertmanager"
            )

    def history(self) -> Iterator[str]:
        """A long window that holds an earlier incident, or hardly anything yet, lets a page come sooner."""
        if self._plan.windows is None or self._plan.slo is None:
            return
        then = self._now - self._plan.long_window
        if not self.ask(lambda: self._servers.prometheus.query(str(self._plan.windows), at=then)):
            yield (
                f"{self._plan.slo} has less history than a long window: "
                f"the page may come sooner than after a quiet day"
            )
        budget = self._plan.budget_ratio[self._plan.slo]
        windows = self.ask(lambda: self._servers.prometheus.query(str(self._plan.windows))) or ()
        warm = sorted({s.labels[WINDOW] for s in windows if WINDOW in s.labels and s.value > budget})
        if warm:
            yield (
                f"an earlier incident is still in the windows {', '.join(warm)} of {self._plan.slo}; "
                f"the page may come sooner than after a quiet day"
            )
