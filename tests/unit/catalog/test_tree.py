"""YAML becomes plain values, each with its place; what could surprise is refused."""

import time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.catalog import syntax, tree
from watchkeeper.catalog.problems import CatalogError
from watchkeeper.catalog.source import Source
from watchkeeper.catalog.tree import DEPTH_MAX, Node, read_tree


def _tree(text: str) -> Node:
    return read_tree(Source("x.yaml", text))


def _places(text: str) -> list[str]:
    with pytest.raises(CatalogError) as caught:
        _tree(text)
    return [
        f"{one.place.line}:{one.place.column}+{one.place.length} {one.what}" for one in caught.value.problems
    ]


def test_values_and_keys_have_their_places() -> None:
    """The caret stands under exactly what was written."""
    root = _tree("slos:\n  - id: a\n    objective: 99.9 # percent\n  - {id: 'b c', tags: [x, yy]}\n")

    def at(*path: str | int) -> tuple[int, int, int]:
        place = root.place_of(path)
        return place.line, place.column, place.length

    assert at("slos", 0, "objective") == (3, 16, 4)
    assert at("slos", 0) == (2, 5, 2)
    assert at("slos", 1) == (4, 5, 26)
    assert at("slos", 1, "id") == (4, 10, 5)
    assert at("slos", 1, "tags", 1) == (4, 27, 2)
    assert at("slos", 1, "gone") == at("slos", 1)
    key = root.place_of_key(("slos", 0, "objective"))
    assert (key.line, key.column, key.length) == (3, 5, 9)


def test_places_count_characters_and_not_bytes() -> None:
    """Editors count so, too."""
    place = _tree('"größe": "日本", b: x\n'.replace('"größe"', "{größe").replace("x\n", "x}\n")).place_of(
        ("b",)
    )
    assert (place.line, place.column) == (1, 18)


def test_a_missing_value_is_shown_at_its_key() -> None:
    """There is nothing else to point at."""
    place = _tree("a: 1\nteam:\nb: 2\n").place_of(("team",))
    assert (place.line, place.column, place.length) == (2, 1, 4)


def test_every_duplicate_key_is_reported_with_the_first() -> None:
    """The other one may be the wrong one."""
    with pytest.raises(CatalogError) as caught:
        _tree("a: 1\nb: 2\na: 3\nb: 4\n")
    assert [(one.place.line, one.also[0][1].line) for one in caught.value.problems] == [(3, 1), (4, 2)]


def test_quoted_keys_are_the_same_keys() -> None:
    """Quotes do not make two keys different."""
    assert _places("a: 1\n'a': 2\n") == ["2:1+3 the key 'a' appears twice in one mapping"]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_depth_is_limited_before_it_costs_anything(opening: str) -> None:
    """A hundred thousand brackets are refused at the first that is too many, in no time."""
    start = time.perf_counter()
    problems = _places(opening * 100_000)
    assert len(problems) == 1
    assert f"nested more than {DEPTH_MAX} levels deep" in problems[0]
    assert time.perf_counter() - start < 2


def test_an_alias_bomb_stops_at_its_first_anchor() -> None:
    """Nothing is expanded, and the same reason is not given a hundred times."""
    assert len(_places("".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 100)))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "a: [1, 2",
        "a: b: c",
        "\ta: 1",
        "a:\n\t- b",
        "a: 'x",
        'a: "\\q"',
        "- a\nb: c",
        "a: @x",
        "a: &",
        "a: !<x",
        "{a: 1",
        "a: 1\n b: 2",
        "a: |9x\n",
        "key: [a]]",
        "a: >\n b\nc",
        "%YAML 3.0\n--- a",
        "%FOO x\n---\na: 1",
        "a: ,",
        "a: 1\n...\nb: 2",
        'x: "\\xZZ"',
        "a: *",
        "}",
    ],
)
@pytest.mark.parametrize("loader", [yaml.SafeLoader, yaml.CSafeLoader], ids=["python", "libyaml"])
def test_syntax_errors_are_told_in_our_words_by_either_parser(
    text: str, loader: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LibYAML may be absent, and its words differ from those of its Python twin."""
    monkeypatch.setattr(tree, "LOADER", loader)
    monkeypatch.setattr(syntax, "LOADER", loader)
    if text == "%FOO x\n---\na: 1" and loader is yaml.SafeLoader:
        assert _tree(text).value == {"a": 1}
        return
    (problem,) = _places(text)
    assert not any(word in problem for word in ("parser stops", "token", "expected", "scanning", "stream"))


@given(st.text(alphabet="ab:-?[]{},'\"#&*!|>%@` \n\t1.~<", max_size=80))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_tree_or_a_catalog_error(text: str) -> None:
    """No text ends in a traceback, and every place lies within the text."""
    try:
        _tree(text)
    except CatalogError as error:
        for problem in error.problems:
            assert problem.place.line <= text.count("\n") + 1
            assert problem.what
            assert problem.fix


_KEYS = st.text(alphabet="abcdefgh", min_size=1, max_size=4)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(alphabet="abc é語:#'\"-", max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=15,
)


@given(_VALUES, st.booleans())
@settings(deadline=None)
def test_what_yaml_writes_is_read_back(value: object, flow: bool) -> None:
    """Our reading of YAML agrees with that of another, wherever YAML 1.1 and 1.2 agree."""
    text = yaml.safe_dump(value, default_flow_style=flow, allow_unicode=True).removesuffix("...\n")
    assert _tree(text).value == value
