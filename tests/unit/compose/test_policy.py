from pathlib import Path
from typing import Any

import pytest

from deploy.compose import policy
from deploy.compose.policy import POLICIES, Policy, Project


@pytest.mark.parametrize("rule", POLICIES, ids=lambda rule: rule.__name__)
def test_every_service_keeps_every_policy(project: Project, service_name: str, rule: Policy) -> None:
    """docker-compose.yml as it is gives no policy a reason to complain."""
    assert list(rule(project, project.services[service_name])) == []


def test_nothing_waits_for_itself(project: Project) -> None:
    """There is an order in which every service can start."""
    assert policy.start_cycle(project.services) == []


def test_a_ring_of_dependencies_is_found() -> None:
    """Two services that wait for each other, and a third behind them, never start."""
    wait = {"condition": "service_healthy"}
    services = {"a": {"depends_on": {"b": wait}}, "b": {"depends_on": {"a": wait}}, "c": {}}
    assert policy.start_cycle(services) == ["a", "b"]


HEALTHCHECK = {
    "test": ["CMD", "wget", "http://127.0.0.1/"],
    "interval": "1s",
    "timeout": "1s",
    "retries": 3,
    "start_period": "1s",
}
GOOD: dict[str, Any] = {
    "image": "prom/prometheus:v3.13.5",
    "user": "1000:1000",
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
    "mem_limit": "1g",
    "cpus": 1,
    "pids_limit": 10,
    "networks": ["inside"],
    "healthcheck": HEALTHCHECK,
    "restart": "unless-stopped",
    "logging": {"options": {"max-size": "1m", "max-file": "1"}},
}


def _project_with(service: dict[str, Any], root: Path) -> Project:
    (root / "there").touch()
    return Project(
        root,
        {
            "services": {
                "service": service,
                "other": GOOD,
                "optional": GOOD | {"profiles": ["demo"]},
                "unwatched": {key: value for key, value in GOOD.items() if key != "healthcheck"},
            },
            "networks": {"inside": {"internal": True}, "outside": {}},
            "volumes": {"data": {}},
            "secrets": {"key": {"file": "./secrets/key"}, "vault": {"external": True}},
        },
    )


def test_a_service_that_keeps_to_everything_is_accepted(tmp_path: Path) -> None:
    """The service that the broken ones below are made from is itself without fault."""
    service = GOOD | {
        "volumes": ["./there:/there:ro", "data:/data"],
        "secrets": ["key"],
        "environment": {"KEY_FILE": "/run/secrets/key"},
        "depends_on": {"other": {"condition": "service_healthy"}},
        "tmpfs": ["/scratch:size=1m,noexec"],
    }
    project = _project_with(service, tmp_path)
    assert [complaint for rule in POLICIES for complaint in rule(project, service)] == []


BROKEN: list[tuple[Policy, dict[str, Any], str]] = [
    (policy.exact_image, {"image": "prom/prometheus"}, "image prom/prometheus:(no tag) moves"),
    (policy.exact_image, {"image": "prom/prometheus:latest"}, "prometheus:latest moves"),
    (policy.exact_image, {"image": "haproxy:3.2-alpine"}, "haproxy:3.2-alpine moves"),
    (policy.exact_image, {"image": "postgres:17"}, "postgres:17 moves"),
    (policy.non_root, {"user": None}, "user None"),
    (policy.non_root, {"user": "0:1000"}, "user '0:1000'"),
    (policy.non_root, {"user": "1000:0"}, "user '1000:0'"),
    (policy.non_root, {"user": "nobody"}, "user 'nobody'"),
    (policy.read_only_root, {"read_only": False}, "write `read_only: true`"),
    (policy.no_capabilities, {"cap_drop": []}, "keeps capabilities"),
    (policy.no_capabilities, {"cap_add": ["NET_RAW"]}, "keeps capabilities"),
    (policy.no_new_privileges, {"security_opt": []}, "may gain privileges"),
    (policy.no_host_access, {"privileged": True}, "`privileged` reaches into the host"),
    (policy.no_host_access, {"network_mode": "host"}, "`network_mode` reaches into the host"),
    (policy.no_host_access, {"volumes": ["/var/run/docker.sock:/s"]}, "the engine's socket"),
    (policy.limits, {"mem_limit": None}, "no `mem_limit`"),
    (policy.limits, {"cpus": None}, "no `cpus`"),
    (policy.limits, {"pids_limit": None}, "no `pids_limit`"),
    (policy.bounded_scratch, {"tmpfs": ["/scratch:noexec"]}, "tmpfs /scratch:noexec"),
    (policy.bounded_scratch, {"tmpfs": ["/scratch:size=1m"]}, "tmpfs /scratch:size=1m"),
    (policy.loopback_ports, {"ports": ["9090:9090"]}, "port 9090:9090 is not bound to loopback"),
    (policy.loopback_ports, {"ports": ["0.0.0.0:9090:9090"]}, "not bound to loopback"),
    (policy.loopback_ports, {"ports": ["${PORT}"]}, "not bound to loopback"),
    (policy.loopback_ports, {"ports": [9090]}, "not bound to loopback"),
    (policy.no_secret_in_environment, {"environment": {"DB_PASSWORD": "x"}}, "DB_PASSWORD holds a secret"),
    (policy.no_secret_in_environment, {"environment": {"API_TOKEN": ""}}, "API_TOKEN holds a secret"),
    (policy.no_secret_in_environment, {"environment": {"PASSWORD_FILE": "/x"}}, "PASSWORD_FILE holds"),
    (policy.no_secret_in_environment, {"environment": {"DSN": "pg://me:pw@db/x"}}, "DSN holds a secret"),
    (policy.secrets_are_files, {"secrets": ["unknown"]}, "secret unknown is no file of ours"),
    (policy.secrets_are_files, {"secrets": ["vault"]}, "secret vault is no file of ours"),
    (policy.health_check, {"healthcheck": {}}, "no health check without a shell"),
    (policy.health_check, {"healthcheck": {"test": "wget x"}}, "no health check without a shell"),
    (policy.health_check, {"healthcheck": HEALTHCHECK | {"test": ["CMD-SHELL", "wget"]}}, "without a shell"),
    (
        policy.health_check,
        {"healthcheck": {"test": ["CMD", "wget"]}},
        "no interval, retries, start_period",
    ),
    (
        policy.health_check,
        {"healthcheck": HEALTHCHECK | {"test": ["CMD", "curl"]}},
        "a program curl in image",
    ),
    (
        policy.health_check,
        {"image": "grafana/tempo:3.0.3"},
        "a program wget in image grafana/tempo",
    ),
    (policy.dependencies, {"depends_on": ["other"]}, "depends_on is a list"),
    (policy.dependencies, {"depends_on": {"nobody": {}}}, "depends on nobody, which does not exist"),
    (
        policy.dependencies,
        {"depends_on": {"other": {"condition": "service_started"}}},
        "does not wait until other is healthy",
    ),
    (
        policy.dependencies,
        {"depends_on": {"unwatched": {"condition": "service_healthy"}}},
        "does not wait until unwatched is healthy",
    ),
    (
        policy.dependencies,
        {"depends_on": {"optional": {"condition": "service_healthy"}}},
        "depends on optional, which is in another profile",
    ),
    (policy.mounts, {"volumes": ["unknown:/data"]}, "volume unknown is not declared"),
    (policy.mounts, {"volumes": ["/etc:/etc:ro"]}, "/etc is outside the repository"),
    (policy.mounts, {"volumes": ["./there:/there"]}, "./there is mounted writable"),
    (policy.mounts, {"volumes": ["./gone:/gone:ro"]}, "./gone does not exist"),
    (policy.separate_networks, {"networks": []}, "joins the default network"),
    (policy.separate_networks, {"networks": ["unknown"]}, "an undeclared one"),
    (policy.separate_networks, {"networks": ["inside", "outside"]}, "open network without publishing"),
    (policy.separate_networks, {"ports": ["127.0.0.1:1:1"]}, "from internal networks only"),
    (policy.kept_running, {"restart": "no"}, "is not restarted"),
    (policy.kept_running, {"logging": {"options": {"max-size": "1m"}}}, "its log grows for ever"),
]


@pytest.mark.parametrize(
    ("rule", "fault", "complaint"), BROKEN, ids=lambda part: getattr(part, "__name__", None)
)
def test_a_broken_service_is_refused(
    rule: Policy, fault: dict[str, Any], complaint: str, tmp_path: Path
) -> None:
    """Each policy sees the fault that it is there for, and says what is wrong."""
    service = GOOD | fault
    complaints = list(rule(_project_with(service, tmp_path), service))
    assert len(complaints) == 1
    assert complaint in complaints[0]


def test_every_policy_has_been_shown_to_refuse() -> None:
    """A policy that nothing has ever broken may be one that accepts everything."""
    assert {rule for rule, _, _ in BROKEN} == set(POLICIES)
