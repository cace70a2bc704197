"""Prometheus rules, Alertmanager routing and the tests that prove both, generated from the catalog."""
