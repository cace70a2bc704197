"""Grafana dashboards, generated from the catalog with grafanalib."""
