"""Label matchers can match: they neither contradict each other nor leave nothing to tell apart."""

from collections.abc import Iterable, Iterator

from watchkeeper.catalog.draft import Draft
from watchkeeper.catalog.problems import Problem
from watchkeeper.catalog.selector import Matcher, Selector
from watchkeeper.catalog.service import Service
from watchkeeper.catalog.sli import AvailabilitySli, LatencySli, Sli

Complaint = tuple[tuple[str | int, ...], str, str]


def check(draft: Draft) -> Iterator[Problem]:
    """Look at the matchers of every SLI."""
    for service, root in draft.modelled(Service):
        for index, sli in enumerate(service.slis):
            for path, what, fix in _complaints(sli):
                yield Problem(root.place_of(("slis", index, *path)), "matchers", what, fix)


def _complaints(sli: Sli) -> Iterator[Complaint]:
    selectors = {
        key: value for key in type(sli).model_fields if isinstance(value := getattr(sli, key), Selector)
    }
    for key, selector in selectors.items():
        if clash := _clash(selector.matchers):
            yield (key,), f"no series has {clash}", "keep one of the two matchers"
    if isinstance(sli, LatencySli) and any(matcher.name == "le" for matcher in sli.histogram.matchers):
        yield ("histogram",), "the bucket is chosen by 'threshold', not by the label 'le'", "drop the matcher"
    if isinstance(sli, AvailabilitySli):
        yield from _bad_events(sli)
    for index, label in enumerate(sli.group_by):
        pinned = [key for key, one in selectors.items() if label in _pinned(one.matchers)]
        if pinned:
            value = _pinned(selectors[pinned[0]].matchers)[label]
            what = f"the label '{label}' has one value here, since '{pinned[0]}' asks for {label}=\"{value}\""
            yield ("group_by", index), what, "drop it from 'group_by', or the matcher"


def _bad_events(sli: AvailabilitySli) -> Iterator[Complaint]:
    if _clash(sli.events.matchers):
        return
    if clash := _clash((*sli.events.matchers, *sli.bad.matchers)):
        yield ("bad",), f"no event can be bad: none has {clash}", "drop a matcher from 'events' or from 'bad'"
    elif set(sli.bad.matchers) <= set(sli.events.matchers):
        yield ("bad",), "every event is bad: 'events' has the same matchers", "drop them from 'events'"


def _clash(matchers: Iterable[Matcher]) -> str:
    """Find two matchers that no label can meet together."""
    wanted: dict[str, str] = {}
    every = tuple(matchers)
    for matcher in every:
        if matcher.op == "=" and wanted.setdefault(matcher.name, matcher.value) != matcher.value:
            return f'{matcher.name}="{wanted[matcher.name]}" and {matcher.name}="{matcher.value}" at once'
    for matcher in every:
        if matcher.op == "!=" and wanted.get(matcher.name) == matcher.value:
            return f'{matcher.name}="{matcher.value}" and {matcher.name}!="{matcher.value}" at once'
    return ""


def _pinned(matchers: Iterable[Matcher]) -> dict[str, str]:
    return {matcher.name: matcher.value for matcher in matchers if matcher.op == "="}
