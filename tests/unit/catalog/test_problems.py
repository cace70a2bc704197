"""Problems are shown with a caret under their text, whatever the text holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.catalog.problems import SHOWN_MAX, CatalogError, Place, Problem, harmless, render


def _shown(text: str, column: int, length: int = 1) -> list[str]:
    place = Place("catalog/x.yaml", 7, column, length, text)
    return list(render([Problem(place, "test", "wrong", "mend it")]))[:-2]


def test_the_caret_stands_under_the_text() -> None:
    """As a compiler would show it."""
    assert _shown("    objective: 100", 16, 3) == [
        "catalog/x.yaml:7:16: wrong; mend it",
        "    7 |     objective: 100",
        "      |                ^^^",
    ]


def test_wide_characters_and_tabs_move_the_caret() -> None:
    """A terminal gives an ideograph two columns, a combining accent none, and we give a tab four."""
    assert _shown("日本: e\u0301\tx", 8)[1:] == ["    7 | 日本: e\u0301    x", "      |            ^"]


def test_a_long_line_is_cut_around_the_caret() -> None:
    """Where it is cut, it says so."""
    _, line, caret = _shown("a" * 500 + "HERE" + "b" * 500, 501, 4)
    assert len(line) < 120
    assert line[8] == line[-1] == "…"
    assert line[caret.index("^") :].startswith("HERE")


def test_control_characters_are_shown_and_not_obeyed() -> None:
    """A catalog cannot paint a terminal red or make a line look like another."""
    _, line, caret = _shown("a\x1b[31mb\u202ec", 9)
    assert line == "    7 | a\\x1b[31mb\\u202ec"
    assert line[caret.index("^")] == "c"


@given(st.text(max_size=300), st.integers(1, 320), st.integers(0, 50))
def test_nothing_that_a_terminal_obeys_is_ever_shown(text: str, column: int, length: int) -> None:
    """Whatever the line, and wherever the caret."""
    lines = _shown(text.replace("\n", "").replace("\r", ""), column, length)
    assert all(line.isprintable() or "\u200c" in line or "\u200d" in line or " " in line for line in lines)
    assert not any(char in line for line in lines for char in "\x1b\x07\x08\x00\x9b\u202e\u2028\r\n")


def test_endless_messages_are_cut() -> None:
    """A mebibyte of text in one value is not repeated in full."""
    assert len(harmless("x" * 10_000)) == 600


def test_problems_are_sorted_by_place_and_counted() -> None:
    """The reader walks through the files once, from top to bottom."""
    places = [
        Place("b", 1, 1, 1, "x"),
        Place("a", 10, 1, 1, "x"),
        Place("a", 9, 5, 1, "x"),
        Place("a", 9, 4, 1, "x"),
    ]
    error = CatalogError(Problem(place, "test", "wrong", "mend it") for place in places)
    assert [str(one.place) for one in error.problems] == ["a:9:4", "a:9:5", "a:10:1", "b:1:1"]
    assert str(error).endswith("4 problems in 2 files")


def test_thousands_of_problems_are_not_all_written_out() -> None:
    """One cause may have very many effects; the count still tells them all."""
    problems = [Problem(Place("a", line, 1, 1, "x"), "test", "wrong", "mend it") for line in range(1, 1001)]
    lines = list(render(problems))
    assert lines[-1] == f"1,000 problems in 1 file; the first {SHOWN_MAX} are shown"
    assert sum(line.endswith("wrong; mend it") for line in lines) == SHOWN_MAX


@pytest.mark.parametrize("column", [0, 1, 4, 5, 99])
def test_a_place_beyond_its_line_is_shown_all_the_same(column: int) -> None:
    """A wrong place must not become a traceback."""
    assert _shown("abc", column)[2].endswith("^")
