"""A process with switchable faults, to be broken by drills: it counts requests that it makes up.

Run as ``python faulty_town.py PORT JOB``. Its faults: ``outage`` (every request of the job fails), ``hiccup``
(a few do), ``placebo`` (nothing happens) and ``standstill`` (no requests any more).
"""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REQUESTS_PER_S = 100
HICCUP_EVERY = 200
FAULTS = ("outage", "hiccup", "placebo", "standstill")


class Town:
    """Counters, and which faults are on."""

    def __init__(self, job: str) -> None:
        self.job = job
        self.on: set[str] = set()
        self.counts = {"200": 1, "500": 0}
        self._served = 0

    def serve_requests(self) -> None:
        """Count requests for ever."""
        while True:
            time.sleep(1 / REQUESTS_PER_S)
            if "standstill" in self.on:
                continue
            self._served += 1
            is_hiccup = "hiccup" in self.on and self._served % HICCUP_EVERY == 0
            self.counts["500" if "outage" in self.on or is_hiccup else "200"] += 1

    def metrics(self) -> str:
        """Give the counters as Prometheus reads them."""
        lines = [f"# TYPE {self.job}_requests_total counter"]
        lines += [
            f'{self.job}_requests_total{{code="{code}"}} {count}' for code, count in self.counts.items()
        ]
        return "\n".join(lines) + "\n"

    def faults(self) -> str:
        """Give the faults as drills read them."""
        return json.dumps({"faults": {fault: {"on": fault in self.on} for fault in FAULTS}})


def handler(town: Town) -> type[BaseHTTPRequestHandler]:
    """Make the HTTP side."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/metrics":
                self.answer(200, town.metrics(), "text/plain; version=0.0.4")
            else:
                self.answer(200, town.faults())

        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            fault = self.path.removeprefix("/faults/")
            if fault not in FAULTS:
                self.answer(404, "{}")
                return
            town.on.add(fault)
            self.answer(200, town.faults())

        def do_DELETE(self) -> None:
            town.on.discard(self.path.removeprefix("/faults/"))
            self.answer(200, town.faults())

        def answer(self, status: int, body: str, kind: str = "application/json") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    return Handler


if __name__ == "__main__":
    the_town = Town(sys.argv[2])
    threading.Thread(target=the_town.serve_requests, daemon=True).start()
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), handler(the_town)).serve_forever()
