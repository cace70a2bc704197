"""`GET /metrics`: text for everybody, protobuf for a Prometheus that asks for native histograms.

Which format to send is decided from the Accept header alone; text is the answer to anything that is not
clearly the other.
"""

from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, generate_latest

from demo.native import NativeHistogram

TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
PROTOBUF: Final = (
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
)
_PROTOBUF_PARTS: Final = frozenset(part.strip() for part in PROTOBUF.split(";"))


def accepts_protobuf(accept: str) -> bool:
    """Whether an Accept header asks for delimited MetricFamily messages."""
    for media_range in accept.split(","):
        parts = {part.strip().replace(" ", "") for part in media_range.split(";")}
        quality = next((part[2:] for part in parts if part.startswith("q=")), "1")
        if parts >= _PROTOBUF_PARTS and quality.strip("0.") != "":
            return True
    return False


def router(registry: CollectorRegistry, native: Sequence[NativeHistogram] = ()) -> APIRouter:
    """The route. `native` are the histograms that the protobuf form shows with exponential buckets."""
    routes = APIRouter()

    @routes.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        if native and accepts_protobuf(request.headers.get("accept", "")):
            # Imported when first asked for: most scrapers never are, and start-up should not pay.
            from demo import protobuf  # noqa: PLC0415

            buckets = {histogram.prometheus_name: histogram.buckets() for histogram in native}
            return Response(protobuf.encode(registry.collect(), buckets), headers={"Content-Type": PROTOBUF})
        return Response(generate_latest(registry), headers={"Content-Type": TEXT})

    return routes
