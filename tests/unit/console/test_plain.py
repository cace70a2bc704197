"""Text from outside can do no harm where it is shown."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.templating import percent, safe_url, span
from watchkeeper.plain import plain


@given(st.text(max_size=2000))
def test_nothing_invisible_gets_through(text: str) -> None:
    """No escape sequence, no line break, no turned writing direction; and never longer than asked."""
    shown = plain(text, length_max=100)
    assert shown.isprintable()
    assert len(shown) <= 100


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[31mred", "\\u001b[31mred"),
        ("a\nb\tc", "a b c"),
        ("abc\u202egpj.exe", "abc\\u202egpj.exe"),
        ("grün 🔥", "grün 🔥"),
    ],
)
def test_what_is_invisible_becomes_visible(text: str, shown: str) -> None:
    """Readers see that something odd is there."""
    assert plain(text) == shown


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//evil", "http://a\nb", "", "ftp://a"]
)
def test_only_web_addresses_become_links(url: str) -> None:
    """A link of another kind could run as code."""
    assert safe_url(url) is None


def test_numbers_keep_the_digits_they_deserve() -> None:
    """99.999 % is not 100 %, and a tiny ratio is not 0 %."""
    assert [
        percent(ratio).replace("\u00a0", " ") for ratio in (0.99999, 0.999, 0.0001234, 0.000001, 0, 1, -0.5)
    ] == [
        "99.999 %",
        "99.9 %",
        "0.0123 %",
        "< 0.001 %",
        "0 %",
        "100 %",
        "-50 %",
    ]


def test_lengths_of_time_are_short() -> None:
    """Two units are enough at night."""
    seconds = [0, 59, 60, 3599, 3600, 90_000]
    assert [span(timedelta(seconds=each)) for each in seconds] == [
        "0 s",
        "59 s",
        "1 min",
        "59 min",
        "1 h 0 min",
        "1 d 1 h",
    ]
