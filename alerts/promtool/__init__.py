"""Tests that ship with the rules: promtool runs every alert once firing and once silent."""

from alerts.promtool.cases import rule_tests

__all__ = ["rule_tests"]
