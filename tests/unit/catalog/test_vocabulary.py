"""Durations, selectors and objectives survive being written and read again."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from watchkeeper.catalog.base import (
    DURATION_MAX,
    Day,
    Duration,
    Instant,
    Objective,
    Slug,
    format_duration,
    parse_duration,
)
from watchkeeper.catalog.selector import Matcher, Matchers, Selector

_DURATIONS = st.timedeltas(timedelta(milliseconds=1), DURATION_MAX).map(
    lambda one: timedelta(milliseconds=one // timedelta(milliseconds=1))
)
_LABELS = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,10}", fullmatch=True).filter(
    lambda name: name != "__name__"
)
_MATCHERS = st.builds(Matcher, _LABELS, st.sampled_from(["=", "!="]), st.text(max_size=20))
_METRICS = st.from_regex(r"[a-z_][a-z0-9_]{0,20}_total", fullmatch=True)


@given(_DURATIONS)
def test_durations_round_trip(duration: timedelta) -> None:
    """What is generated means what the catalog says."""
    assert parse_duration(format_duration(duration)) == duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1h30m", 5400), ("500ms", 0.5), ("1d", 86400), ("2w", 1209600), ("1m1s1ms", 61.001)],
)
def test_durations_are_those_of_prometheus(text: str, seconds: float) -> None:
    """Units from the largest to the smallest, as PromQL has them."""
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "5", "5 m", "m", "-5m", "1.5h", "30m1h", "5M", "\u0665m", "99y", "5m\n"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    """Prometheus would refuse it as well, but later and far away."""
    with pytest.raises(ValueError, match="; "):
        parse_duration(text)


@given(_METRICS, st.lists(_MATCHERS, max_size=4))
def test_selectors_round_trip(metric: str, matchers: list[Matcher]) -> None:
    """Whatever a label's value holds: quotes, backslashes, line ends, any script."""
    selector = Selector(metric, tuple(matchers))
    assert Selector.parse(str(selector)) == selector


@given(st.lists(_MATCHERS, min_size=1, max_size=4))
def test_matchers_round_trip(matchers: list[Matcher]) -> None:
    """With and without braces."""
    wanted = Matchers(tuple(matchers))
    assert Matchers.parse(str(wanted)) == wanted
    assert Matchers.parse(f"{{{wanted}}}") == wanted


@given(st.decimals("0.000001", "99.999999", places=6))
def test_objectives_keep_every_digit(objective: Decimal) -> None:
    """A rounded objective is another promise."""
    assert str(TypeAdapter(Objective).validate_python(objective)) == str(objective)


@given(st.text(max_size=80))
def test_an_identifier_is_safe_everywhere(text: str) -> None:
    """As a label's value, a file's name, a Kubernetes name and in a web address."""
    try:
        slug = TypeAdapter(Slug).validate_python(text)
    except ValidationError:
        return
    assert slug.isascii()
    assert len(slug) <= 63
    assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert not slug.endswith("-")


@pytest.mark.parametrize("text", ["gateway\n", "-a", "a--b", "A", "", "9a", "é"])
def test_what_only_resembles_an_identifier_is_refused(text: str) -> None:
    """A line end at the end is the classic."""
    with pytest.raises(ValidationError):
        TypeAdapter(Slug).validate_python(text)


@pytest.mark.parametrize("value", [True, "99.9", None, [99.9], 0, 100, Decimal("1e20")])
def test_what_is_no_objective_is_refused(value: object) -> None:
    """Text and booleans are no numbers, even where Python takes them for some."""
    with pytest.raises(ValidationError):
        TypeAdapter(Objective).validate_python(value)


@pytest.mark.parametrize(
    "value", [20240718, "20240718", "2024-W01-1", "2024-7-8", "0001-01-01", "9999-12-31", None]
)
def test_what_is_no_date_is_refused(value: object) -> None:
    """A number of seconds since 1970 is no date, and neither is a year that nobody means."""
    with pytest.raises(ValidationError):
        TypeAdapter(Day).validate_python(value)


@pytest.mark.parametrize(
    "value", [0, "2026-01-01", "2026-01-01T00:00:00", "2026-01-01T25:00:00Z", "9999-12-31T23:59:59Z"]
)
def test_what_is_no_instant_is_refused(value: object) -> None:
    """Without an offset a time means another moment to each reader."""
    with pytest.raises(ValidationError):
        TypeAdapter(Instant).validate_python(value)


def test_zero_is_no_duration() -> None:
    """A window of nothing sees nothing."""
    with pytest.raises(ValidationError, match="watches nothing"):
        TypeAdapter(Duration).validate_python("0s")


def test_a_deep_expression_is_refused_and_not_followed() -> None:
    """The parser recurses; the limit on length keeps it from running out of stack."""
    with pytest.raises(ValidationError):
        TypeAdapter(Selector).validate_python("(" * 999)
