"""Switch faults on and take them back; kill processes.

The one rule: what was switched on is written down before it is switched on, and is taken back whatever
happens. A process that is gone has taken its faults with it, because faults live in memory only.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import httpx2
from pydantic import BaseModel, ConfigDict, TypeAdapter

from loadtests.drills.addresses import Addresses, of_job
from loadtests.drills.plan import Plan
from loadtests.drills.processes import ProcessControl
from loadtests.drills.record import DrillRecords, SwitchedFault
from loadtests.drills.seen import SeenFault, SeenProcess
from watchkeeper.errors import WatchkeeperError
from watchkeeper.http_api import HttpApi

TAKE_BACK_TRIES = 4
TAKE_BACK_PAUSE_S = 1.0


class InjectionError(WatchkeeperError):
    """A fault could not be switched on or off."""


class _FaultState(BaseModel):
    # A service may tell more about its faults than a drill reads.
    model_config = ConfigDict(frozen=True, extra="ignore")
    on: bool


class _Faults(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")
    faults: Mapping[str, _FaultState]


_FAULTS = TypeAdapter(_Faults)


class FaultSwitch(HttpApi):
    """Faults over HTTP: ``GET /faults``, ``PUT`` (JSON parameters) and ``DELETE /faults/{fault}``."""

    def on(self, fault: SwitchedFault, parameters: Mapping[str, int | Decimal]) -> None:
        """Switch a fault on, and make sure that the process says so.

        Raises:
            InjectionError: the process refuses, is away, or still says that the fault is off.
        """
        body = {key: int(value) if value == int(value) else float(value) for key, value in parameters.items()}
        try:
            response = self._client.put(f"{fault.url}/faults/{fault.fault}", json=body)
        except httpx2.HTTPError as error:
            raise InjectionError(f"{fault}: no answer ({_reason(error)}); is it running?") from error
        if response.is_error:
            raise InjectionError(f"{fault}: refused with HTTP {response.status_code}: {response.text[:300]}")
        if not self.seen(fault).on:
            raise InjectionError(f"{fault}: was accepted, but the process does not say that it is on")

    def off(self, fault: SwitchedFault) -> None:
        """Take a fault back; harmless when it is off, or the process is gone.

        Raises:
            InjectionError: the process runs, but did not take it back after several tries.
        """
        problem = ""
        for attempt in range(TAKE_BACK_TRIES):
            if attempt:
                time.sleep(TAKE_BACK_PAUSE_S)
            try:
                response = self._client.delete(f"{fault.url}/faults/{fault.fault}")
            except httpx2.ConnectError:
                return
            except httpx2.HTTPError as error:
                problem = _reason(error)
                continue
            if response.is_success or response.status_code == httpx2.codes.NOT_FOUND:
                return
            problem = f"HTTP {response.status_code}"
        raise InjectionError(f"{fault}: could not be taken back ({problem}); run: watchkeeper incident stop")

    def all_off(self, faults: Iterable[SwitchedFault]) -> None:
        """Take faults back; one that resists does not keep the others on.

        Raises:
            InjectionError: some may still be on.
        """
        problems: list[str] = []
        for fault in faults:
            try:
                self.off(fault)
            except InjectionError as error:
                problems.append(str(error))
        if problems:
            raise InjectionError("\n".join(problems))

    def seen(self, fault: SwitchedFault) -> SeenFault:
        """Tell whether a fault is on; unknown when the process does not answer."""
        try:
            states = self._states(fault.url)
        except InjectionError:
            return SeenFault(where=f"{fault.job} ({fault.url})", fault=fault.fault, on=None)
        state = states.get(fault.fault, _FaultState(on=False))
        return SeenFault(where=f"{fault.job} ({fault.url})", fault=fault.fault, on=state.on)

    def those_on(self, job: str, url: str) -> Sequence[SwitchedFault]:
        """Give every fault that is on at a process, whoever switched it on; none when the process is gone.

        Raises:
            InjectionError: it answers, but not with its faults.
        """
        try:
            states = self._states(url)
        except InjectionError as error:
            if isinstance(error.__cause__, httpx2.ConnectError):
                return ()
            raise
        return [SwitchedFault(job=job, url=url, fault=name) for name, state in states.items() if state.on]

    def _states(self, url: str) -> Mapping[str, _FaultState]:
        try:
            response = self._client.get(f"{url}/faults")
            response.raise_for_status()
            return _FAULTS.validate_json(response.content).faults
        except (httpx2.HTTPError, ValueError) as error:
            raise InjectionError(f"{url}/faults: no list of faults ({_reason(error)})") from error


@dataclass(frozen=True, slots=True)
class Victim:
    """A process that the drill killed."""

    job: str
    name: str
    pid: int


class Injector:
    """One drill's injections, done and taken back."""

    def __init__(
        self,
        plan: Plan,
        *,
        addresses: Addresses,
        switch: FaultSwitch,
        processes: ProcessControl,
        records: DrillRecords,
        now: Callable[[], datetime],
    ) -> None:
        self._plan = plan
        self._addresses = addresses
        self._switch = switch
        self._processes = processes
        self._records = records
        self._now = now
        self._on: list[SwitchedFault] = []
        self._victims: list[Victim] = []

    def inject(self) -> Mapping[str, int]:
        """Do it all; give the ids of the processes that were killed, by name.

        Raises:
            WatchkeeperError: something could not be done; what was done already is still on.
        """
        wanted = [
            (SwitchedFault(job=injection.job, url=url, fault=injection.fault), injection.parameters)
            for injection in self._plan.faults
            for url in of_job(self._addresses, injection.job)
        ]
        victims = list(self._choose_victims())
        # Before the first switch: after a crash someone must be able to find out what to take back.
        self._on = [fault for fault, _ in wanted]
        if self._on:
            self._records.remember(self._plan.drill.id, self._on, now=self._now())
        for fault, parameters in wanted:
            self._switch.on(fault, parameters)
        for victim in victims:
            self._processes.kill(victim.name)
        self._victims = victims
        return {victim.name: victim.pid for victim in victims}

    def take_back(self) -> None:
        """Switch off every fault that was switched on. Killed processes are their supervisor's to restart.

        Raises:
            InjectionError: some are still on; all others were tried.
        """
        if not self._on:
            return
        self._switch.all_off(self._on)
        self._on = []
        self._records.forget()

    def faults(self) -> Sequence[SeenFault]:
        """Tell what the processes say about the faults."""
        return [self._switch.seen(fault) for fault in self._on]

    def killed(self) -> Sequence[SeenProcess]:
        """Tell how the killed processes are."""
        now = {
            instance.name: instance
            for job in dict.fromkeys(victim.job for victim in self._victims)
            for instance in self._processes.instances(job)
        }
        return [
            SeenProcess(victim.name, now[victim.name].pid, now[victim.name].healthy)
            if victim.name in now
            else SeenProcess(victim.name, None, healthy=False)
            for victim in self._victims
        ]

    def _choose_victims(self) -> Iterable[Victim]:
        for injection in self._plan.kills:
            running = sorted(
                (instance.name, instance.pid)
                for instance in self._processes.instances(injection.job)
                if instance.pid is not None
            )
            if len(running) < injection.count:
                raise InjectionError(
                    f"{injection.job}: {len(running)} processes run, "
                    f"{injection.count} should be killed; see: watchkeeper status"
                )
            for name, pid in running[: injection.count]:
                yield Victim(injection.job, name, pid)


def _reason(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
