"""Plain scalars mean what YAML 1.2 says, and numbers stay exactly as written."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.catalog.scalars import resolve


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("FALSE", False),
        ("12", 12),
        ("-7", -7),
        ("007", 7),
        ("0o17", 15),
        ("0xff", 255),
        ("99.9", Decimal("99.9")),
        (".5", Decimal("0.5")),
        ("1.", Decimal(1)),
        ("2e3", Decimal(2000)),
    ],
)
def test_the_core_schema_decides(text: str, value: object) -> None:
    """What looks like null, a boolean or a number is one."""
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


@pytest.mark.parametrize(
    "text",
    ["yes", "no", "on", "off", "y", "NO", "1:30", "2024-07-18", "1_000", "0b11", "1.2.3", "5m", "+", "-"],
)
def test_words_of_older_yaml_are_text(text: str) -> None:
    """Norway stays a country, half past one stays a time, and a date stays as it was written."""
    assert resolve(text) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=0, max_value=100))
def test_decimals_are_exact(number: Decimal) -> None:
    """99.9 leaves an error budget of 0.1, to the last digit."""
    text = f"{number:f}"
    assert str(resolve(text)) == text


@pytest.mark.parametrize(
    "text", [".nan", "-.inf", "1e999999999", "1" * 5000, "0." + "1" * 5000, "0x" + "f" * 100]
)
def test_numbers_that_no_catalog_can_hold_are_refused(text: str) -> None:
    """None of them may cost time or memory, now or in later arithmetic."""
    with pytest.raises(ValueError, match="; "):
        resolve(text)
