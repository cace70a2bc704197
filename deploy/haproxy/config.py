"""Writes HAProxy's configuration from a few facts; the one template for every way of running it.

What is decided here, and why:

* A request is sent again to another replica when the connection could not be made (``conn-failure``: it was
  never sent). An answer that never came (``empty-response``) is retried only for methods without effect: a
  chat completion that may have been computed must not be paid for twice.
* The connection to a replica is closed after each request (``http-server-close``). A kept connection that the
  replica closes in the same moment would lose a POST that was never handled; on these networks a new
  connection costs little.
* ``/readyz`` decides who gets requests. A replica is out after two failed checks, in after one good one.
* A 503 that HAProxy makes itself is counted in ``haproxy_frontend_http_responses_total{code="5xx"}`` of the
  frontend (tried with 2.6), so the frontend's counters are what clients saw.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FRONTEND = "edge"
MAXCONN = 2000
UNAVAILABLE_BODY = json.dumps(
    {
        "error": {
            "message": "no replica is ready to answer; try again",
            "type": "service_unavailable",
            "code": 503,
        }
    },
    separators=(",", ":"),
)


@dataclass(frozen=True)
class Server:
    """A replica at a known address; an unused slot is declared too, but out of rotation."""

    name: str
    address: str
    enabled: bool = True


@dataclass(frozen=True)
class DiscoveredServers:
    """Replicas found through DNS: every address behind one name."""

    host: str
    port: int
    slots: int
    resolver: str


@dataclass(frozen=True)
class Edge:
    """All that differs between one place and another.

    Attributes:
        backend: name of the replicated process, which names the backend.
        bind: address of the edge, where clients come in.
        metrics_bind: address of ``/metrics``, ``/stats`` and ``/healthz``.
        servers: where the replicas are.
        admin_socket: Unix socket of the runtime API, if there is to be one.
    """

    backend: str
    bind: str
    metrics_bind: str
    servers: Sequence[Server] | DiscoveredServers
    admin_socket: Path | None = None


def render(edge: Edge) -> str:
    """Write the configuration file."""
    parts = [
        _global(edge.admin_socket),
        _DEFAULTS,
        _resolvers(edge.servers) if isinstance(edge.servers, DiscoveredServers) else "",
        _frontend(edge),
        _backend(edge),
        _metrics(edge.metrics_bind),
    ]
    return "\n".join(part for part in parts if part)


def quote(text: str) -> str:
    r"""Quote a word for HAProxy: in double quotes only ``\``, ``"`` and ``$`` mean something.

    >>> quote('/srv/my "repo"/$x')
    '"/srv/my \\"repo\\"/\\$x"'
    """
    return '"' + "".join(f"\\{char}" if char in '\\"$' else char for char in text) + '"'


def _global(admin_socket: Path | None) -> str:
    lines = [
        "global",
        f"  maxconn {MAXCONN}",
        "  log stdout format raw local0 notice",
        "  hard-stop-after 10s",
    ]
    if admin_socket is not None:
        lines.append(f"  stats socket {quote(str(admin_socket))} mode 600 level admin")
    return "\n".join([*lines, ""])


_DEFAULTS = """\
defaults
  mode http
  log global
  option dontlognull
  option http-server-close
  timeout connect 1s
  timeout client 60s
  timeout client-fin 5s
  timeout server 60s
  timeout queue 5s
  timeout http-request 10s
  timeout http-keep-alive 30s
  timeout check 1s
  retries 3
  option redispatch 1
  retry-on conn-failure empty-response
"""


def _resolvers(servers: DiscoveredServers) -> str:
    return f"""\
resolvers docker
  nameserver dns {servers.resolver}
  resolve_retries 3
  timeout resolve 1s
  timeout retry 1s
  hold valid 2s
  hold obsolete 5s
  accepted_payload_size 8192
"""


def _frontend(edge: Edge) -> str:
    return f"""\
frontend {FRONTEND}
  bind {edge.bind}
  http-request disable-l7-retry unless METH_GET or {{ method HEAD OPTIONS }}
  http-error status 503 content-type application/json string {quote(UNAVAILABLE_BODY)} hdr Retry-After 1
  default_backend {edge.backend}
"""


def _backend(edge: Edge) -> str:
    checks = "check inter 1s fastinter 250ms downinter 500ms fall 2 rise 1"
    lines = [
        f"backend {edge.backend}",
        "  balance leastconn",
        "  option httpchk",
        "  http-check send meth GET uri /readyz ver HTTP/1.1 hdr Host localhost hdr Connection close",
        "  http-check expect status 200",
        f"  default-server {checks}",
    ]
    if isinstance(edge.servers, DiscoveredServers):
        found = edge.servers
        lines.append(
            f"  server-template {edge.backend}- {found.slots} {found.host}:{found.port} "
            "resolvers docker resolve-prefer ipv4 init-addr none"
        )
    else:
        lines += [
            f"  server {server.name} {server.address}{'' if server.enabled else ' disabled'}"
            for server in edge.servers
        ]
    return "\n".join([*lines, ""])


def _metrics(bind: str) -> str:
    return f"""\
frontend metrics
  bind {bind}
  no log
  maxconn 50
  monitor-uri /healthz
  http-request use-service prometheus-exporter if {{ path /metrics }}
  stats enable
  stats uri /stats
  stats refresh 5s
"""
