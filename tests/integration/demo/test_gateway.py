"""The gateway in front of two real providers."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from tests.integration.demo.harness import Stack, wait_until

OUTPUT = {"gen_ai_token_type": "output"}


def events(response: httpx2.Response) -> list[Any]:
    """The events of a stream, which must end as the format says."""
    data = [line.removeprefix("data: ") for line in response.text.splitlines() if line]
    assert data[-1] == "[DONE]"
    return [json.loads(event) for event in data[:-1]]


def test_a_plain_answer_comes_from_the_models_own_provider(stack: Stack) -> None:
    """With text, usage and the request's id."""
    response = stack.gateway.http.post(
        "/v1/chat/completions",
        json={"model": "o4-mini", "messages": [{"role": "user", "content": "hi"}]},
        headers={"X-Request-ID": "my-id"},
    )
    answer = response.json()
    assert response.status_code == 200
    assert answer["model"] == "o4-mini"
    assert answer["choices"][0]["message"]["content"]
    assert answer["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0
    assert response.headers["x-request-id"] == "my-id"


def test_a_stream_arrives_piece_by_piece(stack: Stack) -> None:
    """The first piece well before the last; usage only for who asked."""
    chunks = events(stack.ask(stream=True))
    assert len(chunks) > 3
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
    assert not any("usage" in chunk for chunk in chunks)
    with_usage = events(stack.ask(stream=True, stream_options={"include_usage": True}))
    assert with_usage[-1]["usage"]["completion_tokens"] > 0
    assert with_usage[-1]["choices"] == []


def test_the_second_time_a_prompt_is_partly_cached(stack: Stack) -> None:
    """As real providers do, and bill less for it."""
    messages = [{"role": "system", "content": f"cache me {time.monotonic()} " * 20}]
    first, second = (stack.ask(messages=messages).json()["usage"] for _ in range(2))
    assert first["prompt_tokens_details"]["cached_tokens"] == 0
    assert 0 < second["prompt_tokens_details"]["cached_tokens"] <= second["prompt_tokens"]


@pytest.mark.parametrize("stream", [False, True])
def test_one_providers_outage_is_hidden(stack: Stack, stream: bool) -> None:
    """Every request is answered by the stand-in, within the latency objective, and counted as a failover."""
    before = stack.gateway.count("gateway_failovers_total", gen_ai_provider_name="openai")
    stack.openai.fault("outage")
    answers = [stack.ask(stream=stream) for _ in range(8)]
    assert {answer.status_code for answer in answers} == {200}
    assert all("claude-3-5-haiku-latest" in answer.text for answer in answers)
    assert max(answer.elapsed.total_seconds() for answer in answers) < 1
    assert stack.gateway.metric("gateway_failovers_total", gen_ai_provider_name="openai") == before + 8
    assert stack.gateway.metric("gateway_circuit_closed", gen_ai_provider_name="openai") == 0
    assert stack.gateway.metric("gateway_circuit_closed", gen_ai_provider_name="anthropic") == 1


def test_with_both_down_the_user_is_told_at_once(stack: Stack) -> None:
    """503 with Retry-After, before and after the circuits open."""
    for provider in stack.providers:
        provider.fault("outage")
    answers = [stack.ask(stream=stream) for stream in (False, True) * 4]
    assert {answer.status_code for answer in answers} == {503}
    assert {answer.headers["retry-after"] for answer in answers} == {"1"}
    assert max(answer.elapsed.total_seconds() for answer in answers) < 0.5


def test_a_slow_provider_is_felt(stack: Stack) -> None:
    """A slow answer is not cut off and not hidden: the latency objective is there to see it."""
    stack.openai.fault("latency", seconds=1.2)
    answer = stack.ask()
    assert answer.status_code == 200
    assert answer.json()["model"] == "gpt-4o-mini"
    assert answer.elapsed.total_seconds() > 1.2


def test_most_random_errors_are_hidden(stack: Stack) -> None:
    """A third of one provider's calls fail; no user notices."""
    stack.openai.fault("errors", ratio=0.33)
    assert {stack.ask(max_tokens=1).status_code for _ in range(15)} == {200}


def test_rate_limits_everywhere_are_an_outage_to_the_user(stack: Stack) -> None:
    """503, and when to come back; no circuit opens, for nobody is ill."""
    for provider in stack.providers:
        provider.fault("rate_limit", requests_per_s=0.1)
    answers = [stack.ask(max_tokens=1) for _ in range(8)]
    assert answers[-1].status_code == 503
    assert answers[-1].json()["error"]["code"] == "providers_exhausted"
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert stack.gateway.metric("gateway_circuit_closed") == 2


def test_runaway_tokens_show_in_the_usage_of_both_sides(stack: Stack) -> None:
    """The gateway's count and the provider's own agree to the token, however fast they run away."""

    def counted() -> tuple[float, float]:
        provider = stack.openai.http.get("/usage").json()["models"]["gpt-4o"]["output_tokens"]
        gateway = stack.gateway.metric(
            "gen_ai_client_token_usage_sum", gen_ai_request_model="gpt-4o", **OUTPUT
        )
        return provider, gateway or 0

    before = counted()
    stack.openai.fault("token_runaway", multiplier=20)
    answers = [stack.ask(model="gpt-4o", stream=stream) for stream in (False, True)]
    assert max(answer.elapsed.total_seconds() for answer in answers) < 1
    grown = [after - start for after, start in zip(counted(), before, strict=True)]
    assert grown[0] == grown[1] >= 2 * 20 * 20


def test_beyond_its_limit_a_replica_says_no_at_once(stack: Stack) -> None:
    """Four at work, two waiting, the rest 503 with Retry-After; all slots are free again afterwards."""
    stack.openai.fault("latency", seconds=1)
    before = stack.gateway.count("gateway_rejected_requests_total", reason="queue_full")
    with ThreadPoolExecutor(10) as users:
        answers = list(users.map(lambda _user: stack.ask(max_tokens=1), range(10)))
    refused = [answer for answer in answers if answer.status_code == 503]
    assert len(refused) >= 4
    assert all(answer.headers["retry-after"] == "1" for answer in refused)
    assert sum(answer.status_code == 200 for answer in answers) >= 4
    assert stack.gateway.count("gateway_rejected_requests_total", reason="queue_full") >= before + 4
    assert stack.gateway.metric("gateway_concurrency_in_use") == 0
    assert stack.gateway.metric("gateway_concurrency_limit") == 4


@pytest.mark.parametrize("when", ["before the first byte", "in the middle"])
def test_a_user_who_hangs_up_frees_the_slot(stack: Stack, when: str) -> None:
    """And the provider is not left generating for nobody."""
    if when == "before the first byte":
        stack.openai.fault("latency", seconds=5)
    else:
        stack.openai.fault("token_runaway", multiplier=1000)  # long enough to be caught in the middle
    body = {"model": "gpt-4o-mini", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    abandoned = stack.gateway.count("gateway_provider_attempts_total", outcome="abandoned")
    with httpx2.Client(base_url=stack.gateway.url, trust_env=False, timeout=0.5) as user:
        try:
            with user.stream("POST", "/v1/chat/completions", json=body) as response:
                next(response.iter_lines())
        except httpx2.TimeoutException:
            pass
    wait_until(lambda: stack.gateway.metric("gateway_concurrency_in_use") == 0, seconds=2, what="slot free")
    wait_until(lambda: stack.openai.metric("http_server_active_requests") == 0, seconds=2, what="call ended")
    assert stack.gateway.count("gateway_provider_attempts_total", outcome="abandoned") == abandoned + 1


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"messages": [{"role": "user", "content": "hi"}]}, 400, "model: Field required"),
        ({"model": "gpt-4o", "messages": []}, 400, "messages"),
        ({"model": "gpt-4o", "messages": [{"role": "pirate", "content": "x"}]}, 400, "messages.0.role"),
        ({"model": "gpt-9", "messages": [{"role": "user", "content": "x"}]}, 404, "use one of: gpt-4o-mini"),
        (b"{", 400, "JSON decode error"),
    ],
)
def test_bad_requests_are_told_what_is_wrong(stack: Stack, body: object, status: int, says: str) -> None:
    """In OpenAI's shape."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = stack.gateway.http.post(
        "/v1/chat/completions", content=content, headers={"Content-Type": "application/json"}
    )
    assert response.status_code == status
    assert says in response.json()["error"]["message"]


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_too_large_is_refused(stack: Stack, announced: bool) -> None:
    """Whether or not it says so beforehand."""
    part = b"x" * 65536
    content = part * 20 if announced else (part for _ in range(20))
    response = stack.gateway.http.post(
        "/v1/chat/completions", content=content, headers={"Content-Type": "application/json"}
    )
    assert response.status_code == 413


def test_the_models_on_offer_are_listed(stack: Stack) -> None:
    """Those of both providers."""
    listed = stack.gateway.http.get("/v1/models").json()["data"]
    assert {"id": "claude-sonnet-4-5", "object": "model", "owned_by": "anthropic"} in listed
    assert len(listed) == 5
