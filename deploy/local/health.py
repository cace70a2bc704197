"""Asks processes whether they are ready, all at once, each within a time limit."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpx2

from deploy.local.programs import Program

HEALTH_TIMEOUT_S = 1.0
AT_ONCE = 8


@dataclass(frozen=True)
class Health:
    """An answer, as of now. ``ok`` is ``None`` for a process that cannot be asked."""

    ok: bool | None
    said: str


class Prober:
    """Asks many processes at once, each over a connection of its own; close it when done."""

    def __init__(self, timeout_s: float = HEALTH_TIMEOUT_S) -> None:
        # Loopback only: a proxy from the environment would answer for the dead.
        self._client = httpx2.Client(timeout=timeout_s, trust_env=False)
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="health")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._client.close()

    def ask(self, programs: Iterable[Program]) -> Mapping[str, Health]:
        """Ask each of them; by name."""
        asked = list(programs)
        answers = self._pool.map(self._ask_one, asked)
        return dict(zip((program.name for program in asked), answers, strict=True))

    def _ask_one(self, program: Program) -> Health:
        if program.health_url is None:
            return Health(ok=None, said="")
        try:
            answer = self._client.get(program.health_url, headers={"Connection": "close"})
        except httpx2.TimeoutException:
            return Health(ok=False, said="does not answer in time")
        except httpx2.TransportError as error:
            return Health(ok=False, said=f"does not answer ({type(error).__name__})")
        return Health(ok=answer.status_code == httpx2.codes.OK, said=f"answers {answer.status_code}")
