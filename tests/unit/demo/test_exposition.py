"""Which format a scraper gets."""

import pytest

from demo.exposition import accepts_protobuf

NATIVE = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,"
    "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)


@pytest.mark.parametrize(
    ("accept", "protobuf"),
    [
        (NATIVE, True),
        (NATIVE.replace(";proto", "; proto").replace(";encoding", " ; encoding"), True),
        ("application/openmetrics-text;version=1.0.0,text/plain;q=0.5", False),
        ("application/vnd.google.protobuf", False),
        (NATIVE.replace("delimited", "text"), False),
        (NATIVE.replace("delimited,", "delimited;q=0,"), False),
        ("*/*", False),
        ("", False),
    ],
)
def test_protobuf_is_sent_only_to_who_asks_for_exactly_that(accept: str, protobuf: bool) -> None:
    """Text is the answer to everything else."""
    assert accepts_protobuf(accept) is protobuf
