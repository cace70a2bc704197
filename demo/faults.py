"""Faults that a drill can switch on and off over HTTP.

A service declares its faults as typed models; this module keeps which are on and since when, and offers them
under `/faults`. Nothing persists: a restarted process is a healthy one.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import structlog
from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict

log = structlog.get_logger(__name__)


class Fault(BaseModel):
    """A fault's parameters. Subclasses bound each of them."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class FaultState(BaseModel):
    """One fault as `GET /faults` shows it."""

    on: bool
    since: datetime | None = None
    parameters: dict[str, float | str] | None = None


class FaultList(BaseModel):
    """Every fault the service knows, on or off."""

    faults: dict[str, FaultState]


@dataclass(frozen=True)
class _Active:
    fault: Fault
    since: datetime


F = TypeVar("F", bound=Fault)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Switchboard:
    """Which of a service's faults are on. Switching one on again replaces its parameters and its start."""

    def __init__(self, kinds: Mapping[str, type[Fault]], *, now: Callable[[], datetime] = _utc_now) -> None:
        self.kinds = dict(kinds)
        self._names = {kind: name for name, kind in self.kinds.items()}
        self._now = now
        self._active: dict[str, _Active] = {}

    def get(self, kind: type[F]) -> F | None:
        """The parameters of a fault that is on, None when it is off."""
        active = self._active.get(self._names[kind])
        return active.fault if active is not None and isinstance(active.fault, kind) else None

    def switch_on(self, fault: Fault) -> None:
        """Switch a fault on with these parameters."""
        name = self._names[type(fault)]
        self._active[name] = _Active(fault, self._now())
        log.warning("fault_on", fault=name, parameters=fault.model_dump())

    def switch_off(self, name: str) -> None:
        """Switch one fault off; harmless when it is off already."""
        if self._active.pop(name, None) is not None:
            log.warning("fault_off", fault=name)

    def switch_all_off(self) -> None:
        """Back to normal."""
        for name in self.active:
            self.switch_off(name)

    @property
    def active(self) -> tuple[str, ...]:
        """Names of the faults that are on, in the order of declaration."""
        return tuple(name for name in self.kinds if name in self._active)

    def list(self) -> FaultList:
        """Every fault with its state."""
        return FaultList(faults={name: self._state(name) for name in self.kinds})

    def _state(self, name: str) -> FaultState:
        active = self._active.get(name)
        if active is None:
            return FaultState(on=False)
        return FaultState(on=True, since=active.since, parameters=active.fault.model_dump())


def router(board: Switchboard) -> APIRouter:
    """GET and DELETE `/faults`, PUT and DELETE `/faults/{fault}`; every answer is the new state."""
    routes = APIRouter(prefix="/faults", tags=["faults"])

    @routes.get("")
    async def show() -> FaultList:
        return board.list()

    @routes.delete("")
    async def clear_all() -> FaultList:
        board.switch_all_off()
        return board.list()

    for name, kind in board.kinds.items():
        routes.add_api_route(f"/{name}", _switch_on(board, kind), methods=["PUT"], name=f"switch_on_{name}")
        routes.add_api_route(
            f"/{name}", _switch_off(board, name), methods=["DELETE"], name=f"switch_off_{name}"
        )

    @routes.api_route("/{fault}", methods=["PUT", "DELETE"], include_in_schema=False)
    async def unknown(fault: str) -> None:
        known = ", ".join(board.kinds)
        raise HTTPException(404, f"there is no fault {fault[:64]!r} here; use one of: {known}")

    return routes


def _switch_on(board: Switchboard, kind: type[Fault]) -> Callable[[Fault], Awaitable[FaultList]]:
    async def switch_on(parameters: Fault) -> FaultList:
        board.switch_on(parameters)
        return board.list()

    # The body's type is only known here; FastAPI validates by it and shows it in the OpenAPI document.
    switch_on.__annotations__["parameters"] = kind
    return switch_on


def _switch_off(board: Switchboard, name: str) -> Callable[[], Awaitable[FaultList]]:
    async def switch_off() -> FaultList:
        board.switch_off(name)
        return board.list()

    return switch_off
