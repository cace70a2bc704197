"""Prometheus's configuration: what is scraped, where alerts go, which rules are loaded.

How targets are found is the only thing that depends on where the stack runs. The native stack writes
file_sd files at run time (ports are its own business); under compose a job's name is its DNS name.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal

from watchkeeper.catalog.catalog import Catalog
from watchkeeper.catalog.service import ScrapeJob
from watchkeeper.promql import duration

Discovery = Literal["file", "dns"]

ALERTMANAGER_JOB = "alertmanager"
ALERTMANAGER_PORT = 9093
SCRAPE_TIMEOUT_MAX = timedelta(seconds=10)

# What one target may expose before its scrape is refused: a runaway label must not take Prometheus down.
LIMITS: Mapping[str, Any] = {
    "sample_limit": 50_000,
    "label_limit": 64,
    "label_name_length_limit": 256,
    "label_value_length_limit": 2_048,
    "body_size_limit": "32MB",
}


NATIVE_HISTOGRAMS: Mapping[str, Any] = {"scrape_native_histograms": True}
"""Native histograms are scraped by this key from 3.8 on; before that by a flag of the server alone."""
NATIVE_HISTOGRAMS_SINCE = (3, 8)


def prometheus_config(catalog: Catalog, discovery: Discovery, *, version: str) -> Mapping[str, Any]:
    """Give the whole configuration as plain data for a server of a version such as ``2.42``.

    Paths in it are relative to its own file.
    """
    interval = catalog.settings.scrape_interval
    knows_key = tuple(map(int, version.split("."))) >= NATIVE_HISTOGRAMS_SINCE
    return {
        "global": {
            "scrape_interval": duration(interval),
            "scrape_timeout": duration(min(interval, SCRAPE_TIMEOUT_MAX)),
            # Equal to the scrape interval: the exactness of level 0 rests on it (docs/slo-rules.md).
            "evaluation_interval": duration(interval),
            **(NATIVE_HISTOGRAMS if knows_key else {}),
            "external_labels": {"product": catalog.settings.product},
        },
        "rule_files": ["rules/*.yaml"],
        "alerting": {"alertmanagers": [_targets(ALERTMANAGER_JOB, ALERTMANAGER_PORT, discovery)]},
        "scrape_configs": [_scrape_config(job, discovery) for _, job in catalog.jobs()],
    }


def _scrape_config(job: ScrapeJob, discovery: Discovery) -> Mapping[str, Any]:
    return {
        "job_name": job.job,
        "metrics_path": job.path,
        **LIMITS,
        **_targets(job.job, job.port, discovery),
    }


def _targets(job: str, port: int, discovery: Discovery) -> Mapping[str, Any]:
    if discovery == "file":
        return {"file_sd_configs": [{"files": [f"targets/{job}.json"], "refresh_interval": "5s"}]}
    return {"dns_sd_configs": [{"names": [job], "type": "A", "port": port, "refresh_interval": "5s"}]}
