"""What must be unique: ids within their scope, and words that a list may hold once."""

from collections.abc import Callable, Hashable, Iterable, Iterator

from watchkeeper.catalog.documents import MAINTENANCE, PRICES, SERVICE, TEAMS
from watchkeeper.catalog.draft import Draft
from watchkeeper.catalog.problems import Problem
from watchkeeper.catalog.tree import Node

_IN_THE_CATALOG = (
    ("scrape", "job", "scrape job"),
    ("budgets", "id", "budget"),
    ("load", "id", "load objective"),
    ("probes", "id", "probe"),
    ("drills", "id", "drill"),
    ("scaling", "job", "scaling policy for the job"),
)
_IN_A_SERVICE = (("slis", "id", "SLI"), ("slos", "id", "SLO"))


def check(draft: Draft) -> Iterator[Problem]:
    """Find every second use of what may be used once."""
    for document, key, noun in ((TEAMS, "teams", "team"), (MAINTENANCE, "maintenance", "maintenance window")):
        yield from _again((item for tree in draft.trees(document) for item in tree.each(key)), "id", noun)
    for key, field, noun in _IN_THE_CATALOG:
        yield from _again(draft.in_services(key), field, noun)
    for service in draft.trees(SERVICE):
        for key, field, noun in _IN_A_SERVICE:
            yield from _again(service.each(key), field, noun)
    yield from _slo_labels(draft)
    yield from _prices(draft)
    yield from _repeated_words(draft)


def _again(items: Iterable[Node], field: str, noun: str) -> Iterator[Problem]:
    def identity(item: Node) -> tuple[str, Node] | None:
        node = item.get(field)
        return (node.text, node) if node is not None and node.text else None

    yield from _second_uses(
        items, identity, lambda word: f"a second {noun} '{word}'", "give each its own name"
    )


def _slo_labels(draft: Draft) -> Iterator[Problem]:
    """``a`` with ``b-c`` and ``a-b`` with ``c`` would share the label ``slo="a-b-c"``."""
    seen: dict[str, tuple[str, Node]] = {}
    for service in draft.trees(SERVICE):
        owner = service.get("id")
        for slo in service.each("slos"):
            named = slo.get("id")
            if owner is None or named is None or not owner.text or not named.text:
                continue
            label = f"{owner.text}-{named.text}"
            first_owner, first = seen.setdefault(label, (owner.text, named))
            if first_owner != owner.text:
                what = f"two SLOs would both be called '{label}'"
                yield Problem(
                    named.place, "duplicates", what, "rename one of them", (("the other", first.place),)
                )


def _prices(draft: Draft) -> Iterator[Problem]:
    def identity(*fields: str) -> Callable[[Node], tuple[str, Node] | None]:
        def of(item: Node) -> tuple[str, Node] | None:
            parts = [item.get(field) for field in fields]
            words = [part.text for part in parts if part is not None and part.text]
            return (" ".join(words), item) if len(words) == len(fields) else None

        return of

    for tree in draft.trees(PRICES):
        for key, fields in (
            ("models", ("provider", "model", "effective_from")),
            ("resources", ("resource", "unit", "effective_from")),
        ):
            fix = "keep one of them, or give the later one its own 'effective_from'"
            yield from _second_uses(
                tree.each(key), identity(*fields), lambda word: f"a second price for {word}", fix
            )


def _repeated_words(draft: Draft) -> Iterator[Problem]:
    lists = [
        *(service.each("depends_on") for service in draft.trees(SERVICE)),
        *(load.each("slos") for load in draft.in_services("load")),
        *(w.each("services") for tree in draft.trees(MAINTENANCE) for w in tree.each("maintenance")),
    ]
    for words in lists:
        yield from _second_uses(
            words,
            lambda item: (item.text, item) if item.text else None,
            lambda word: f"'{word}' is named twice",
            "name it once",
        )


def _second_uses(
    items: Iterable[Node],
    identity: Callable[[Node], tuple[str, Node] | None],
    what: Callable[[str], str],
    fix: str,
) -> Iterator[Problem]:
    seen: dict[Hashable, Node] = {}
    for item in items:
        if (found := identity(item)) is None:
            continue
        word, node = found
        if word in seen:
            yield Problem(node.place, "duplicates", what(word), fix, (("first", seen[word].place),))
        else:
            seen[word] = node
