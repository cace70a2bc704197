"""The load balancer among containers: replicas are found through the engine's DNS.

Run as ``python -m deploy.haproxy.compose`` it writes ``generated/compose.cfg``; with ``--check`` it only
tells whether that file is stale.
"""

import sys
from pathlib import Path

from deploy.haproxy.config import DiscoveredServers, Edge, render

GENERATED = Path(__file__).parent / "generated" / "compose.cfg"
REPLICAS_MAX = 8
DOCKER_DNS = "127.0.0.11:53"


def edge(
    *, backend: str = "gateway", port: int = 8000, edge_port: int = 8080, metrics_port: int = 8405
) -> Edge:
    """Describe the edge of the compose network; every container has its own ports."""
    return Edge(
        backend=backend,
        bind=f":{edge_port}",
        metrics_bind=f":{metrics_port}",
        servers=DiscoveredServers(host=backend, port=port, slots=REPLICAS_MAX, resolver=DOCKER_DNS),
    )


def main(*, check: bool) -> int:
    """Write the file, or tell whether it is stale."""
    text = render(edge())
    if check:
        return int(not GENERATED.exists() or GENERATED.read_text(encoding="utf-8") != text)
    GENERATED.parent.mkdir(exist_ok=True)
    GENERATED.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
