"""The load balancer among containers: replicas are found through the engine's DNS."""

from deploy.haproxy.config import DiscoveredServers, Edge

GATEWAY = "gateway"
REPLICAS_MAX = 8
DOCKER_DNS = "127.0.0.11:53"


def edge() -> Edge:
    """Describe the edge of the compose network; every container has its own ports."""
    return Edge(
        backend=GATEWAY,
        bind=":8080",
        metrics_bind=":8405",
        servers=DiscoveredServers(host=GATEWAY, port=8000, slots=REPLICAS_MAX, resolver=DOCKER_DNS),
    )
