"""Figures, not tests: ``make bench`` prints what the documentation claims, and on what it was measured."""
