"""Tests that ship with the rules: promtool runs every alert once firing and once silent."""

from alerts.promtool.cases import slo_tests, stack_tests

__all__ = ["slo_tests", "stack_tests"]
