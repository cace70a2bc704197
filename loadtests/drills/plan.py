"""What a rehearsal has to watch, derived from the catalog: a pure function of one drill.

Stands alone because it is the only part that knows how a drill's few lines become SLOs to follow, proofs
to look for, time allowed and PromQL to ask; everything after it works on the plan.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from watchkeeper import promql
from watchkeeper.catalog.base import SloId
from watchkeeper.catalog.catalog import Catalog, Objective
from watchkeeper.catalog.resilience import Drill, ExpectPage, ExpectSilence, FaultInjection, KillInjection
from watchkeeper.catalog.service import Service
from watchkeeper.conventions import (
    ALERT_BURN,
    ALERTNAME,
    ERROR_RATIO,
    SERVICE,
    SEVERITY,
    SEVERITY_PAGE,
    SLO,
    TEAM,
)
from watchkeeper.errors import WatchkeeperError
from watchkeeper.promql import Expr
from watchkeeper.sli import compile_sli

RATE_SCRAPES = 4
"""Scrapes in the shortest rate that is trusted: the level-0 window of the rules."""
GAP_SCRAPES = 6
GAP_MIN = timedelta(seconds=5)
LONG_WINDOWS = 720
"""Long windows of the fastest page in an SLO's period: an hour of thirty days (SRE workbook, chapter 5)."""
LATE_SHARE = 2
"""A late page is waited for another ``within / LATE_SHARE``: late and never are different findings."""


class UnknownDrillError(WatchkeeperError):
    """The catalog has no drill of that name."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One drill, ready to be followed."""

    service: str
    drill: Drill
    slo: SloId | None
    """The SLO that must page; None when nobody may be paged."""
    traffic_slos: tuple[SloId, ...]
    """SLOs that prove nothing without events."""
    proof_slos: tuple[SloId, ...]
    """SLOs in which the fault shows: those of the services that own the faulty processes, and ``slo``."""
    budget_ratio: Mapping[SloId, float]
    """Error budget of each SLO above, as a ratio: what counts as a rise."""
    page_labels: tuple[Mapping[str, str], ...]
    """Labels of the page alerts that this drill is about; a silence of these would hide the result."""
    settle: timedelta
    """How long to keep looking after the last step, for a page that is still under way."""
    gap_max: timedelta
    """How long a backend, the traffic or the fault may be out of sight before the drill proves nothing."""
    hold: timedelta = timedelta(0)
    """The fault stays on at least this long, even when the page comes sooner."""
    ratios: Expr = field(default=Expr("vector(0)"))
    """Error ratio now of every SLO above, worst group first, by the ``slo`` label."""
    totals: Expr = field(default=Expr("vector(0)"))
    """Events per second now of every SLO in ``traffic_slos``, by the ``slo`` label."""
    windows: Expr | None = None
    """Error ratio of the SLO over every recorded window: what earlier incidents left behind."""
    long_window: timedelta = timedelta(0)
    """The long window of the SLO's fastest page."""

    @property
    def page_within(self) -> timedelta | None:
        """From the injection to the page."""
        return self.drill.expect.within if isinstance(self.drill.expect, ExpectPage) else None

    @property
    def resolve_within(self) -> timedelta | None:
        """From the end of the fault to the page's resolution."""
        return self.drill.expect.resolve_within if isinstance(self.drill.expect, ExpectPage) else None

    @property
    def silent_for(self) -> timedelta | None:
        """How long the fault is held and nothing may page."""
        return self.drill.expect.silent_for if isinstance(self.drill.expect, ExpectSilence) else None

    @property
    def faults(self) -> tuple[FaultInjection, ...]:
        """Faults that are switched on and back off."""
        return tuple(i for i in self.drill.inject if isinstance(i, FaultInjection))

    @property
    def kills(self) -> tuple[KillInjection, ...]:
        """Processes that are killed."""
        return tuple(i for i in self.drill.inject if isinstance(i, KillInjection))


def make_plan(catalog: Catalog, name: str, *, hold: timedelta = timedelta(0)) -> Plan:
    """Plan the rehearsal of the drill with this id.

    Raises:
        UnknownDrillError: there is none, or what it expects can not happen; says what to change.
    """
    service, drill = find_drill(catalog, name)
    own = {o.slo.id: o for o in catalog.objectives if o.service.id == service.id}
    paged: Objective | None = None
    if isinstance(drill.expect, ExpectPage):
        paged = own.get(drill.expect.page)
        if paged is None or not paged.slo.alerts.page:
            raise UnknownDrillError(
                f"drill {name!r} expects a page for SLO {drill.expect.page!r} of {service.id}, "
                f"which has no page alert; name an SLO of the service that pages"
            )
    traffic = (paged,) if paged else tuple(own.values())
    faulty_jobs = {injection.job for injection in drill.inject}
    owners = {owner.id for owner, job in catalog.jobs() if job.job in faulty_jobs}
    proofs = _distinct(
        [*((paged,) if paged else ()), *(o for o in catalog.objectives if o.service.id in owners)]
    )
    everything = _distinct([*traffic, *proofs])
    window = catalog.settings.scrape_interval * RATE_SCRAPES
    return Plan(
        service=service.id,
        drill=drill,
        slo=paged.id if paged else None,
        traffic_slos=tuple(o.id for o in traffic),
        proof_slos=tuple(o.id for o in proofs),
        budget_ratio={o.id: float(o.slo.error_budget_ratio) for o in everything},
        page_labels=tuple(_page_labels(o) for o in traffic if o.slo.alerts.page),
        settle=max(GAP_MIN, window),
        gap_max=max(GAP_MIN, catalog.settings.scrape_interval * GAP_SCRAPES),
        hold=hold,
        ratios=_one_vector(_ratio(o, window) for o in everything),
        totals=_one_vector(_total(o, window) for o in traffic),
        windows=promql.series(ERROR_RATIO, **{SLO: paged.id}) if paged else None,
        long_window=paged.slo.period / LONG_WINDOWS if paged else timedelta(0),
    )


def find_drill(catalog: Catalog, name: str) -> tuple[Service, Drill]:
    """Find a drill by its id.

    Raises:
        UnknownDrillError: there is none; names those that there are.
    """
    for service, drill in catalog.drills():
        if drill.id == name:
            return service, drill
    known = (
        ", ".join(drill.id for _, drill in catalog.drills()) or "none; add one under 'drills:' of a service"
    )
    raise UnknownDrillError(f"the catalog has no drill {name!r}; it has: {known}")


def known_faults(catalog: Catalog, name: str | None = None) -> Mapping[str, tuple[str, ...]]:
    """Faults by job that the drills (or one drill) switch on: what a clean-up has to look at."""
    faults: dict[str, dict[str, None]] = {}
    for _, drill in [find_drill(catalog, name)] if name else catalog.drills():
        for injection in drill.inject:
            if isinstance(injection, FaultInjection):
                faults.setdefault(injection.job, {})[injection.fault] = None
    return {job: tuple(names) for job, names in faults.items()}


def _page_labels(objective: Objective) -> Mapping[str, str]:
    return {
        ALERTNAME: ALERT_BURN,
        SLO: objective.id,
        SERVICE: objective.service.id,
        TEAM: objective.service.team,
        SEVERITY: SEVERITY_PAGE,
    }


def _distinct(objectives: Iterable[Objective]) -> tuple[Objective, ...]:
    return tuple({objective.id: objective for objective in objectives}.values())


def _ratio(objective: Objective, window: timedelta) -> tuple[SloId, Expr]:
    pair = compile_sli(objective.sli, window)
    return objective.id, promql.aggregate("max", pair.bad / (pair.total > promql.number(0)))


def _total(objective: Objective, window: timedelta) -> tuple[SloId, Expr]:
    return objective.id, promql.aggregate("sum", compile_sli(objective.sli, window).total)


def _one_vector(parts: Iterable[tuple[SloId, Expr]]) -> Expr:
    """Put one number per SLO into one answer: a poll costs one request, however many SLOs there are."""
    vector: Expr | None = None
    for slo, expr in parts:
        named = promql.call(
            "label_replace", expr, *(Expr(promql.quote(text)) for text in (SLO, str(slo), "", ""))
        )
        vector = named if vector is None else vector.or_(named)
    return vector if vector is not None else promql.call("vector", promql.number(0))
