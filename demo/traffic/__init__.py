"""Steady traffic for the gateway. Only the locustfile may import locust: it patches the whole process."""
