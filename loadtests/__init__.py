"""Load suites, drills and the evidence that they leave."""
