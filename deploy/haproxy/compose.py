"""The load balancer among containers: replicas are found through the engine's DNS."""

from deploy.haproxy.config import DiscoveredServers, Edge

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
