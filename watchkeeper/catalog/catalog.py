"""The whole catalog as one immutable value, and the look-ups that everything else starts from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from watchkeeper.catalog.base import SloId
from watchkeeper.catalog.maintenance import MaintenanceWindow
from watchkeeper.catalog.money import Ownership, PriceBook
from watchkeeper.catalog.resilience import Drill
from watchkeeper.catalog.service import ScrapeJob, Service
from watchkeeper.catalog.settings import Settings
from watchkeeper.catalog.sli import Sli
from watchkeeper.catalog.slo import Slo
from watchkeeper.catalog.team import Team


@dataclass(frozen=True, slots=True)
class Objective:
    """One SLO together with the service and the SLI that it belongs to."""

    service: Service
    sli: Sli
    slo: Slo

    @property
    def id(self) -> SloId:
        """Unique in the catalog: ``<service>-<slo>``."""
        return SloId(f"{self.service.id}-{self.slo.id}")


@dataclass(frozen=True)
class Catalog:
    """Everything that is known of the watched system. Every generated file is a pure function of it.

    References between its parts are valid: the loader refuses a catalog in which one dangles.
    """

    settings: Settings
    teams: tuple[Team, ...] = ()
    services: tuple[Service, ...] = ()
    prices: PriceBook = field(default_factory=PriceBook)
    ownership: Ownership = field(default_factory=Ownership)
    maintenance: tuple[MaintenanceWindow, ...] = ()

    @cached_property
    def service_by_id(self) -> Mapping[str, Service]:
        """Services by id."""
        return {service.id: service for service in self.services}

    @cached_property
    def objectives(self) -> tuple[Objective, ...]:
        """Every SLO with its service and SLI, in the catalog's order."""
        return tuple(
            Objective(service, sli, slo)
            for service in self.services
            for slo in service.slos
            for sli in service.slis
            if sli.id == slo.sli
        )

    def drills(self) -> Iterator[tuple[Service, Drill]]:
        """Every drill with its service; a drill's id is unique in the catalog."""
        for service in self.services:
            for drill in service.drills:
                yield service, drill

    def jobs(self) -> Iterator[tuple[Service, ScrapeJob]]:
        """Every scrape job with its service; a job's name is unique in the catalog."""
        for service in self.services:
            for job in service.scrape:
                yield service, job
