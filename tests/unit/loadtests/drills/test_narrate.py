"""A drill in words."""

from dataclasses import replace
from datetime import timedelta

from loadtests.drills import narrate
from loadtests.drills.evidence import Evidence, gather
from loadtests.drills.preflight import Conditions
from loadtests.drills.timeline import Step
from loadtests.drills.verdict import judge
from tests.unit.loadtests.drills.drill_story import (
    BAD,
    CALM,
    FIRING,
    KILL_DRILL,
    PAGED,
    START,
    Story,
    page,
    plan,
    process,
)

CONDITIONS = Conditions(obstacles=(), notes=("it rained",), baseline={}, last_page=0)

LINES = """
    0.0 s  injected
    6.0 s  fault bites      90.0% of the events of shop-availability are bad
    6.0 s  bad events       90.0% of the events are bad  (waited 6.0 s for Prometheus to scrape bad events)
   70.0 s  alert firing     ErrorBudgetBurn  (waited 64.0 s for two windows to burn too fast)
   70.0 s  in Alertmanager  ErrorBudgetBurn  (waited 0.0 s for Prometheus to notify Alertmanager)
   76.0 s  page delivered   page 1 for shop-availability  (waited 6.0 s for Alertmanager to deliver)
   76.0 s  fault cleared
   77.0 s  recovered        0.0% of the events are bad  (waited 1.0 s for the last scrapes to be good)
  406.0 s  alert ended      (waited 329.0 s for the short window to forget)
  406.0 s  page resolved    page 1  (waited 0.0 s for Alertmanager to deliver the end)
"""


def played() -> Story:
    """A drill that passed."""
    story = Story(plan(), {0: CALM, 6: BAD, 70: FIRING, 76: PAGED})
    story.play()
    return story


def evidence_of(story: Story) -> Evidence:
    """Its evidence."""
    return gather(story.timeline, judge(story.timeline), CONDITIONS, START)


def test_each_line_tells_when_what_and_what_was_waited_for() -> None:
    """Seconds since the injection first, so that a column of them reads as a story."""
    story = played()
    assert "\n".join(narrate.line(story.timeline, event) for event in story.timeline.events) == LINES.strip(
        "\n"
    )


def test_every_step_has_a_name() -> None:
    """A new kind of event must not end a drill with a traceback."""
    assert set(narrate.LABELS) == set(Step)


def test_waiting_tells_the_link_of_the_chain_that_is_next() -> None:
    """A minute without a line must not look like a hang."""
    story = played()
    events = list(story.timeline.events)
    said = []
    for known in range(len(events) + 1):
        story.timeline.events[:] = events[:known]
        said.append(narrate.waiting_for(story.timeline, START + timedelta(seconds=90)))
    assert said[0] == "looking around"
    assert said[1] == said[2] == "90 s: waiting for Prometheus to scrape bad events"
    assert said[3] == "90 s: waiting for two windows to burn too fast"
    assert said[5] == "90 s: waiting for Alertmanager to deliver"
    assert said[8] == "90 s: waiting for the short window to forget"
    assert said[10] == "90 s: waiting for a second page that must not come"


def test_the_summary_sets_what_was_measured_beside_what_is_allowed() -> None:
    """The verdict first, then why, then the numbers."""
    assert list(narrate.summary(evidence_of(played()))) == [
        "PASS  shop-down",
        "  one page for shop-availability, in time, and it resolved",
        "  note: it rained",
        "  detection: 70.0 s",
        "  delivery: 76.0 s (120 s allowed)",
        "  resolution: 330.0 s (600 s allowed)",
    ]


def test_evidence_keys_are_stable() -> None:
    """The console and other programs read these; adding is fine, renaming is not."""
    document = evidence_of(played()).model_dump(mode="json")
    assert {
        "version", "drill", "service", "verdict", "reasons", "notes", "started_at", "timeline", "pages",
        "measured_s", "allowed_s",
    } <= set(document)  # fmt: skip
    assert document["timeline"][3] == {
        "event": "firing",
        "at": "2026-03-01T03:01:10Z",
        "seconds_after_injection": 70.0,
        "detail": "ErrorBudgetBurn",
    }
    assert document["measured_s"] == {
        "detection": 70.0,
        "delivery": 76.0,
        "resolution": 330.0,
        "silence": None,
    }
    assert document["allowed_s"]["resolution"] == 600.0
    assert document["pages"] == [
        {
            "id": 1,
            "severity": "page",
            "service": "shop",
            "slos": ["shop-availability"],
            "expected": True,
            "wakes": True,
            "status": "resolved",
            "notifications": 1,
            "opened_at": "2026-03-01T03:00:00Z",
            "resolved_at": "2026-03-01T03:00:00Z",
        }
    ]


def test_evidence_reads_back_what_it_wrote() -> None:
    """Past drills are shown later."""
    evidence = evidence_of(played())
    assert Evidence.model_validate_json(evidence.model_dump_json()) == evidence


def test_a_silent_drill_measures_how_long_the_fault_was_on() -> None:
    """There is no page to measure."""
    calm = {0: replace(CALM, faults=(), processes=process(200))}
    story = Story(plan(KILL_DRILL), calm, after=calm, killed={"shop-1": 100})
    story.play()
    document = evidence_of(story)
    assert document.measured_s.silence == document.allowed_s.silence == 60
    assert document.measured_s.delivery is None


def test_a_page_about_several_slos_names_them_all() -> None:
    """Alertmanager groups a service's alerts into one page."""
    both = page().model_copy(update={"alerts": (*page().alerts, *page(slo="shop-latency").alerts)})
    story = Story(plan(), {0: CALM, 6: BAD, 70: replace(FIRING, pages=(both,))})
    story.play()
    delivered = story.timeline.first(Step.DELIVERED)
    assert delivered is not None
    assert delivered.detail == "page 1 for shop-availability, shop-latency"
