"""Replicas behind a real HAProxy: added, removed, killed and hung, while requests go on."""

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import httpx2
import psutil
import pytest
import yaml

from deploy.haproxy.runtime import Runtime
from deploy.local import rotation
from deploy.local.paths import StateDir
from deploy.local.record import Record
from tests.integration.deploy.conftest import Stub, until
from watchkeeper.errors import StackError


@pytest.fixture
def balanced(stub: Stub) -> Stub:
    """Two replicas of at most four behind HAProxy."""
    stub.up(
        [
            {
                "name": "api",
                "command": stub.command(),
                "port": stub.port,
                "replicas": 2,
                "max_replicas": 4,
                "health": "/healthz",
                "scrape": True,
            },
            {
                "name": "haproxy",
                "command": ["haproxy", "-db", "-f", "{state}/conf/haproxy.cfg"],
                "port": stub.port + 5,
                "ports": {"edge": stub.port + 6},
                "health": "/healthz",
                "configuration": "haproxy",
                "balances": "api",
            },
        ]
    )
    until(lambda: set(_status(stub).values()) == {"UP", "MAINT"}, "HAProxy's checks passed")
    return stub


def _edge(stub: Stub) -> str:
    return f"http://127.0.0.1:{stub.port + 6}"


def _status(stub: Stub) -> dict[str, str]:
    return {name: each.status for name, each in Runtime(stub.state.haproxy_socket).servers("api").items()}


def _who_answers(stub: Stub, requests: int = 40) -> Counter[str]:
    with httpx2.Client(trust_env=False) as client:
        return Counter(client.get(_edge(stub)).text for _ in range(requests))


def _metric(stub: Stub, name: str) -> float:
    with httpx2.Client(trust_env=False) as client:
        text = client.get(f"http://127.0.0.1:{stub.port + 5}/metrics").text
    return float(next(line for line in text.splitlines() if line.startswith(f"{name} ")).rpartition(" ")[2])


def _logged(stub: Stub, text: str) -> int:
    return sum(stub.state.log(name).read_text().count(text) for name in ("api-1", "api-2"))


@contextmanager
def _requests_all_the_while(stub: Stub) -> Iterator[Counter[str]]:
    """Send POSTs until the block ends; give what came back."""
    answers: Counter[str] = Counter()
    done = threading.Event()

    def send() -> None:
        with httpx2.Client(trust_env=False, timeout=10) as client:
            while not done.is_set():
                answer = client.post(_edge(stub), content=b"x")
                answers[str(answer.status_code)] += 1
                answers[answer.text] += 1
                time.sleep(0.005)

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        done.set()
        for thread in threads:
            thread.join()


def test_scaling_loses_no_request_and_everybody_learns_of_it(balanced: Stub) -> None:
    """HAProxy's memory, HAProxy's file, Prometheus's targets and the supervisor agree before and after."""
    stack = balanced.running()
    with _requests_all_the_while(balanced) as answers:
        stack.scale("api", 4)
        assert set(_who_answers(balanced)) == {"api-1", "api-2", "api-3", "api-4"}
        targets = json.loads((balanced.state.targets / "api.json").read_text())
        assert [each["labels"]["instance"] for each in targets] == ["api-1", "api-2", "api-3", "api-4"]
        stack.scale("api", 1)
    assert set(_who_answers(balanced)) == {"api-1"}
    assert _status(balanced) == {"api-1": "UP", "api-2": "MAINT", "api-3": "MAINT", "api-4": "MAINT"}
    assert {key for key in answers if key.isdigit()} == {"200"}
    assert answers["api-4"] > 0
    assert set(balanced.pids()) == {"api-1", "haproxy", "supervisord", "guardian"}
    assert len(json.loads((balanced.state.targets / "api.json").read_text())) == 1


def test_a_restarted_haproxy_agrees_with_the_last_scaling(balanced: Stub) -> None:
    """Its file is written at every scaling."""
    balanced.running().scale("api", 3)
    before = balanced.row("haproxy").restarts
    balanced.running().kill("haproxy")
    until(
        lambda: balanced.row("haproxy").restarts > before and not balanced.look().complaints,
        "HAProxy is back",
    )
    until(lambda: list(_status(balanced).values()) == ["UP", "UP", "UP", "MAINT"], "three serve")
    assert set(_who_answers(balanced)) == {"api-1", "api-2", "api-3"}


def test_a_scaled_stack_stays_scaled_when_up_is_called_again(balanced: Stub) -> None:
    """And HAProxy is not restarted for it."""
    balanced.running().scale("api", 3)
    before = balanced.pids()
    description = yaml.safe_load(balanced.file.read_text())["processes"]
    balanced.up(description)
    assert balanced.pids() == before


@pytest.mark.parametrize("repair", ["at once", "scale", "up"])
def test_an_interrupted_scaling_leaves_nobody_out_of_rotation(
    balanced: Stub, monkeypatch: pytest.MonkeyPatch, repair: str
) -> None:
    """Ctrl-C while it drains: all serve again at once, or (had we been killed) after any `scale` or `up`."""
    drain = rotation.drain

    def interrupted(state: StateDir, record: Record, group: str, names: Sequence[str]) -> None:
        drain(state, record, group, names)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(rotation, "drain", interrupted)
        if repair != "at once":
            patch.setattr(rotation, "settle", lambda *_: None)
        with pytest.raises(KeyboardInterrupt):
            balanced.running().scale("api", 1)
    if repair != "at once":
        assert _status(balanced)["api-2"].startswith("DRAIN")
    if repair == "scale":
        balanced.running().scale("api", 2)
    elif repair == "up":
        balanced.up(yaml.safe_load(balanced.file.read_text())["processes"])
    until(lambda: set(_who_answers(balanced, 10)) == {"api-1", "api-2"}, "both serve")


def test_a_request_under_way_survives_the_removal_of_its_replica(balanced: Stub) -> None:
    """Draining waits for it."""
    answers: list[int] = []

    def slow() -> None:
        # A GET would be tried again on another replica, and prove nothing.
        answer = httpx2.post(f"{_edge(balanced)}/slow", content=b"x", trust_env=False, timeout=10)
        answers.append(answer.status_code)

    threads = [threading.Thread(target=slow) for _ in range(4)]
    for thread in threads:
        thread.start()
    runtime = Runtime(balanced.state.haproxy_socket)
    until(lambda: sum(each.sessions for each in runtime.servers("api").values()) == 4, "all are under way")
    balanced.running().scale("api", 1)
    for thread in threads:
        thread.join()
    assert answers == [200] * 4


def test_killing_one_replica_between_requests_loses_nothing(balanced: Stub) -> None:
    """A connection that is refused is tried on another replica, for a POST as well: it was never sent."""
    with httpx2.Client(trust_env=False) as client:
        for _ in range(3):
            pid = balanced.running().kill("api-1")
            # SIGKILL was sent, but until it is dead it may still accept a request, and lose it.
            until(lambda pid=pid: not psutil.pid_exists(pid), "it is dead")  # type: ignore[misc]
            codes = {client.post(_edge(balanced), content=b"x").status_code for _ in range(20)}
            assert codes == {200}
            until(lambda: balanced.look().complaints == [], "it is back")
            until(lambda: _status(balanced)["api-1"] == "UP", "HAProxy has it back")


def test_a_post_whose_answer_never_came_is_not_sent_again_but_a_get_is(balanced: Stub) -> None:
    """A completion that may have been computed must not be paid for twice."""
    # In one packet, so that HAProxy holds the whole request and could repeat it.
    request = b"POST /drop HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx"
    with socket.create_connection(("127.0.0.1", balanced.port + 6), timeout=20) as connection:
        connection.sendall(request)
        assert connection.recv(4096).startswith(b"HTTP/1.1 502 ")
    before = _metric(balanced, 'haproxy_backend_retry_warnings_total{proxy="api"}')
    httpx2.get(f"{_edge(balanced)}/drop", trust_env=False, timeout=20)
    assert _metric(balanced, 'haproxy_backend_retry_warnings_total{proxy="api"}') > before
    until(lambda: _logged(balanced, "POST /drop") > 0, "the supervisor wrote the log")
    assert _logged(balanced, "POST /drop") == 1


def test_haproxys_own_503_is_json_and_counted_where_clients_are_counted(balanced: Stub) -> None:
    """The availability SLI reads the frontend's counter; a total outage must show in it."""
    name = 'haproxy_frontend_http_responses_total{proxy="edge",code="5xx"}'
    before = _metric(balanced, name)
    for replica in ("api-1", "api-2"):
        balanced.running().pause(replica)
    until(lambda: not {"UP"} & {s.split()[0] for s in _status(balanced).values()}, "HAProxy took both out")
    answer = httpx2.get(_edge(balanced), trust_env=False)
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["error"]["code"] == 503
    assert _metric(balanced, name) == before + 1
    for replica in ("api-1", "api-2"):
        balanced.running().resume(replica)
    until(lambda: set(_who_answers(balanced, 10)) <= {"api-1", "api-2"}, "they serve again")


def test_a_taken_port_is_told_before_anything_is_changed(balanced: Stub) -> None:
    """As at the start: who has it, and not that a replica did not become healthy."""
    before = balanced.record()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", balanced.port + 2))
        taken.listen()
        with pytest.raises(StackError, match=f"port {balanced.port + 2} is wanted by api-3 but held by"):
            balanced.running().scale("api", 3)
    assert balanced.record() == before


@pytest.mark.parametrize(
    ("group", "count", "complaint"),
    [("api", 5, "api can have 1 to 4 replicas, not 5"), ("haproxy", 2, "has no replicas; these have: api")],
)
def test_impossible_counts_are_refused(balanced: Stub, group: str, count: int, complaint: str) -> None:
    """With what would be possible."""
    with pytest.raises(StackError, match=complaint):
        balanced.running().scale(group, count)
