"""Native histograms on the wire."""

import io
import math
import struct
from typing import Any

import pytest
from google.protobuf import unknown_fields
from google.protobuf.empty_pb2 import Empty
from google.protobuf.proto import parse_length_prefixed
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import CollectorRegistry, Gauge, Summary

from demo import protobuf
from demo.native import NativeHistogram

NAME = "gen_ai_server_time_to_first_token_seconds"


def families(registry: CollectorRegistry, *native: NativeHistogram) -> dict[str, Any]:
    """Encode, then decode as a scraper would."""
    buckets = {histogram.prometheus_name: histogram.buckets() for histogram in native}
    stream = io.BytesIO(protobuf.encode(registry.collect(), buckets))
    found = {}
    message_type: Any = protobuf.message_type("MetricFamily")
    while (family := parse_length_prefixed(message_type, stream)) is not None:
        found[family.name] = family
    return found


def recorded(*seconds: float) -> Any:  # noqa: ANN401 - generated classes have no types
    """The histogram of these observations, decoded."""
    registry = CollectorRegistry()
    reader = PrometheusMetricReader(registry=registry, scope_info_enabled=False, disable_target_info=True)
    provider = MeterProvider([reader], shutdown_on_exit=False)
    histogram = NativeHistogram(provider.get_meter("test"), "gen_ai.server.time_to_first_token", "help")
    for value in seconds:
        histogram.record(value, {"gen_ai.provider.name": "openai"})
    (metric,) = families(registry, histogram)[NAME].metric
    return metric


def in_bucket(histogram: Any) -> dict[tuple[float, float], int]:  # noqa: ANN401
    """Counts by (lower, upper] bound, from schema, spans and deltas as Prometheus reads them."""
    base = 2**2**-histogram.schema
    index, count, found = 0, 0, {}
    deltas = iter(histogram.positive_delta)
    for span in histogram.positive_span:
        index += span.offset
        for _ in range(span.length):
            count += next(deltas)
            found[base ** (index - 1), base**index] = count
            index += 1
    return {bounds: count for bounds, count in found.items() if count}


def test_both_forms_are_one_metric_with_the_same_labels() -> None:
    """A server that knows native histograms takes those, an older one the classic buckets."""
    metric = recorded(0.08, 0.3)
    assert [(label.name, label.value) for label in metric.label] == [("gen_ai_provider_name", "openai")]
    assert metric.histogram.sample_count == 2
    assert metric.histogram.sample_sum == pytest.approx(0.38)
    assert {bucket.upper_bound: bucket.cumulative_count for bucket in metric.histogram.bucket}[0.1] == 1


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(min_value=0.001, max_value=600), min_size=1, max_size=30))
def test_every_observation_is_in_the_bucket_that_holds_it(seconds: list[float]) -> None:
    """The SDK and Prometheus number buckets differently, by one; here Prometheus is right."""
    buckets = in_bucket(recorded(*seconds).histogram)
    assert sum(buckets.values()) == len(seconds)
    for (lower, upper), count in buckets.items():
        held = sum(lower * (1 - 1e-9) < value <= upper * (1 + 1e-9) for value in seconds)
        strictly = sum(lower * (1 + 1e-9) < value <= upper * (1 - 1e-9) for value in seconds)
        assert strictly <= count <= held


def test_field_numbers_are_those_of_the_published_messages() -> None:
    """Decoding with our own description cannot tell; a decoder that knows no names can."""
    encoded = recorded(0.08).histogram.SerializeToString()
    unknown: Any = unknown_fields.UnknownFieldSet(Empty.FromString(encoded))
    fields = {field.field_number: field for field in unknown}
    # sample_count, sample_sum, bucket, schema, zero_threshold, zero_count, positive_span, positive_delta
    assert set(fields) == {1, 2, 3, 5, 6, 7, 12, 13}
    assert (fields[1].data, fields[7].data) == (1, 0)
    assert fields[5].data == 3 << 1  # zigzag
    assert struct.unpack("<d", struct.pack("<Q", fields[2].data)) == (pytest.approx(0.08),)
    assert 0 < struct.unpack("<d", struct.pack("<Q", fields[6].data))[0] < 1e-30


def test_buckets_keep_their_bounds_over_the_whole_range() -> None:
    """Ten milliseconds to ten minutes in one histogram, still at eight buckets for each doubling."""
    assert recorded(0.01, 600).histogram.schema == 3


def test_plain_families_and_odd_values_survive() -> None:
    """Gauges with NaN and infinity, and labels beyond ASCII."""
    registry = CollectorRegistry()
    gauge = Gauge("odd", "help", ["who"], registry=registry)
    gauge.labels("é").set(math.inf)
    gauge.labels("").set(math.nan)
    first, second = families(registry)["odd"].metric
    assert (first.label[0].value, first.gauge.value) == ("é", math.inf)
    assert (len(second.label), math.isnan(second.gauge.value)) == (0, True)


def test_a_summary_is_refused_by_name() -> None:
    """Nothing is dropped in silence."""
    registry = CollectorRegistry()
    Summary("bad", "help", registry=registry)
    with pytest.raises(ValueError, match="metric bad: cannot expose a summary"):
        families(registry)
