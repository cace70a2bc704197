"""A small catalog, and a way to tell a drill as a story of observations, a second apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from loadtests.drills.plan import Plan, make_plan
from loadtests.drills.seen import Observation, SeenAlert, SeenFault, SeenProcess
from loadtests.drills.timeline import Next, Step, Timeline
from loadtests.drills.verdict import Judgement, judge
from watchkeeper.catalog.catalog import Catalog
from watchkeeper.catalog.service import Service
from watchkeeper.catalog.settings import Settings
from watchkeeper.pages import Page

START = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
SHOP = "shop-availability"
BANK = "bank-availability"
PAGE_DRILL = "shop-down"
SILENT_DRILL = "bank-slow"
KILL_DRILL = "shop-crash"


def _service(name: str, drills: Sequence[Mapping[str, Any]]) -> Service:
    return Service.model_validate(
        {
            "id": name,
            "name": name,
            "description": name,
            "team": "core",
            "scrape": [{"job": name, "port": 8000}],
            "slis": [
                {
                    "id": "availability",
                    "kind": "availability",
                    "description": "Answers.",
                    "events": f"{name}_requests_total",
                    "bad": 'code="500"',
                }
            ],
            "slos": [
                {"id": "availability", "description": "Answers.", "sli": "availability", "objective": 99.9}
            ],
            "drills": drills,
        }
    )


def catalog() -> Catalog:
    """Two services; the shop calls the bank."""
    return Catalog(
        settings=Settings.model_validate(
            {
                "product": "town",
                "name": "Town",
                "scrape_interval": "5s",
                "links": {"console": "http://127.0.0.1:9400"},
            }
        ),
        services=(
            _service(
                "shop",
                [
                    {
                        "id": PAGE_DRILL,
                        "description": "The bank is down.",
                        "inject": [{"action": "fault", "job": "bank", "fault": "outage"}],
                        "expect": {"page": "availability", "within": "2m", "resolve_within": "10m"},
                    },
                    {
                        "id": SILENT_DRILL,
                        "description": "The bank is slow.",
                        "inject": [
                            {
                                "action": "fault",
                                "job": "bank",
                                "fault": "latency",
                                "parameters": {"seconds": 3},
                            }
                        ],
                        "expect": {"silent_for": "3m"},
                    },
                    {
                        "id": KILL_DRILL,
                        "description": "A replica crashes.",
                        "inject": [{"action": "kill", "job": "shop"}],
                        "expect": {"silent_for": "1m"},
                    },
                ],
            ),
            _service("bank", []),
        ),
    )


def plan(drill: str = PAGE_DRILL, **options: Any) -> Plan:  # noqa: ANN401 - passed on
    """Plan one of the catalog's drills."""
    return make_plan(catalog(), drill, **options)


def page(
    number: int = 1,
    *,
    slo: str = SHOP,
    severity: str = "page",
    status: str = "open",
    alertname: str = "ErrorBudgetBurn",
) -> Page:
    """Make a page as the inbox gives it."""
    service = slo.split("-", maxsplit=1)[0]
    labels = {"alertname": alertname, "slo": slo, "service": service, "severity": severity}
    return Page.model_validate(
        {
            "id": number,
            "group_key": f"group-{service}",
            "receiver": "inbox",
            "status": status,
            "severity": severity,
            "group_labels": {"service": service, "severity": severity},
            "opened_at": START,
            "resolved_at": START if status == "resolved" else None,
            "notifications": 1,
            "alerts": [
                {
                    "status": "firing",
                    "labels": labels,
                    "annotations": {},
                    "starts_at": START,
                    "ends_at": None,
                    "fingerprint": str(number),
                }
            ],
        }
    )


def alert(state: str, slo: str = SHOP, name: str = "ErrorBudgetBurn") -> SeenAlert:
    """Make an alert as Prometheus or Alertmanager gives it."""
    return SeenAlert(name=name, state=state, slo=slo, service=slo.split("-", maxsplit=1)[0])


FAULT_ON = (SeenFault(where="bank (http://127.0.0.1:1)", fault="outage", on=True),)
FAULT_OFF = (replace(FAULT_ON[0], on=False),)
FAULT_UNKNOWN = (replace(FAULT_ON[0], on=None),)

CALM = Observation(
    at=START,
    error_ratio={SHOP: 0.0, BANK: 0.0},
    events_per_s={SHOP: 10.0, BANK: 10.0},
    alerts=(),
    routed=(),
    pages=(),
    faults=FAULT_ON,
)
"""All is well, and the fault is on."""
BAD = replace(CALM, error_ratio={SHOP: 0.9, BANK: 1.0})
FIRING = replace(BAD, alerts=(alert("firing"),), routed=(alert("active"),))
PAGED = replace(FIRING, pages=(page(),))
AFTER = replace(CALM, alerts=(alert("firing"),), routed=(alert("active"),), pages=(page(),))
"""The events are good again; the alert has not noticed."""
OVER = replace(CALM, pages=(page(status="resolved"),))


@dataclass
class Story:
    """What is seen from which second on; it is played until the timeline says that it is over."""

    plan: Plan
    while_on: Mapping[int, Observation]
    """By seconds since the injection."""
    after: Mapping[int, Observation] = field(default_factory=lambda: {0: AFTER, 330: OVER})
    """By seconds since the fault was taken back."""
    killed: Mapping[str, int] = field(default_factory=dict)
    baseline: Mapping[str, float] = field(default_factory=dict)
    seconds_max: int = 3600
    timeline: Timeline = field(init=False)

    def play(self) -> Judgement:
        """Play it to its end, and judge it."""
        timeline = self.timeline = Timeline(self.plan, self.baseline)
        timeline.injected(START, "", killed=self.killed)
        cleared_s: int | None = None
        for second in range(self.seconds_max):
            now = START + timedelta(seconds=second)
            script, since = (self.while_on, second) if cleared_s is None else (self.after, second - cleared_s)
            scene = script[max(start for start in script if start <= since)]
            timeline.observe(replace(scene, at=now))
            match timeline.next_step(now):
                case Next.CLEAR:
                    timeline.cleared(now, "")
                    cleared_s = second
                case Next.END:
                    return judge(timeline)
                case Next.WATCH:
                    pass
        raise AssertionError("the drill never ended")

    def second_of(self, step: Step) -> float | None:
        """Tell when a step was first seen."""
        return self.timeline.seconds(Step.INJECTED, step)


def process(pid: int | None, *, healthy: bool = True) -> tuple[SeenProcess, ...]:
    """Give how the process that was killed is."""
    return (SeenProcess("shop-1", pid, healthy=healthy),)
