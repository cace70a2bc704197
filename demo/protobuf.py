"""Prometheus's protobuf exposition: the only format in which a server before 3.x accepts native histograms.

Python's client library writes text only, so the messages are described here, field numbers as in
io.prometheus.client (prometheus/client_model, metrics.proto), and left to google.protobuf to encode. Only
what we send is described.
"""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message
from google.protobuf.proto import serialize_length_prefixed
from prometheus_client import Metric
from prometheus_client.samples import Sample

from demo.native import Buckets

_PACKAGE: Final = "io.prometheus.client"
_FIELD: Final = descriptor_pb2.FieldDescriptorProto
_MESSAGES: Final[Mapping[str, Mapping[str, tuple[int, str]]]] = {
    # message: {field: (number, type)}; "*" marks a repeated field, a capital letter another message of this
    # table.
    "LabelPair": {"name": (1, "string"), "value": (2, "string")},
    "Gauge": {"value": (1, "double")},
    "Counter": {"value": (1, "double")},
    "Untyped": {"value": (1, "double")},
    "Bucket": {"cumulative_count": (1, "uint64"), "upper_bound": (2, "double")},
    "BucketSpan": {"offset": (1, "sint32"), "length": (2, "uint32")},
    "Histogram": {
        "sample_count": (1, "uint64"),
        "sample_sum": (2, "double"),
        "bucket": (3, "*Bucket"),
        "schema": (5, "sint32"),
        "zero_threshold": (6, "double"),
        "zero_count": (7, "uint64"),
        "positive_span": (12, "*BucketSpan"),
        "positive_delta": (13, "*sint64"),
    },
    "Metric": {
        "label": (1, "*LabelPair"),
        "gauge": (2, "Gauge"),
        "counter": (3, "Counter"),
        "untyped": (5, "Untyped"),
        "histogram": (7, "Histogram"),
    },
    # `type` is an enumeration there; on the wire that is a plain integer.
    "MetricFamily": {
        "name": (1, "string"),
        "help": (2, "string"),
        "type": (3, "int32"),
        "metric": (4, "*Metric"),
    },
}
_TYPE_NUMBERS: Final = {"counter": 0, "gauge": 1, "info": 1, "unknown": 3, "histogram": 4}

# What Go's client uses for "as good as nothing"; a histogram without one would pass for a classic histogram
# while empty.
_ZERO_THRESHOLD: Final = 2.0**-128


def encode(families: Iterable[Metric], native: Mapping[str, Sequence[Buckets]]) -> bytes:
    """Encode families, length-delimited; `native` holds exponential buckets by histogram family name.

    Summaries are refused (ValueError): nothing here makes them.
    """
    family_type = message_type("MetricFamily")
    out = io.BytesIO()
    for family in families:
        message = family_type(**_family(family, native.get(family.name, ())))
        serialize_length_prefixed(message, out)
    return out.getvalue()


def _family(family: Metric, native: Sequence[Buckets]) -> dict[str, Any]:
    if family.type not in _TYPE_NUMBERS:
        raise ValueError(
            f"metric {family.name}: cannot expose a {family.type}; use a counter, gauge or histogram"
        )
    suffix = {"counter": "_total", "info": "_info"}.get(family.type, "")
    metrics = _histograms(family.samples, native) if family.type == "histogram" else _plain(family)
    return {
        "name": family.name + suffix,
        "help": family.documentation,
        "type": _TYPE_NUMBERS[family.type],
        "metric": list(metrics),
    }


def _plain(family: Metric) -> Iterator[dict[str, Any]]:
    kind = {"counter": "counter", "unknown": "untyped"}.get(family.type, "gauge")
    for sample in family.samples:
        if not sample.name.endswith("_created"):
            yield {"label": _labels(sample.labels), kind: {"value": sample.value}}


def _histograms(samples: Iterable[Sample], native: Sequence[Buckets]) -> Iterator[dict[str, Any]]:
    classic: dict[frozenset[tuple[str, str]], dict[str, Any]] = {}
    for sample in samples:
        labels = frozenset((name, value) for name, value in sample.labels.items() if value and name != "le")
        histogram = classic.setdefault(labels, {"bucket": []})
        if sample.name.endswith("_bucket"):
            upper = float(sample.labels["le"])
            histogram["bucket"].append({"cumulative_count": int(sample.value), "upper_bound": upper})
        elif sample.name.endswith("_count"):
            histogram["sample_count"] = int(sample.value)
        elif sample.name.endswith("_sum"):
            histogram["sample_sum"] = sample.value
    for exponential in native:
        classic.setdefault(frozenset(exponential.labels.items()), {}).update(_native(exponential))
    for key, histogram in classic.items():
        yield {"label": _labels(dict(sorted(key))), "histogram": histogram}


def _native(buckets: Buckets) -> dict[str, Any]:
    """The sparse form: one span from first bucket to last, each count as the difference to the one before."""
    counts = buckets.counts if any(buckets.counts) else ()
    return {
        "sample_count": buckets.count,
        "sample_sum": buckets.sum,
        "schema": buckets.schema,
        "zero_threshold": _ZERO_THRESHOLD,
        "zero_count": buckets.zero_count,
        "positive_span": [{"offset": buckets.offset, "length": len(counts)}] if counts else [],
        "positive_delta": [count - before for before, count in zip((0, *counts), counts, strict=False)],
    }


def _labels(labels: Mapping[str, str]) -> list[dict[str, str]]:
    # An empty label is no label; the text parser drops it, so leave it out here.
    return [{"name": name, "value": value} for name, value in labels.items() if value]


@cache
def message_type(name: str) -> type[Message]:
    """The generated class of one message of the table; also for tests, which decode with it."""
    pool = descriptor_pool.DescriptorPool()
    file = descriptor_pb2.FileDescriptorProto(name="metrics.proto", package=_PACKAGE, syntax="proto2")
    for message, fields in _MESSAGES.items():
        described = file.message_type.add(name=message)
        for field, (number, kind) in fields.items():
            described.field.append(_describe(field, number, kind))
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))


def _describe(field: str, number: int, kind: str) -> descriptor_pb2.FieldDescriptorProto:
    label = _FIELD.LABEL_REPEATED if kind.startswith("*") else _FIELD.LABEL_OPTIONAL
    kind = kind.removeprefix("*")
    described = _FIELD(name=field, number=number, label=label)
    if kind in _MESSAGES:
        described.type = _FIELD.TYPE_MESSAGE
        described.type_name = f".{_PACKAGE}.{kind}"
    else:
        described.type = _FIELD.Type.Value(f"TYPE_{kind.upper()}")
    return described
