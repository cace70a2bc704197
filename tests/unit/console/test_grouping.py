"""One incident is one page, in whatever order and however often Alertmanagers tell of it."""

from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.inbox.grouping import Outcome, severity
from console.inbox.notification import Notification
from console.inbox.store import InboxStore
from watchkeeper.pages import FIRING, OPEN, RESOLVED, PagedAlert

T0 = datetime(2026, 11, 1, 3, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def alert(
    name: str = "burn", *, starts: int = 0, ends: int | None = None, level: str = "page", value: str = ""
) -> PagedAlert:
    """Give an alert; times are minutes into the night."""
    return PagedAlert(
        status=FIRING if ends is None else RESOLVED,
        labels={"alertname": name, "severity": level, "service": "shop"},
        annotations={"description": value} if value else {},
        starts_at=T0 + starts * MINUTE,
        ends_at=None if ends is None else T0 + ends * MINUTE,
        fingerprint=name,
    )


def notification(*alerts: PagedAlert, group: str = "shop", sender: str = "http://am-1") -> Notification:
    """Give a notification of these alerts; it fires while one of them does."""
    firing = any(one.status == FIRING for one in alerts)
    return Notification(
        group_key=group,
        receiver="inbox",
        status=FIRING if firing else RESOLVED,
        group_labels={"service": "shop"},
        alerts=alerts,
        sender=sender,
    )


def play(store: InboxStore, notifications: Iterable[Notification]) -> list[Outcome]:
    """Deliver them one after another."""
    return [
        store.take(each, now=T0 + timedelta(hours=1, seconds=second)).outcome
        for second, each in enumerate(notifications)
    ]


def statuses(store: InboxStore) -> list[str]:
    """Give the status of every page, oldest first."""
    return [page.status for page in reversed(store.pages())]


def test_a_group_is_one_page_from_firing_to_resolved(store: InboxStore) -> None:
    """Opening, growing and resolving happen on the same page."""
    outcomes = play(
        store,
        [
            notification(alert()),
            notification(alert(), alert("latency", starts=2)),
            notification(alert(ends=9), alert("latency", starts=2)),
            notification(alert(ends=9), alert("latency", starts=2, ends=10)),
        ],
    )
    assert outcomes == [Outcome.OPENED, Outcome.UPDATED, Outcome.UPDATED, Outcome.RESOLVED]
    (page,) = store.pages()
    assert page.status == RESOLVED
    assert page.notifications == 4


def test_a_retry_changes_nothing_but_the_count(store: InboxStore) -> None:
    """What was delivered twice is shown once, with how often it came."""
    play(store, [notification(alert())])
    before = store.pages()[0]
    assert play(store, [notification(alert()), notification(alert())]) == [Outcome.REPEATED] * 2
    after = store.pages()[0]
    assert after.model_copy(update={"notifications": 1, "heard_at": before.heard_at}) == before
    assert after.notifications == 3
    detail = store.page(after.id)
    assert detail is not None
    assert [(entry.outcome, entry.deliveries) for entry in detail.timeline] == [("opened", 3)]


def test_a_new_occurrence_after_the_end_is_a_new_page(store: InboxStore) -> None:
    """An incident that comes back after it resolved wakes someone again."""
    play(store, [notification(alert()), notification(alert(ends=5)), notification(alert(starts=7))])
    assert statuses(store) == [RESOLVED, OPEN]


def test_a_resolved_one_of_an_unknown_group_opens_nothing(store: InboxStore) -> None:
    """What was never seen firing can not be over."""
    assert play(store, [notification(alert(ends=5))]) == [Outcome.STRAY]
    assert store.pages() == []


def test_an_occurrence_that_fires_on_reopens_its_page(store: InboxStore) -> None:
    """Prometheus lost touch, so Alertmanager took the alert for over; it is no second incident."""
    play(store, [notification(alert()), notification(alert(ends=5)), notification(alert())])
    (page,) = store.pages()
    assert page.status == OPEN
    assert page.resolved_at is None


def test_a_late_resolved_of_an_old_incident_does_not_close_the_new_one(store: InboxStore) -> None:
    """The second Alertmanager is one incident behind; the page that is open now stays open."""
    late = notification(alert(ends=5), sender="http://am-2")
    play(store, [notification(alert()), notification(alert(ends=5)), notification(alert(starts=7)), late])
    assert statuses(store) == [RESOLVED, OPEN]


def test_a_late_firing_of_an_old_incident_is_counted_where_it_belongs(store: InboxStore) -> None:
    """The page that is open now neither grows nor forgets when an incident began."""
    late = notification(alert(), sender="http://am-2")
    told = [notification(alert()), notification(alert(ends=5)), notification(alert(starts=7)), late]
    assert play(store, told)[-1] is Outcome.REPEATED
    new, old = store.pages()
    assert (old.notifications, new.notifications) == (3, 1)
    assert new.alerts == (alert(starts=7),)


def test_an_alert_that_comes_back_while_its_page_is_open_belongs_to_it(store: InboxStore) -> None:
    """Flapping inside an open page makes no new page, also when the page was reopened before."""
    both = notification(alert(), alert("latency"))
    play(
        store,
        [
            both,
            notification(alert(ends=5), alert("latency", ends=5)),
            both,
            notification(alert(starts=7), alert("latency")),
            notification(alert(starts=7), alert("latency", ends=9)),
            notification(alert(starts=7)),
        ],
    )
    assert statuses(store) == [OPEN]


def test_silenced_alerts_stay_on_the_page_as_last_reported(store: InboxStore) -> None:
    """Alertmanager leaves out what is silenced; the page does not forget it."""
    play(store, [notification(alert(), alert("latency")), notification(alert("latency", value="worse"))])
    assert {one.fingerprint for one in store.pages()[0].alerts} == {"burn", "latency"}


def test_groups_do_not_touch_each_other(store: InboxStore) -> None:
    """Resolving one group leaves the other open."""
    play(
        store,
        [
            notification(alert(), group="a"),
            notification(alert(), group="b"),
            notification(alert(ends=3), group="a"),
        ],
    )
    assert statuses(store) == [RESOLVED, OPEN]


@pytest.mark.parametrize(
    ("levels", "before", "expected"),
    [
        (["ticket"], None, "ticket"),
        (["ticket", "page"], None, "page"),
        (["ticket"], "page", "page"),
        (["whatever"], None, "page"),
    ],
)
def test_severity_only_rises(levels: Sequence[str], before: str | None, expected: str) -> None:
    """A page never becomes a ticket, and a severity that nobody knows wakes people."""
    assert severity([alert(level=level) for level in levels], before) == expected


def incident(number: int, sender: str) -> list[Notification]:
    """Tell of one incident as one Alertmanager does: it fires, grows, shrinks, ends."""
    start = number * 20
    burn, latency = alert(starts=start), alert("latency", starts=start + 2)
    over = alert(starts=start, ends=start + 9)
    return [
        notification(burn, sender=sender),
        notification(burn, latency, sender=sender),
        notification(over, latency, sender=sender),
        notification(over, alert("latency", starts=start + 2, ends=start + 10), sender=sender),
    ]


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[int, list[Notification]]:
    """Interleave what several Alertmanagers say, each in its own order, each delivery up to three times."""
    incidents = draw(st.integers(1, 4))
    queues = []
    for replica in range(draw(st.integers(1, 3))):
        told = [each for number in range(incidents) for each in incident(number, f"http://am-{replica}")]
        queues.append([each for each in told for _ in range(draw(st.integers(1, 3)))])
    mixed = []
    while any(queues):
        queue = draw(st.sampled_from([queue for queue in queues if queue]))
        mixed.append(queue.pop(0))
    return incidents, mixed


@given(deliveries())
@settings(max_examples=150, deadline=None)
def test_any_interleaving_gives_one_page_per_incident(story: tuple[int, list[Notification]]) -> None:
    """Retries and replicas, however mixed, make as many pages as there were incidents; all end resolved."""
    incidents, told = story
    with closing(InboxStore(Path(":memory:"))) as store:
        play(store, told)
        assert statuses(store) == [RESOLVED] * incidents
        assert sum(page.notifications for page in store.pages()) == len(told)
