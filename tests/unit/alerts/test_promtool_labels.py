"""Labels are made up so that the selector under test really selects them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.promtool.labels import SampleError, labels_for
from watchkeeper.catalog.selector import Matcher, Matchers


@pytest.mark.parametrize(
    "pattern",
    ["5..", "(GET|POST)", "api-[a-z]+-[0-9]{2}", "a.*b", r"\d+", "x?y*", "[^/]+", "", "(?:a|b)c", "/v1/.+"],
)
def test_a_regular_expression_is_sampled_or_refused(pattern: str) -> None:
    """The made-up value matches the whole pattern, as Prometheus anchors it."""
    try:
        value = labels_for([Matcher("x", "=~", pattern)])["x"]
    except SampleError:
        assert pattern == "[^/]+"
    else:
        assert re.fullmatch(pattern, value)


def test_good_events_do_not_match_what_makes_an_event_bad() -> None:
    """Otherwise the silent test would burn."""
    labels = labels_for((), avoid=Matchers.parse('code=~"5..",method="GET"').matchers)
    assert not (re.fullmatch("5..", labels.get("code", "")) and labels.get("method") == "GET")


def test_a_selector_under_which_nothing_can_be_good_is_refused() -> None:
    """The SLI itself is wrong then."""
    with pytest.raises(SampleError, match="nothing could ever be good"):
        labels_for([Matcher("code", "=", "500")], avoid=[Matcher("code", "=~", "5..")])


@given(st.from_regex(r"\A[a-z0-9_|().]{1,12}\Z"))
def test_sampling_never_crashes(pattern: str) -> None:
    """Any text either gives a value that matches or a clear refusal."""
    try:
        value = labels_for([Matcher("x", "=~", pattern)])["x"]
    except SampleError:
        return
    assert re.fullmatch(pattern, value, re.DOTALL)
