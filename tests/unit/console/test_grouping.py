"""One incident is one page, in whatever order and however often Alertmanagers tell of it."""

from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.routing import Delivery, alertmanager_config
from console.inbox.grouping import QUIET, Outcome, severity
from console.inbox.notification import Notification
from console.inbox.store import InboxStore
from watchkeeper.catalog.base import parse_duration
from watchkeeper.catalog.loader import load_catalog
from watchkeeper.pages import FIRING, OPEN, RESOLVED, PagedAlert

T0 = datetime(2026, 11, 1, 3, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WEEK = 7 * 24 * 60
"""In minutes."""
REPOSITORY = Path(__file__).parents[3]


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


def play(store: InboxStore, notifications: Iterable[Notification], *, after: int = 60) -> list[Outcome]:
    """Deliver them one after another, so many minutes into the night."""
    return [
        store.take(each, now=T0 + after * MINUTE + timedelta(seconds=second)).outcome
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


def test_an_end_that_nobody_heard_does_not_swallow_the_next_incident(store: InboxStore) -> None:
    """It ended behind a silence; a week later the same alert wakes someone, and its end closes that page."""
    play(store, [notification(alert())])
    assert play(store, [notification(alert(starts=WEEK))], after=WEEK + 1) == [Outcome.OPENED]
    assert statuses(store) == [RESOLVED, OPEN]
    over = [notification(alert(starts=WEEK, ends=WEEK + 5))] * 2
    assert play(store, over, after=WEEK + 6) == [Outcome.RESOLVED, Outcome.REPEATED]
    assert statuses(store) == [RESOLVED, RESOLVED]


def test_a_silenced_alert_of_a_resolved_page_does_not_reopen_it_ever_after(store: InboxStore) -> None:
    """Of two alerts one ended behind a silence, so only the other one's end was heard."""
    play(store, [notification(alert(), alert("latency")), notification(alert(ends=9))])
    assert play(store, [notification(alert("latency", starts=WEEK))], after=WEEK + 1) == [Outcome.OPENED]
    assert statuses(store) == [RESOLVED, OPEN]


def test_another_alert_does_not_join_a_page_long_silent(store: InboxStore) -> None:
    """What still fires is told again; nothing was, so this is a new incident of the group."""
    play(store, [notification(alert())])
    assert play(store, [notification(alert("latency", starts=WEEK))], after=WEEK + 1) == [Outcome.OPENED]
    assert statuses(store) == [RESOLVED, OPEN]


def test_an_old_alert_out_of_its_silence_belongs_to_its_page(store: InboxStore) -> None:
    """It fired all the while: the same incident, however long nothing was heard of it."""
    play(store, [notification(alert())])
    fires_on = notification(alert(), alert("latency", starts=WEEK))
    assert play(store, [fires_on], after=WEEK + 1) == [Outcome.UPDATED]
    assert statuses(store) == [OPEN]


def test_what_comes_late_for_a_page_that_is_over_does_not_revive_it(store: InboxStore) -> None:
    """The second Alertmanager speaks of last week's incident; tonight's goes on and ends as it should."""
    late = notification(alert(), sender="http://am-2")
    play(store, [notification(alert())])
    told = [notification(alert(starts=WEEK)), late, notification(alert(starts=WEEK, value="worse"))]
    assert play(store, told, after=WEEK + 2) == [Outcome.OPENED, Outcome.REPEATED, Outcome.UPDATED]
    over = notification(alert(starts=WEEK, ends=WEEK + 5))
    assert play(store, [over], after=WEEK + 6) == [Outcome.RESOLVED]


@pytest.mark.parametrize("level", ["page", "ticket"])
def test_a_flap_between_two_reminders_is_no_new_page(store: InboxStore, level: str) -> None:
    """Alertmanager leaves a short gap out, and tells of the later occurrence when the reminder is due."""
    interval = int(QUIET[level] / MINUTE) - 30
    play(store, [notification(alert(level=level))], after=0)
    reminder = notification(alert(starts=interval - 1, level=level))
    assert play(store, [reminder], after=interval) == [Outcome.UPDATED]
    assert statuses(store) == [OPEN]


@pytest.mark.parametrize("level", ["page", "ticket"])
def test_a_page_counts_as_silent_only_after_its_reminder_was_due(level: str) -> None:
    """Patience is a little longer than the longest repeat interval of the routes of that severity."""
    config = alertmanager_config(load_catalog(REPOSITORY / "catalog"), Delivery("http://console", None))
    root = config["route"]
    intervals = [
        parse_duration(route.get("repeat_interval", root["repeat_interval"]))
        for route in root["routes"]
        if any(f'severity="{level}"' in matcher for matcher in route["matchers"])
    ]
    assert max(intervals) < QUIET[level] <= max(intervals) + timedelta(hours=1)


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


HEARD, UNHEARD, HALF_HEARD = "heard", "unheard", "half heard"
DAY = 24 * 60
"""In minutes; longer than any page's patience."""


def incident(start: int, sender: str, end: str) -> list[Notification]:
    """Tell of one incident as one Alertmanager does: it fires, grows, shrinks, ends.

    A silence hides both ends, or those of one of the two alerts.
    """
    burn, latency = alert(starts=start), alert("latency", starts=start + 2)
    over = alert(starts=start, ends=start + 9)
    fires = [notification(burn, sender=sender), notification(burn, latency, sender=sender)]
    if end == UNHEARD:
        return fires
    if end == HALF_HEARD:
        return [*fires, notification(over, sender=sender)]
    return [
        *fires,
        notification(over, latency, sender=sender),
        notification(over, alert("latency", starts=start + 2, ends=start + 10), sender=sender),
    ]


@st.composite
def nights(draw: st.DrawFn) -> list[tuple[int, str, list[Notification]]]:
    """Give nights: how many incidents, how the last one ends, and what is delivered.

    Within a night what several Alertmanagers say is interleaved, each in its own order, each delivery up
    to three times.
    """
    told = []
    for night in range(draw(st.integers(1, 3))):
        incidents = draw(st.integers(1, 4))
        end = draw(st.sampled_from([HEARD, UNHEARD, HALF_HEARD]))
        queues = []
        for replica in range(draw(st.integers(1, 3))):
            queue = [
                each
                for number in range(incidents)
                for each in incident(
                    night * DAY + number * 20,
                    f"http://am-{replica}",
                    end if number == incidents - 1 else HEARD,
                )
            ]
            queues.append([each for each in queue for _ in range(draw(st.integers(1, 3)))])
        mixed = []
        while any(queues):
            queue = draw(st.sampled_from([queue for queue in queues if queue]))
            mixed.append(queue.pop(0))
        told.append((incidents, end, mixed))
    return told


@given(nights())
@settings(max_examples=150, deadline=None)
def test_any_interleaving_gives_one_page_per_incident(
    story: list[tuple[int, str, list[Notification]]],
) -> None:
    """Retries and replicas, however mixed, make as many pages as there were incidents.

    All end resolved; one whose end nobody heard does so when the next night's first incident begins.
    """
    with closing(InboxStore(Path(":memory:"))) as store:
        expected: list[str] = []
        for night, (incidents, end, told) in enumerate(story):
            play(store, told, after=night * DAY + 90)
            last = OPEN if end == UNHEARD else RESOLVED
            expected = [RESOLVED] * (len(expected) + incidents - 1) + [last]
            assert statuses(store) == expected
        assert sum(page.notifications for page in store.pages()) == sum(len(told) for _, _, told in story)
