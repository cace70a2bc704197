"""Faults over HTTP, at a provider."""

import pytest

from tests.integration.demo.harness import Stack, question


@pytest.mark.parametrize(
    ("fault", "body"),
    [
        ("latency", '{"seconds": 0}'),
        ("latency", '{"seconds": 61}'),
        ("latency", '{"seconds": "soon"}'),
        ("latency", '{"seconds": NaN}'),
        ("latency", "{}"),
        ("latency", '{"seconds": 1, "unknown": 2}'),
        ("errors", '{"ratio": 1.1}'),
        ("errors", '{"ratio": -0.1}'),
        ("rate_limit", '{"requests_per_s": 0}'),
        ("token_runaway", '{"multiplier": 1e9}'),
        ("outage", '{"mode": "total"}'),
        ("outage", "[]"),
        ("outage", "{"),
    ],
)
def test_bad_parameters_are_refused_and_change_nothing(stack: Stack, fault: str, body: str) -> None:
    """422, and the fault stays off."""
    answer = stack.openai.http.put(
        f"/faults/{fault}", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422
    assert not any(state["on"] for state in stack.openai.http.get("/faults").json()["faults"].values())


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_an_unknown_fault_is_named_with_those_that_exist(stack: Stack, method: str) -> None:
    """A typo in a drill must not pass for a drill."""
    answer = stack.openai.http.request(method, "/faults/latncy", json={})
    assert answer.status_code == 404
    assert "'latncy'" in answer.json()["detail"]
    assert "use one of: latency, errors" in answer.json()["detail"]


def test_a_fault_can_be_seen_replaced_and_switched_off(stack: Stack) -> None:
    """With its parameters and since when."""
    stack.openai.fault("latency", seconds=2)
    state = stack.openai.http.put("/faults/latency", json={"seconds": 3}).json()["faults"]["latency"]
    assert state["on"]
    assert state["parameters"] == {"seconds": 3}
    assert state["since"].endswith("Z")
    assert not stack.openai.http.delete("/faults/latency").json()["faults"]["latency"]["on"]


def test_a_simulated_outage_is_no_dead_process(stack: Stack) -> None:
    """Alive, with the fault named: a supervisor that restarted it would end the drill."""
    stack.openai.fault("outage")
    assert stack.openai.http.post("/v1/chat/completions", json=question()).status_code == 503
    health = stack.openai.http.get("/healthz")
    assert (health.status_code, health.json()) == (200, {"status": "alive", "faults": ["outage"]})


def test_each_fault_does_what_it_says_and_nothing_is_billed_for_a_refusal(stack: Stack) -> None:
    """Every call fails, none of them costs a token."""

    def requests() -> int:
        usage = stack.openai.http.get("/usage").json()["models"]["gpt-4o-mini"]
        return int(usage["requests"])

    before = requests()
    for fault, parameters, status in (
        ("errors", {"ratio": 1.0}, 500),
        ("outage", {}, 503),
    ):
        stack.openai.fault(fault, **parameters)
        assert stack.openai.http.post("/v1/chat/completions", json=question()).status_code == status
        stack.openai.http.delete("/faults")
    assert requests() == before
