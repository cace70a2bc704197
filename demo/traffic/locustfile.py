"""Users of UltraAI: about ten requests a second, forever, whatever the answers.

Each user asks every four seconds, and there are forty of them: many slow users keep the rate up while
answers are slow, where few fast ones would slow down together with the system and hide its trouble. Run it
with: locust -f demo/traffic/locustfile.py --headless --users 40 --host http://127.0.0.1:8080
"""

import random
import time

from locust import FastHttpUser, constant_pacing, task

_SECONDS_BETWEEN_REQUESTS = 4.0
_MODELS = {
    "gpt-4o-mini": 50,
    "gpt-4o": 10,
    "o4-mini": 5,
    "claude-3-5-haiku-latest": 25,
    "claude-sonnet-4-5": 10,
}
_TENANTS = {"acme": 5, "globex": 3, "initech": 2}
_INSTRUCTIONS = (
    "You are a careful assistant. Answer briefly, name your sources, say so when you do not know. "
)
_QUESTIONS = (
    "What is an error budget?",
    "Summarise the incident of last night in three sentences.",
    "Which of our services spends the most on tokens, and why?",
    "Write a haiku about observability.",
    "Translate 'the circuit breaker is open' into French.",
)


class Caller(FastHttpUser):
    """One user: the same tenant for life, a new question each time, streamed twice out of three times."""

    wait_time = constant_pacing(_SECONDS_BETWEEN_REQUESTS)
    connection_timeout = 5.0
    network_timeout = 30.0

    def on_start(self) -> None:
        """Settle on a tenant and start at a random moment, so that forty users do not march in step."""
        self.tenant = _pick(_TENANTS)
        time.sleep(random.uniform(0, _SECONDS_BETWEEN_REQUESTS))  # noqa: S311 - simulated users have no secrets

    @task(2)
    def stream(self) -> None:
        """Ask and read the answer as it comes."""
        self._ask(stream=True)

    @task(1)
    def plain(self) -> None:
        """Ask and wait for the whole answer."""
        self._ask(stream=False)

    def _ask(self, *, stream: bool) -> None:
        model = _pick(_MODELS)
        body = {
            "model": model,
            "stream": stream,
            "messages": [
                {"role": "system", "content": _INSTRUCTIONS * 4},
                {"role": "user", "content": random.choice(_QUESTIONS)},  # noqa: S311
            ],
        }
        self.client.post(
            "/v1/chat/completions",
            json=body,
            headers={"X-Tenant-ID": self.tenant},
            name=f"chat ({'stream' if stream else 'plain'})",
        )


def _pick(weighted: dict[str, int]) -> str:
    return random.choices(list(weighted), weights=list(weighted.values()))[0]  # noqa: S311
