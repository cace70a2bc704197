"""Every metric, label and annotation name that the project makes, once.

Names follow Prometheus practice: ``level:metric:operation`` for recorded series, base units, ``_total``
on counters. The window is a label and never part of a name, so that a policy with other windows
changes no query.
"""

from typing import Final

# --- Labels ---------------------------------------------------------------------------------------
SLO: Final = "slo"
"""``<service>-<slo>``; unique in the catalog."""
SERVICE: Final = "service"
TEAM: Final = "team"
WINDOW: Final = "window"
"""A Prometheus duration: the window that a recorded series averages over."""
SEVERITY: Final = "severity"
JOB: Final = "job"
INSTANCE: Final = "instance"
BUCKET: Final = "le"
ALERTNAME: Final = "alertname"

SEVERITY_PAGE: Final = "page"
"""Wakes someone."""
SEVERITY_TICKET: Final = "ticket"
"""Can wait until morning."""
SEVERITY_NONE: Final = "none"
"""Never shown to people: the Watchdog's heartbeat."""

# --- Recorded SLO series --------------------------------------------------------------------------
BAD_RATE: Final = "slo:bad:rate"
"""Bad events per second, averaged over ``window``; 0 where there are events and none is bad."""
TOTAL_RATE: Final = "slo:total:rate"
"""All events per second, averaged over ``window``."""
ERROR_RATIO: Final = "slo:error:ratio"
"""Bad events ÷ all events over ``window``; absent where there was no event."""
OBJECTIVE_RATIO: Final = "slo:objective:ratio"
"""The objective as a ratio, such as 0.999."""
PERIOD_SECONDS: Final = "slo:period:seconds"
"""Length of the error budget's period."""
BUDGET_REMAINING_RATIO: Final = "slo:error_budget:remaining_ratio"
"""Share of the period's error budget that is left; negative once it is overspent."""

# --- Alerts ---------------------------------------------------------------------------------------
ALERT_BURN: Final = "ErrorBudgetBurn"
ALERT_SLI_ABSENT: Final = "SliAbsent"
ALERT_JOB_DOWN: Final = "JobDown"
ALERT_TARGET_DOWN: Final = "TargetDown"
ALERT_RULES_FAILING: Final = "RuleEvaluationFailing"
ALERT_RELOAD_FAILED: Final = "ConfigReloadFailed"
ALERT_NOTIFICATIONS_FAILING: Final = "NotificationsFailing"
ALERT_ALERTMANAGER_UNREACHABLE: Final = "AlertmanagerUnreachable"
ALERT_SNAPSHOT_STALE: Final = "ExporterSnapshotStale"
ALERT_MAINTENANCE: Final = "Maintenance"
"""Notifies nobody: while it fires, Alertmanager holds back the service's other alerts."""
ALERT_WATCHDOG: Final = "Watchdog"
"""Always fires: a heartbeat whose absence proves that alerting is broken."""

SUMMARY: Final = "summary"
DESCRIPTION: Final = "description"
RUNBOOK_URL: Final = "runbook_url"
DASHBOARD_URL: Final = "dashboard_url"

# --- Our own exporters ----------------------------------------------------------------------------
MAINTENANCE_ACTIVE: Final = "watchkeeper_maintenance_active"
"""Gauge by ``service``: 1 while a planned maintenance window covers the service, else 0."""
CATALOG_LOADED_TIMESTAMP: Final = "watchkeeper_catalog_loaded_timestamp_seconds"
"""Gauge: when the catalog in use was read."""
HEARTBEAT_TIMESTAMP: Final = "watchkeeper_heartbeat_last_timestamp_seconds"
"""Gauge: when the Watchdog's heartbeat last reached the console."""
NOTIFICATIONS_RECEIVED: Final = "watchkeeper_notifications_received_total"
"""Counter by ``status`` (firing, resolved): notifications that the inbox stored."""
NOTIFICATIONS_REJECTED: Final = "watchkeeper_notifications_rejected_total"
"""Counter by ``reason``: deliveries that the inbox refused."""
PAGES_OPEN: Final = "watchkeeper_pages_open"
"""Gauge by ``severity``: pages that have not resolved."""
BUILD_INFO: Final = "watchkeeper_build_info"
"""Gauge by ``component``, ``version`` and ``python``: always 1."""
CATALOG_LOAD_FAILURES: Final = "watchkeeper_catalog_load_failures_total"
"""Counter: changed catalogs that could not be read; the last good one stays in use."""
SNAPSHOT_TIMESTAMP: Final = "watchkeeper_exporter_snapshot_timestamp_seconds"
"""Gauge by ``exporter``: when the snapshot that is served was built; its age shows a stuck exporter."""
SNAPSHOT_FAILURES: Final = "watchkeeper_exporter_snapshot_failures_total"
"""Counter by ``exporter``: snapshots that could not be built."""
SNAPSHOT_DURATION: Final = "watchkeeper_exporter_snapshot_duration_seconds"
"""Gauge by ``exporter``: how long building the last snapshot took."""
