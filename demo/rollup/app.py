"""The batch job's HTTP face: metrics, health, faults. Its work happens in the background."""

from typing import Final

from fastapi import FastAPI

from demo import exposition, faults, serving
from demo.limits import BodyLimit, RequestId
from demo.rollup.job import Job
from demo.telemetry import Telemetry

_BODY_BYTES_MAX: Final = 16 << 10


def build(job: Job, board: faults.Switchboard, telemetry: Telemetry, *, every_s: float) -> FastAPI:
    """The app; the job runs while it serves."""
    app = serving.app("usage roll-up", telemetry, lambda: job.running(every_s))
    app.add_middleware(BodyLimit, bytes_max=_BODY_BYTES_MAX)
    app.add_middleware(RequestId)
    app.include_router(faults.router(board))
    app.include_router(exposition.router(telemetry.registry))

    @app.get("/healthz")
    async def healthz() -> dict[str, object]:
        return {"status": "alive", "faults": board.active}

    return app
