"""Every way in which a drill can end, each told as what was seen second by second."""

from dataclasses import replace
from datetime import timedelta

import pytest

from loadtests.drills.timeline import Step, Timeline
from loadtests.drills.verdict import EXIT_CODES, Verdict, judge
from tests.unit.loadtests.drills.drill_story import (
    AFTER,
    BAD,
    BANK,
    CALM,
    FAULT_OFF,
    FAULT_UNKNOWN,
    FIRING,
    KILL_DRILL,
    OVER,
    PAGED,
    SHOP,
    SILENT_DRILL,
    Story,
    alert,
    page,
    plan,
    process,
)

GOOD = {0: CALM, 6: BAD, 70: FIRING, 76: PAGED}
ABSORBED = {0: CALM, 6: replace(CALM, error_ratio={SHOP: 0.0, BANK: 1.0})}
"""The faulty service suffers, the one in front hides it."""


def test_a_page_in_time_that_resolves_passes() -> None:
    """The whole chain, once through."""
    story = Story(plan(), GOOD)
    assert story.play().verdict is Verdict.PASS
    assert [event.step for event in story.timeline.events] == [
        Step.INJECTED, Step.BITTEN, Step.BAD_EVENTS, Step.FIRING, Step.ROUTED, Step.DELIVERED,
        Step.CLEARED, Step.RECOVERED, Step.ALERT_ENDED, Step.RESOLVED,
    ]  # fmt: skip
    assert story.second_of(Step.FIRING) == 70
    assert story.second_of(Step.DELIVERED) == 76
    assert story.timeline.resolution_s == 330


def test_a_pending_phase_is_told_where_there_is_one() -> None:
    """Rules with a 'for' wait; the timeline shows that wait apart."""
    pending = replace(BAD, alerts=(alert("pending"),))
    story = Story(plan(), {0: CALM, 6: BAD, 20: pending, 70: FIRING, 76: PAGED})
    assert story.play().verdict is Verdict.PASS
    assert story.second_of(Step.PENDING) == 20


def test_a_late_page_fails_and_tells_how_late() -> None:
    """Late is not never: the drill waits on to tell them apart."""
    judgement = Story(plan(), {0: CALM, 6: BAD, 120: FIRING, 125: PAGED}).play()
    assert judgement.verdict is Verdict.FAIL
    assert judgement.reasons == ["the page came after 125.0 s; 2m are allowed"]


def test_a_page_on_the_last_second_is_in_time() -> None:
    """The bound itself is allowed."""
    assert Story(plan(), {0: CALM, 6: BAD, 119: FIRING, 120: PAGED}).play().verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("last_scene", "where"),
    [
        (BAD, "the events were bad, but the alert did not fire"),
        (replace(BAD, alerts=(alert("pending"),)), "the alert stayed pending"),
        (replace(BAD, alerts=(alert("firing"),)), "Alertmanager does not have it"),
        (FIRING, "it did not reach the inbox"),
        (replace(FIRING, routed=(alert("suppressed"),)), "Alertmanager suppressed the alert"),
        (replace(CALM, error_ratio={SHOP: 0.0, BANK: 1.0}), "the SLI counted no bad events"),
    ],
)
def test_a_page_that_never_comes_fails_and_tells_where_it_stopped(last_scene: object, where: str) -> None:
    """Whoever reads the verdict knows which link of the chain to look at."""
    judgement = Story(plan(), {0: CALM, 6: last_scene}, after={0: CALM}).play()  # type: ignore[dict-item]
    assert judgement.verdict is Verdict.FAIL
    (reason,) = judgement.reasons
    assert reason.startswith("no page for shop-availability came: ")
    assert where in reason


def test_two_pages_for_one_incident_fail() -> None:
    """The second one wakes a second person, or the same one again."""
    twice = replace(PAGED, pages=(page(1), page(2)))
    judgement = Story(
        plan(hold=timedelta(seconds=90)), {**GOOD, 80: twice}, after={0: twice, 330: replace(
            CALM, pages=(page(1, status="resolved"), page(2, status="resolved")))},
    ).play()  # fmt: skip
    assert judgement.verdict is Verdict.FAIL
    assert judgement.reasons == ["one incident paged 2 times: page 2 for shop-availability came on top"]


def test_a_second_page_just_after_the_first_resolved_fails() -> None:
    """A flapping alert is two incidents to whoever sleeps: the drill looks on for a while."""
    again = replace(OVER, pages=(page(1, status="resolved"), page(2)))
    judgement = Story(plan(), GOOD, after={0: AFTER, 330: OVER, 340: again}).play()
    assert judgement.verdict is Verdict.FAIL
    assert "paged 2 times" in judgement.reasons[0]


@pytest.mark.parametrize("other", [page(2, slo=BANK), page(2, slo=SHOP, severity="critical", alertname="X")])
def test_a_page_that_nobody_expected_fails(other: object) -> None:
    """The right page does not excuse a wrong one."""
    both = replace(PAGED, pages=(page(1), other))  # type: ignore[arg-type]
    over = replace(OVER, pages=(page(1, status="resolved"), other))  # type: ignore[arg-type]
    judgement = Story(plan(), {**GOOD, 76: both}, after={0: both, 330: over}).play()
    assert judgement.verdict is Verdict.FAIL
    assert judgement.reasons[0].startswith("nobody else should have been woken: page 2 for")


def test_an_slo_that_joins_the_page_of_its_service_is_delivered_by_it() -> None:
    """Alertmanager groups a service's alerts: one page woke one person, whichever SLO burned first."""
    first = replace(FIRING, pages=(page(slo="shop-latency"),))
    joined = page().model_copy(update={"alerts": (*page(slo="shop-latency").alerts, *page().alerts)})
    story = Story(
        plan(),
        {0: CALM, 6: BAD, 70: first, 100: replace(FIRING, pages=(joined,))},
        after={
            0: replace(AFTER, pages=(joined,)),
            330: replace(OVER, pages=(joined.model_copy(update={"status": "resolved"}),)),
        },
    )
    assert story.play().verdict is Verdict.PASS
    assert story.second_of(Step.OTHER_PAGE) == 70
    assert story.second_of(Step.DELIVERED) == 100


def test_an_alert_of_an_earlier_incident_does_not_make_a_page_the_expected_one() -> None:
    """Alertmanager goes on to list it for a while after it ended."""
    stale = (
        page()
        .alerts[0]
        .model_copy(update={"status": "resolved", "ends_at": page().opened_at - timedelta(minutes=5)})
    )
    other = page(slo="shop-latency")
    other = other.model_copy(update={"alerts": (stale, *other.alerts)})
    judgement = Story(
        plan(), {0: CALM, 6: BAD, 70: replace(BAD, pages=(other,))}, after={0: replace(CALM, pages=(other,))}
    ).play()
    assert judgement.verdict is Verdict.FAIL
    assert judgement.reasons[0] == "nobody else should have been woken: page 1 for shop-latency"


def test_an_absent_sli_is_not_the_page_that_was_expected() -> None:
    """It carries the same SLO, but says that nobody can see."""
    absent = replace(
        BAD, alerts=(alert("firing", name="SliAbsent"),), pages=(page(1, alertname="SliAbsent"),)
    )
    story = Story(plan(), {0: CALM, 6: BAD, 70: absent}, after={0: absent})
    judgement = story.play()
    assert story.timeline.first(Step.FIRING) is None
    assert judgement.verdict is Verdict.FAIL
    assert [reason.split(":")[0] for reason in judgement.reasons] == [
        "nobody else should have been woken",
        "no page for shop-availability came",
    ]


def test_tickets_are_reported_and_fail_nothing() -> None:
    """A ticket waits until morning."""
    ticketed = replace(PAGED, pages=(page(1), page(2, slo=BANK, severity="ticket")))
    over = replace(OVER, pages=(page(1, status="resolved"), page(2, slo=BANK, severity="ticket")))
    story = Story(plan(), {**GOOD, 76: ticketed}, after={0: ticketed, 330: over})
    assert story.play().verdict is Verdict.PASS
    ticket = story.timeline.first(Step.TICKET)
    assert ticket is not None
    assert ticket.detail == "ticket 2 for bank-availability"


def test_a_page_that_does_not_resolve_fails() -> None:
    """An alert that sticks is one that people learn to ignore."""
    judgement = Story(plan(), GOOD, after={0: AFTER}).play()
    assert judgement.verdict is Verdict.FAIL
    assert judgement.reasons == ["the page did not resolve within 10m of the fault's end"]


def test_a_page_that_is_reopened_has_not_resolved() -> None:
    """The end that counts is the last one."""
    story = Story(plan(), GOOD, after={0: AFTER, 330: OVER, 335: AFTER, 400: OVER})
    assert story.play().verdict is Verdict.PASS
    assert story.timeline.resolution_s == 400
    assert Story(plan(), GOOD, after={0: AFTER, 330: OVER, 335: AFTER}).play().verdict is Verdict.FAIL


def test_a_page_that_resolves_while_the_fault_is_on_fails() -> None:
    """All clear in the midst of an outage sends people back to bed."""
    early = replace(PAGED, pages=(page(status="resolved"),))
    judgement = Story(plan(hold=timedelta(minutes=3)), {**GOOD, 100: early}, after={0: OVER}).play()
    assert judgement.verdict is Verdict.FAIL
    assert "the page resolved while the fault was still on" in judgement.reasons


def test_the_fault_is_held_as_long_as_asked() -> None:
    """Even when the page came long ago."""
    story = Story(plan(hold=timedelta(minutes=5)), GOOD)
    assert story.play().verdict is Verdict.PASS
    assert story.second_of(Step.CLEARED) == 300


def test_silence_passes_once_the_fault_was_seen_to_bite() -> None:
    """The faulty service suffered, nobody was woken."""
    story = Story(plan(SILENT_DRILL), ABSORBED, after={0: CALM})
    assert story.play().verdict is Verdict.PASS
    assert story.second_of(Step.CLEARED) == 180
    bitten = story.timeline.first(Step.BITTEN)
    assert bitten is not None
    assert bitten.detail == "100.0% of the events of bank-availability are bad"


def test_silence_without_a_bite_is_invalid() -> None:
    """A drill that injected nothing proves nothing."""
    judgement = Story(plan(SILENT_DRILL), {0: CALM}, after={0: CALM}).play()
    assert judgement.verdict is Verdict.INVALID
    assert judgement.reasons[0].startswith("the fault did not bite")


def test_badness_that_was_there_before_is_no_bite() -> None:
    """Only what the drill added counts."""
    story = Story(plan(SILENT_DRILL), ABSORBED, after={0: CALM}, baseline={BANK: 1.0})
    assert story.play().verdict is Verdict.INVALID


def test_badness_after_the_fault_was_taken_back_is_no_bite() -> None:
    """The fault is not what made it."""
    judgement = Story(plan(SILENT_DRILL), {0: CALM}, after={0: ABSORBED[6]}).play()
    assert judgement.verdict is Verdict.INVALID


def test_any_page_breaks_the_silence_and_ends_the_fault() -> None:
    """Once somebody was woken there is no reason to go on."""
    woken = replace(ABSORBED[6], pages=(page(),))
    story = Story(plan(SILENT_DRILL), {**ABSORBED, 60: woken}, after={0: woken})
    judgement = story.play()
    assert judgement.verdict is Verdict.FAIL
    assert judgement.reasons == ["nobody else should have been woken: page 1 for shop-availability"]
    assert story.second_of(Step.CLEARED) == 60


def test_a_page_under_way_when_the_fault_ends_breaks_the_silence() -> None:
    """Alertmanager groups for a while; the drill waits for what it may still send."""
    judgement = Story(
        plan(SILENT_DRILL), ABSORBED, after={0: CALM, 15: replace(CALM, pages=(page(),))}
    ).play()
    assert judgement.verdict is Verdict.FAIL


def test_an_alert_that_fires_breaks_the_silence_even_undelivered() -> None:
    """A pager that is unplugged is not what a silent drill wants to show."""
    judgement = Story(
        plan(SILENT_DRILL), {**ABSORBED, 60: replace(ABSORBED[6], alerts=(alert("firing"),))}, after={0: CALM}
    ).play()
    assert judgement.verdict is Verdict.FAIL
    assert "ErrorBudgetBurn for shop-availability" in judgement.reasons[0]


def test_a_ticket_does_not_break_the_silence() -> None:
    """Nobody is woken by it."""
    ticketed = replace(ABSORBED[6], pages=(page(slo=BANK, severity="ticket"),))
    judgement = Story(plan(SILENT_DRILL), {**ABSORBED, 60: ticketed}, after={0: ticketed}).play()
    assert judgement.verdict is Verdict.PASS


KILLED = {
    0: replace(CALM, faults=(), processes=process(None, healthy=False)),
    3: replace(CALM, faults=(), processes=process(200, healthy=False)),
    5: replace(CALM, faults=(), processes=process(200)),
}


def test_a_process_that_died_and_came_back_in_silence_passes() -> None:
    """Its death is the proof that the drill did something."""
    story = Story(plan(KILL_DRILL), KILLED, after={0: KILLED[5]}, killed={"shop-1": 100})
    assert story.play().verdict is Verdict.PASS
    assert story.second_of(Step.DIED) == 0
    assert story.second_of(Step.BACK) == 5


def test_a_restart_between_two_looks_is_seen_by_the_process_id() -> None:
    """A fast supervisor leaves no gap to see."""
    back = replace(CALM, faults=(), processes=process(200))
    assert (
        Story(plan(KILL_DRILL), {0: back}, after={0: back}, killed={"shop-1": 100}).play().verdict
        is Verdict.PASS
    )


def test_a_process_that_never_died_is_invalid() -> None:
    """Whatever was killed, it was not this."""
    alive = replace(CALM, faults=(), processes=process(100))
    judgement = Story(plan(KILL_DRILL), {0: alive}, after={0: alive}, killed={"shop-1": 100}).play()
    assert judgement.verdict is Verdict.INVALID
    assert judgement.reasons[0] == "shop-1 was to be killed, but it never died"


def test_a_process_that_does_not_come_back_fails() -> None:
    """Nobody was woken, and yet there is one replica less."""
    judgement = Story(plan(KILL_DRILL), {0: KILLED[3]}, after={0: KILLED[3]}, killed={"shop-1": 100}).play()
    assert judgement.verdict is Verdict.FAIL
    assert judgement.reasons == ["shop-1 did not come back after it was killed"]


@pytest.mark.parametrize(
    ("scene", "reason"),
    [
        (
            replace(BAD, events_per_s={SHOP: 0.0, BANK: 0.0}),
            "the traffic stopped: shop-availability had no events for 30 s",
        ),
        (replace(BAD, events_per_s={}), "the traffic stopped: shop-availability had no events for 30 s"),
        (
            replace(BAD, alerts=None, error_ratio=None, events_per_s=None),
            "the drill could not see: Prometheus did not answer for 30 s",
        ),
        (replace(BAD, routed=None), "the drill could not see: Alertmanager did not answer for 30 s"),
        (replace(BAD, pages=None), "the drill could not see: the inbox did not answer for 30 s"),
        (replace(BAD, faults=FAULT_OFF), "the fault did not last: outage is off at bank (http://127.0.0.1:1)"),
        (
            replace(BAD, faults=FAULT_UNKNOWN),
            "the drill could not see: bank (http://127.0.0.1:1) does not say whether outage is on for 30 s",
        ),
    ],
)  # fmt: skip
def test_what_spoils_the_evidence_makes_it_invalid(scene: object, reason: str) -> None:
    """Neither PASS nor FAIL can be told from then on, so the fault is taken back at once."""
    story = Story(plan(), {0: CALM, 6: BAD, 10: scene}, after={0: CALM})  # type: ignore[dict-item]
    judgement = story.play()
    assert judgement.verdict is Verdict.INVALID
    assert judgement.reasons[0] == reason
    assert (story.second_of(Step.CLEARED) or 999) <= 40


@pytest.mark.parametrize("lost", ["alerts", "routed", "pages"])
def test_losing_sight_after_the_fault_ended_is_invalid_too(lost: str) -> None:
    """A page that nobody saw resolving has not resolved."""
    blind = replace(AFTER, **{lost: None})  # type: ignore[arg-type]
    judgement = Story(plan(), GOOD, after={0: AFTER, 20: blind}).play()
    assert judgement.verdict is Verdict.INVALID


def test_a_short_gap_spoils_nothing() -> None:
    """Prometheus restarts in a few seconds, and the inbox remembers."""
    blind = replace(BAD, alerts=None, routed=None, error_ratio=None, events_per_s=None, pages=None)
    assert Story(plan(), {**GOOD, 20: blind, 45: BAD}).play().verdict is Verdict.PASS


def test_short_gaps_do_not_add_up() -> None:
    """Between them everything was seen."""
    blind = replace(BAD, routed=None)
    while_on = {0: CALM, 6: BAD, 10: blind, 35: BAD, 36: blind, 60: BAD, 70: FIRING, 76: PAGED}
    assert Story(plan(), while_on).play().verdict is Verdict.PASS


def test_a_drill_that_was_cut_short_is_invalid_even_after_the_page() -> None:
    """Half a story is none."""
    story = Story(plan(), GOOD, after={0: AFTER, 330: OVER})
    story.play()
    timeline: Timeline = story.timeline
    timeline.cut_short(timeline.events[-1].at, "by SIGINT")
    judgement = judge(timeline)
    assert judgement.verdict is Verdict.INVALID
    assert judgement.reasons == ["the drill was cut short: by SIGINT"]


def test_faults_that_are_still_on_are_invalid() -> None:
    """Someone has to clean up; the reason says how."""
    story = Story(plan(), GOOD)
    story.play()
    story.timeline.events[:] = [e for e in story.timeline.events if e.step is not Step.CLEARED]
    judgement = judge(story.timeline)
    assert judgement.verdict is Verdict.INVALID
    assert "watchkeeper incident stop" in judgement.reasons[0]


def test_nothing_injected_is_invalid() -> None:
    """An empty timeline is no success."""
    assert judge(Timeline(plan())).verdict is Verdict.INVALID


def test_exit_codes_tell_the_verdicts_apart() -> None:
    """2 belongs to wrong usage."""
    assert EXIT_CODES == {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.INVALID: 3}
