"""Drills: inject a fault, follow it to the page and back, judge the timeline."""
