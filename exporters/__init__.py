"""Exporters: what no other program measures, served from snapshots that are built off the scrape path."""
