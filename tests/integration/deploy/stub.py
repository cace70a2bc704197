"""A process of a test's stack: answers /healthz, /readyz and /metrics, and can be told to misbehave.

``stub.py PORT [--ready-after S] [--exit-after S] [--ignore-term] [--child]``
"""

import argparse
import http.server
import os
import signal
import subprocess
import sys
import threading
import time

arguments = argparse.ArgumentParser()
arguments.add_argument("port", type=int)
arguments.add_argument("--ready-after", type=float, default=0)
arguments.add_argument("--exit-after", type=float)
arguments.add_argument("--ignore-term", action="store_true")
arguments.add_argument("--child", action="store_true", help="also start a process that outlives us")
options = arguments.parse_args()
ready_at = time.monotonic() + options.ready_after


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers 200 once ready, 503 before; /slow takes its time; the body names the process."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        if self.path.startswith("/slow"):
            time.sleep(1)
        if self.path.startswith("/drop"):
            self.close_connection = True
            self.connection.close()
            return
        ready = time.monotonic() >= ready_at
        body = os.environ.get("WATCHKEEPER_PROCESS", "?").encode()
        if self.path == "/metrics":
            body = b"# TYPE stub_requests_total counter\nstub_requests_total 1\n"
        self.send_response(200 if ready else 503)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        """Note the request, then answer like GET."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        sys.stdout.write(f"POST {self.path}\n")
        sys.stdout.flush()
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


if options.ignore_term:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if options.child:
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
if options.exit_after is not None:
    threading.Timer(options.exit_after, lambda: os._exit(3)).start()
sys.stdout.write(f"listening on {options.port}\n")
sys.stdout.flush()
http.server.ThreadingHTTPServer(("127.0.0.1", options.port), Handler).serve_forever()
