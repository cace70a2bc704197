"""A histogram that Prometheus can keep as a native one: exponential buckets beside the classic ones.

The SDK can hold exponential buckets, but its Prometheus exporter cannot carry them: it reads `point.value`,
which an exponential data point has not, and the scrape fails. So the exponential copy lives in a meter
provider of its own, which the exposition asks directly (see demo.protobuf).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opentelemetry.metrics import Meter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import ExponentialHistogramDataPoint, InMemoryMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View

from demo.telemetry import DURATION_BUCKETS_S

# Eight buckets for each doubling, at most 9 % wide. 160 of them span 20 doublings (10 ms to hours), so the
# scale, and with it every bucket's bounds, stays as it starts; Prometheus admits -4 to 8.
_SCALE = 3
_BUCKETS_MAX = 160


@dataclass(frozen=True)
class Buckets:
    """One labelled exponential histogram in Prometheus's terms.

    `counts[i]` is the number of observations in (base^(offset+i-1), base^(offset+i)], base = 2^(2^-schema).
    """

    labels: Mapping[str, str]
    count: int
    sum: float
    schema: int
    zero_count: int
    offset: int
    counts: Sequence[int]


class NativeHistogram:
    """A duration in seconds, recorded both ways. `name` is the OpenTelemetry one."""

    def __init__(self, meter: Meter, name: str, description: str) -> None:
        self.prometheus_name = f"{name.replace('.', '_')}_seconds"
        self._classic = meter.create_histogram(
            name, unit="s", description=description, explicit_bucket_boundaries_advisory=DURATION_BUCKETS_S
        )
        exponential = ExponentialBucketHistogramAggregation(_BUCKETS_MAX, _SCALE, record_min_max=False)
        self._reader = InMemoryMetricReader()
        provider = MeterProvider(
            [self._reader], views=[View(instrument_name="*", aggregation=exponential)], shutdown_on_exit=False
        )
        self._exponential = provider.get_meter("demo").create_histogram(name, unit="s")

    def record(self, seconds: float, attributes: Mapping[str, str]) -> None:
        """Count one observation."""
        self._classic.record(seconds, attributes)
        self._exponential.record(seconds, attributes)

    def buckets(self) -> list[Buckets]:
        """What was recorded since the start, one entry for each set of labels."""
        data = self._reader.get_metrics_data()
        if data is None:
            return []
        return [
            _to_prometheus(point)
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            for point in metric.data.data_points
            if isinstance(point, ExponentialHistogramDataPoint)
        ]


def _to_prometheus(point: ExponentialHistogramDataPoint) -> Buckets:
    return Buckets(
        labels={key.replace(".", "_"): str(value) for key, value in (point.attributes or {}).items()},
        count=point.count,
        sum=point.sum,
        schema=point.scale,
        zero_count=point.zero_count,
        # OpenTelemetry numbers a bucket by its lower bound, Prometheus by its upper.
        offset=point.positive.offset + 1,
        counts=tuple(point.positive.bucket_counts),
    )
