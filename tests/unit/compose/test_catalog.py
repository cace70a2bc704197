from pathlib import Path

import yaml

from deploy.compose.policy import Project
from deploy.servers import TARGETS
from watchkeeper.catalog.catalog import Catalog
from watchkeeper.promql import duration

UNSCRAPED = {"grafana", "postgres", "otel-collector", "tempo", "loki", "traffic"}
"""Services that the catalog has no scrape job for."""


def test_scrape_jobs_and_services_are_the_same(project: Project, catalog: Catalog) -> None:
    """Prometheus finds a job by its name in the engine's DNS, so each is a service; none is forgotten."""
    jobs = {job.job for _, job in catalog.jobs()}
    assert jobs == set(project.services) - UNSCRAPED
    assert set(project.services) >= UNSCRAPED


def test_profiles_split_the_watchers_from_what_they_watch(project: Project) -> None:
    """Without a profile come the watchers alone; each other service belongs to one of two profiles."""
    by_profile: dict[str, set[str]] = {}
    for name, service in project.services.items():
        [profile] = service.get("profiles", ["core"])
        by_profile.setdefault(profile, set()).add(name)
    assert by_profile == {
        "core": {"prometheus", "alertmanager", "console", "exporters", "grafana", "postgres"},
        "demo": {"haproxy", "gateway", "provider-openai", "provider-anthropic", "usage-rollup", "traffic"},
        "telemetry": {"otel-collector", "tempo", "loki"},
    }


def test_every_job_listens_on_the_catalogs_port(project: Project, catalog: Catalog) -> None:
    """A service's health is asked on the port that Prometheus scrapes."""
    asked = {job.job: str(project.services[job.job]["healthcheck"]["test"]) for _, job in catalog.jobs()}
    wrong = {job.job for _, job in catalog.jobs() if f"http://127.0.0.1:{job.port}/" not in asked[job.job]}
    assert wrong == set()


def test_every_job_is_on_prometheus_network(project: Project, catalog: Catalog) -> None:
    """What Prometheus scrapes is on a network that it is on."""
    networks = {name: set(service["networks"]) for name, service in project.services.items()}
    assert {job.job for _, job in catalog.jobs() if not networks[job.job] & networks["prometheus"]} == set()


def test_prometheus_keeps_samples_as_long_as_the_catalog_says(project: Project, catalog: Catalog) -> None:
    """The retention of the server is the catalog's, or a budget's period would outlive its samples."""
    command = project.services["prometheus"]["command"]
    assert f"--storage.tsdb.retention.time={duration(catalog.settings.retention)}" in command
    assert any(flag.startswith("--storage.tsdb.retention.size=") for flag in command)


def test_alertmanager_gets_exactly_the_secrets_it_reads(project: Project, repository: Path) -> None:
    """Every secret file that its configuration names is mounted, and no other."""
    text = (repository / "deploy/alertmanager/generated/compose.yml").read_text("utf-8")
    named = {word.rpartition("/")[2] for word in text.split() if word.startswith("/run/secrets/")}
    assert named == set(project.services["alertmanager"]["secrets"])


def test_every_declared_secret_and_volume_is_used(project: Project) -> None:
    """What nobody mounts is not declared."""
    services = project.services.values()
    assert set(project.content["secrets"]) == {name for s in services for name in s.get("secrets", [])}
    mounted = {str(volume).partition(":")[0] for s in services for volume in s.get("volumes", [])}
    assert set(project.content["volumes"]) == {name for name in mounted if not name.startswith(".")}


def test_the_gateway_starts_with_the_catalogs_least_replicas(project: Project, catalog: Catalog) -> None:
    """Scaling begins where the catalog's policy does."""
    policy = next(s for s in catalog.service_by_id["gateway"].scaling if s.job == "gateway")
    assert project.services["gateway"]["deploy"]["replicas"] == policy.replicas_min


def test_prometheus_is_configured_for_the_version_that_runs(project: Project) -> None:
    """A key that the image does not know would keep it from starting."""
    version = TARGETS["compose"].prometheus
    assert project.services["prometheus"]["image"].startswith(f"prom/prometheus:v{version}.")


def test_haproxy_finds_the_gateways_replicas_by_name(repository: Path, catalog: Catalog) -> None:
    """Its configuration asks the engine's DNS for the gateway, on the port that replicas listen on."""
    port = next(job.port for _, job in catalog.jobs() if job.job == "gateway")
    text = (repository / "deploy/haproxy/generated/compose.cfg").read_text("utf-8")
    assert f" gateway:{port} resolvers " in text
    assert "nameserver dns 127.0.0.11:53" in text


def test_grafanas_data_sources_lead_to_services(project: Project, repository: Path) -> None:
    """Each has a fixed uid, and a URL with a service's name and the port on which its health is asked."""
    folder = repository / "deploy/compose/grafana/provisioning/datasources"
    sources = yaml.safe_load((folder / "watchkeeper.yaml").read_bytes())["datasources"]
    assert {source["uid"] for source in sources} == {"prometheus", "alertmanager", "tempo", "loki"}
    for source in sources:
        host, _, port = source["url"].removeprefix("http://").partition(":")
        assert f":{port}/" in str(project.services[host]["healthcheck"]["test"])
        assert source["editable"] is False


def test_grafana_provisions_the_folder_that_is_mounted(project: Project, repository: Path) -> None:
    """Dashboards are read from where the generated ones are mounted."""
    folder = repository / "deploy/compose/grafana/provisioning/dashboards"
    [provider] = yaml.safe_load((folder / "watchkeeper.yaml").read_bytes())["providers"]
    path = provider["options"]["path"]
    assert f"./dashboards/generated:{path}:ro" in project.services["grafana"]["volumes"]


def test_nobody_enters_grafana_without_a_password(project: Project) -> None:
    """Anonymous access and sign-up are off, and the password comes from a file."""
    environment = project.services["grafana"]["environment"]
    assert environment["GF_AUTH_ANONYMOUS_ENABLED"] == "false"
    assert environment["GF_USERS_ALLOW_SIGN_UP"] == "false"
    assert environment["GF_SECURITY_ADMIN_PASSWORD__FILE"].startswith("/run/secrets/")


def test_no_server_can_be_reloaded_or_administered_over_http(project: Project) -> None:
    """Prometheus' lifecycle and admin APIs and its write receiver stay off: its port asks for no password."""
    for service in project.services.values():
        flags = " ".join(map(str, service.get("command", [])))
        assert "--web.enable" not in flags


def test_traces_and_logs_are_forgotten_in_time(repository: Path) -> None:
    """Tempo and Loki delete what is older than their retention, and use no part that is gone from Tempo 3."""
    tempo = yaml.safe_load((repository / "deploy/compose/tempo/tempo.yaml").read_bytes())
    assert tempo["backend_worker"]["compaction"]["block_retention"] == "48h"
    assert tempo["backend_scheduler"]["provider"]["compaction"]["compaction"]["block_retention"] == "48h"
    assert not tempo.keys() & {"ingester", "compactor", "ingester_client", "metrics_generator_client"}
    loki = yaml.safe_load((repository / "deploy/compose/loki/loki.yaml").read_bytes())
    assert loki["compactor"]["retention_enabled"] is True
    assert loki["limits_config"]["retention_period"] == "168h"
