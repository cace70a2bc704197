"""One process's OpenTelemetry: metrics to be pulled, traces and logs pushed where an endpoint is named.

Providers are passed on, never set globally, so that a test can hold several at once. Views decide here which
labels a metric may have and which buckets; what no view admits cannot grow series, whatever a client sends.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass

# The promised metric names are those of the stable HTTP conventions; the instrumentations read this when
# they are imported.
os.environ.setdefault("OTEL_SEMCONV_STABILITY_OPT_IN", "http")

import httpx2
from fastapi import FastAPI
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.metrics import Meter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.view import DropAggregation, ExplicitBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import NoOpTracerProvider, Tracer
from opentelemetry.trace import TracerProvider as AnyTracerProvider
from prometheus_client import CollectorRegistry, ProcessCollector

from demo import logs, semconv

ENDPOINT_VARIABLE = "OTEL_EXPORTER_OTLP_ENDPOINT"

# Floats throughout: Prometheus writes the bucket of one second as le="1.0" when it scrapes protobuf, so text
# must say the same.
DURATION_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)

# Asked by machines all day long; counting them as traffic would hide what users see.
_NOT_TRAFFIC = "/metrics$,/healthz$,/readyz$,/usage$,/faults"


@dataclass(frozen=True)
class Telemetry:
    """What a service needs in order to be seen."""

    registry: CollectorRegistry
    meter_provider: MeterProvider
    tracer_provider: AnyTracerProvider
    shutdowns: tuple[Callable[[], object], ...]

    @property
    def meter(self) -> Meter:
        """For the service's own instruments."""
        return self.meter_provider.get_meter("demo")

    @property
    def tracer(self) -> Tracer:
        """For the service's own spans."""
        return self.tracer_provider.get_tracer("demo")

    def watch_server(self, app: FastAPI) -> None:
        """Server spans and request metrics for every route that users call."""
        FastAPIInstrumentor.instrument_app(
            app,
            tracer_provider=self.tracer_provider,
            meter_provider=self.meter_provider,
            excluded_urls=_NOT_TRAFFIC,
            exclude_spans=["receive", "send"],
        )

    def watch_client(self, client: httpx2.AsyncClient) -> None:
        """Client spans, and the trace context in every request that leaves."""
        # Imported here: the services that call nobody should not pay for it at start.
        from opentelemetry.instrumentation.httpx import HTTPX2ClientInstrumentor  # noqa: PLC0415

        HTTPX2ClientInstrumentor.instrument_client(
            client, tracer_provider=self.tracer_provider, meter_provider=self.meter_provider
        )

    def shutdown(self) -> None:
        """Send what is still queued; blocks up to the exporters' timeout."""
        for stop in self.shutdowns:
            stop()


def start(*, service: str, instance: str, version: str = "0.1.0") -> Telemetry:
    """Set up metrics, traces, logs for this process. `service` names the group, `instance` the replica."""
    resource = Resource.create(
        {
            "service.name": service,
            "service.namespace": "ultraai",
            "service.instance.id": instance,
            "service.version": version,
        }
    )
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    reader = PrometheusMetricReader(registry=registry, scope_info_enabled=False)
    meter_provider = MeterProvider([reader], resource=resource, views=_views(), shutdown_on_exit=False)
    shutdowns: tuple[Callable[[], object], ...] = (meter_provider.shutdown,)
    tracer_provider: AnyTracerProvider = NoOpTracerProvider()
    logger_provider: LoggerProvider | None = None
    if os.environ.get(ENDPOINT_VARIABLE):
        traces = _traces(resource)
        logger_provider = _logs(resource)
        tracer_provider = traces
        shutdowns += (traces.shutdown, logger_provider.shutdown)
    logs.configure(service=service, instance=instance, logger_provider=logger_provider)
    return Telemetry(registry, meter_provider, tracer_provider, shutdowns)


def _views() -> list[View]:
    buckets = ExplicitBucketHistogramAggregation(DURATION_BUCKETS_S)
    return [
        View(
            instrument_name=semconv.HTTP_SERVER_REQUEST_DURATION,
            attribute_keys={
                semconv.HTTP_REQUEST_METHOD,
                semconv.HTTP_ROUTE,
                semconv.HTTP_RESPONSE_STATUS_CODE,
            },
            aggregation=buckets,
        ),
        View(
            instrument_name=semconv.HTTP_SERVER_ACTIVE_REQUESTS, attribute_keys={semconv.HTTP_REQUEST_METHOD}
        ),
        View(instrument_name="http.server.*.body.size", aggregation=DropAggregation()),
        # The GenAI client metrics say the same of the same calls, by provider instead of by port.
        View(instrument_name="http.client.*", aggregation=DropAggregation()),
    ]


def _traces(resource: Resource) -> TracerProvider:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


def _logs(resource: Resource) -> LoggerProvider:
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter  # noqa: PLC0415
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor  # noqa: PLC0415

    provider = LoggerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
    return provider
