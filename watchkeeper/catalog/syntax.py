"""YAML's own syntax errors, in words that lead to the mistake.

The parser says what it expected; people need to know what they did. It stands alone because it is a
table of experience: each row is a mistake that people make.
"""

import re
from contextlib import suppress

import yaml

from watchkeeper.catalog.problems import Place, Problem
from watchkeeper.catalog.source import Source

LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""LibYAML where PyYAML has it: ten times as fast."""

_ROWS: tuple[tuple[str, str, str], ...] = (
    (
        r"mapping values are not allowed",
        "a ':' where no key can be",
        "indent the line like its neighbours, or quote a text that holds ': '",
    ),
    (
        r"(did not find )?expected ',' or '(?P<close>[\]}])'",
        "the bracket opened here is not closed",
        "close it with '{close}', and put a ',' between its items",
    ),
    (
        r"unexpected end of stream|unexpected document (separator|indicator)",
        "the quote opened here is not closed",
        "close it",
    ),
    (
        r"unknown escape character|hexdecimal|hexadecimal|Unicode character escape",
        "an escape that YAML does not know",
        "double the backslash, or use single quotes, in which it means itself",
    ),
    (
        r"could not find expected ':'",
        "this line is neither a key nor part of a value",
        "write 'key: value', or indent it under the key it belongs to",
    ),
    (
        r"did not find expected (key|'-' indicator)|expected <block end>",
        "this does not fit into the mapping or list around it",
        "indent it exactly like its neighbours",
    ),
    (
        r"<document start>",
        "text after the end of the document",
        "keep one document per file; drop what follows or the '...' before it",
    ),
    (
        r"(did not find expected|expected the) node content",
        "a value is missing here, or a bracket too many",
        "write the value, or quote it if it is text",
    ),
    (r"'>'|tag", "a tag: the catalog gives each value its type itself", "quote what is meant as text"),
    (r"directive|incompatible YAML", "a YAML directive", "drop the line; the catalog is always YAML 1.2"),
    (
        r"alphabetic or numeric",
        "an '&' or '*' begins an anchor or an alias",
        "quote the value if it is text",
    ),
    (
        r"block scalar|comment or line break|indentation indicator",
        "a '|' or '>' with something after it",
        "put the text on the next lines, indented",
    ),
)
_FROM_THE_OPENING = ("bracket", "quote", "this line")
"""Mistakes that are shown where the parser began to wonder: where it stops, there is nothing to mend."""
_FROM_AN_EARLIER_QUOTE = ("this does not fit", "a ':' where")


def explain_syntax(error: yaml.YAMLError, source: Source) -> Problem:
    """Say in our words what YAML's parser complains of, at the place to change."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return Problem(
            source.whole(), "yaml", "this is not YAML", "compare it with another file of the catalog"
        )
    mark = error.problem_mark
    said = error.problem or ""
    if "cannot start any token" in said:
        return _stray(source.place(mark.line, mark.column))
    for pattern, what, fix in _ROWS:
        if found := re.search(pattern, said):
            if what.startswith(_FROM_AN_EARLIER_QUOTE) and (quote := _runaway_quote(source)):
                return quote
            if any(word in what for word in _FROM_THE_OPENING) and error.context_mark is not None:
                mark = error.context_mark
            words = found.groupdict()
            return Problem(source.place(mark.line, mark.column), "yaml", what, fix.format(**words))
    return Problem(
        source.place(mark.line, mark.column),
        "yaml",
        f"YAML's parser stops here: {said or 'syntax error'}",
        "compare the line with its neighbours",
    )


def _runaway_quote(source: Source) -> Problem | None:
    """Find the last quoted text before the mistake that goes on over a line which looks like a key."""
    runaway = None
    with suppress(yaml.YAMLError):
        for token in yaml.scan(source.text, Loader=LOADER):
            if isinstance(token, yaml.ScalarToken) and token.style in {"'", '"'}:
                first, last = token.start_mark, token.end_mark
                inside = source.lines[first.line + 1 : last.line + 1]
                if any(re.match(r"\s*(- )?[\w-]+:(\s|$)", line) for line in inside):
                    runaway = first, last
    if runaway is None:
        return None
    first, last = runaway
    return Problem(
        source.place(first.line, first.column),
        "yaml",
        "the quote opened here is not closed",
        f"close it; as it stands, it ends at the next quote, on line {last.line + 1}",
    )


def _stray(place: Place) -> Problem:
    char = place.text[place.column - 1 : place.column]
    if char == "\t":
        return Problem(place, "yaml", "a tab where YAML wants spaces", "indent with two spaces")
    return Problem(place, "yaml", f"a value cannot begin with '{char}'", "put it in quotes")
