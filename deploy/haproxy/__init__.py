"""The load balancer in front of the watched system: one template, for loopback and for containers."""
