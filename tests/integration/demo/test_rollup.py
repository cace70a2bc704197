"""The usage roll-up, fed by real providers."""

import time
from pathlib import Path

import pytest

from tests.integration.demo.harness import Service, Stack, Start, wait_until


@pytest.fixture
def rollup(start: Start, stack: Stack, tmp_path: Path) -> Service:
    """A roll-up that runs five times a second, with a first success behind it."""
    service = start(
        "demo.rollup",
        "usage-rollup",
        f"--state={tmp_path}",
        "--every-s=0.2",
        *(f"--provider={name}={url}" for name, url in _urls(stack).items()),
    )
    wait_until(service.answers, seconds=30, what="the roll-up up")
    wait_until(lambda: _last_success(service), what="a first success")
    return service


def _urls(stack: Stack) -> dict[str, str]:
    return {"openai": stack.openai.url, "anthropic": stack.anthropic.url}


def _last_success(service: Service) -> float | None:
    return service.metric("usage_rollup_last_success_timestamp_seconds")


def test_it_stays_fresh_and_consistent(rollup: Service, stack: Stack) -> None:
    """Time goes on, and the count with it."""
    first = _last_success(rollup)
    assert first is not None
    assert abs(time.time() - first) < 60
    stack.ask()
    wait_until(lambda: (_last_success(rollup) or 0) > first, what="a later success")
    assert rollup.metric("usage_rollup_consistent") == 1
    assert rollup.count("usage_rollup_runs_total", outcome="success") >= 2


def test_stalled_it_ages(rollup: Service) -> None:
    """It looks alive and does nothing; only the age of its last success tells."""
    rollup.fault("stall")
    wait_until(lambda: rollup.metric("usage_rollup_runs_total", outcome="stalled"), what="a stalled run")
    before = _last_success(rollup)
    stalled = rollup.count("usage_rollup_runs_total", outcome="stalled")
    wait_until(
        lambda: rollup.count("usage_rollup_runs_total", outcome="stalled") > stalled + 1, what="more of them"
    )
    assert _last_success(rollup) == before
    rollup.http.delete("/faults")
    wait_until(lambda: _last_success(rollup) != before, what="a success after the fault")


def test_a_corrupt_batch_shows_until_it_is_made_good(rollup: Service, stack: Stack) -> None:
    """Inconsistent while rows are lost, consistent again with the next sound batch."""
    rollup.fault("corrupt", ratio=1)
    stack.ask()
    wait_until(lambda: rollup.metric("usage_rollup_consistent") == 0, what="inconsistency")
    rollup.http.delete("/faults")
    wait_until(lambda: rollup.metric("usage_rollup_consistent") == 1, what="consistency")


def test_without_a_provider_a_run_fails_and_age_shows(start: Start, tmp_path: Path) -> None:
    """Unknown is not zero: no timestamp before the first success."""
    service = start(
        "demo.rollup",
        "lonely",
        f"--state={tmp_path}",
        "--every-s=0.2",
        "--provider=openai=http://127.0.0.1:1",
    )
    wait_until(service.answers, seconds=30, what="the roll-up up")
    wait_until(lambda: service.metric("usage_rollup_runs_total", outcome="failed"), what="a failed run")
    assert _last_success(service) is None
