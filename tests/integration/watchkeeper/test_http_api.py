"""Whatever a server does, our clients have an answer or an error in time, and never more than fits."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress

import pytest

from watchkeeper import http_api
from watchkeeper.errors import BackendError
from watchkeeper.http_api import HttpApi
from watchkeeper.pages import InboxApi
from watchkeeper.prometheus_api import PrometheusApi

TIMEOUT_S = 0.5
IN_TIME_S = 1.5
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CLIENTS: dict[str, Callable[[str], HttpApi]] = {
    "prometheus": lambda url: PrometheusApi(url, timeout_s=TIMEOUT_S),
    "inbox": lambda url: InboxApi(url, timeout_s=TIMEOUT_S),
}

Script = Iterator[bytes]
Serve = Callable[[Callable[[], Script]], str]


def ask(client: HttpApi) -> object:
    """Ask what the client is for."""
    if isinstance(client, PrometheusApi):
        return client.query("up")
    assert isinstance(client, InboxApi)
    return client.pages()


def slowly(text: bytes) -> Script:
    """Give byte after byte, each well within the timeout of a read, and go on for ever."""
    yield text
    while True:
        time.sleep(TIMEOUT_S / 10)
        yield b"X"


def answer(body: bytes, status: str = "200 OK") -> Callable[[], Script]:
    """Give a whole answer."""
    return lambda: iter([f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body])


@pytest.fixture
def sent() -> list[int]:
    """Collect how many bytes each connection took."""
    return []


@pytest.fixture
def serve(sent: list[int]) -> Iterator[Serve]:
    """Give a server that says what a script says, on every connection, until the client hangs up."""
    listeners: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def speak(listener: socket.socket, script: Callable[[], Script]) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with closing(connection), suppress(OSError):
                    connection.recv(65536)
                    sent.append(0)
                    for part in script():
                        connection.sendall(part)
                        sent[-1] += len(part)

    def start(script: Callable[[], Script]) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        threads.append(threading.Thread(target=speak, args=(listener, script)))
        threads[-1].start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for listener in listeners:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive(), "the client left the connection open"


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(HEAD + b"Content-Length: 1000000\r\n\r\n", id="body"),
        pytest.param(HEAD + b"\r\n", id="body without a length"),
        pytest.param(HEAD + b"X-Endless: ", id="headers"),
        pytest.param(b"", id="status line"),
    ],
)
@pytest.mark.parametrize("kind", CLIENTS)
def test_a_slow_drip_ends_in_time(serve: Serve, kind: str, head: bytes) -> None:
    """Each read gets a byte in time; the whole would take days."""
    url = serve(lambda: slowly(head))
    began = time.monotonic()
    with CLIENTS[kind](url) as client, pytest.raises(BackendError, match=r"within 0\.5 s"):
        ask(client)
    assert time.monotonic() - began < IN_TIME_S


@pytest.mark.parametrize("kind", CLIENTS)
def test_an_endless_answer_is_not_taken_in(
    serve: Serve, sent: list[int], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client hangs up soon after the limit, however fast more would come."""
    monkeypatch.setattr(http_api, "RESPONSE_BYTES_MAX", 1024 * 1024)

    def endless() -> Script:
        yield HEAD + b"\r\n"
        while True:
            yield b" " * 65536

    url = serve(endless)
    with CLIENTS[kind](url) as client, pytest.raises(BackendError, match=r"too large|larger than"):
        ask(client)
    # What the kernel's buffers held at that moment comes on top.
    assert sent[0] < 32 * 1024 * 1024


@pytest.mark.parametrize(
    "body",
    [
        {"status": "success"},
        {"status": "success", "data": None},
        {"status": "success", "data": []},
        {"status": "success", "data": {"resultType": "vector"}},
        {"status": "success", "data": {"resultType": "vector", "result": 7}},
        {"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}, "value": []}]}},
        {
            "status": "success",
            "data": {"resultType": "vector", "result": [{"metric": [], "value": [1, "1"]}]},
        },
        {
            "status": "success",
            "data": {"resultType": "vector", "result": [{"metric": {}, "value": [1e300, "1"]}]},
        },
        {"status": "success", "data": {"resultType": "scalar", "result": [1, "many"]}},
    ],
)
def test_a_query_answered_in_another_form_is_an_error(serve: Serve, body: object) -> None:
    """It says which server and which query, and does not leave a traceback."""
    url = serve(answer(json.dumps(body).encode()))
    with PrometheusApi(url) as prometheus, pytest.raises(BackendError, match=r"127\.0\.0\.1.*'up'.*form"):
        prometheus.query("up")


@pytest.mark.parametrize(
    "method", [PrometheusApi.alerts, PrometheusApi.rule_groups, PrometheusApi.configuration]
)
@pytest.mark.parametrize("data", [None, {}, {"alerts": [{}], "groups": [7]}])
def test_every_answer_in_another_form_is_an_error(
    serve: Serve, method: Callable[[PrometheusApi], object], data: object
) -> None:
    """Not the query's alone."""
    url = serve(answer(json.dumps({"status": "success", "data": data}).encode()))
    with PrometheusApi(url) as prometheus, pytest.raises(BackendError, match="form"):
        method(prometheus)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"\xff", b"[" * 100_000, b"[]", b'{"status":"error","error":"no"}']
)
@pytest.mark.parametrize("kind", CLIENTS)
def test_what_is_no_answer_is_an_error(serve: Serve, kind: str, body: bytes) -> None:
    """Whoever listens on that port."""
    url = serve(answer(body, "500 Internal Server Error"))
    with CLIENTS[kind](url) as client, pytest.raises(BackendError, match=r"127\.0\.0\.1"):
        ask(client)


def test_several_questions_have_a_clock_each(serve: Serve) -> None:
    """A client lives longer than one exchange may last."""
    url = serve(answer(b"[]"))
    with InboxApi(url, timeout_s=TIMEOUT_S) as inbox:
        assert inbox.pages() == ()
        time.sleep(TIMEOUT_S * 1.2)
        assert inbox.pages() == ()
