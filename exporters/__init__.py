"""What we know and Prometheus does not: exporters that poll, keep a snapshot, and serve it when scraped."""
