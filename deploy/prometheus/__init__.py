"""Prometheus's own configuration, generated per target."""
