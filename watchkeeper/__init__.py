"""One service catalog in; exporters, alerts, dashboards, load-test gates and drills out."""
