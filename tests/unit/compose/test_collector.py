import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.compose.policy import Project

KINDS = {
    "receivers": "receiver",
    "processors": "processor",
    "exporters": "exporter",
    "connectors": "connector",
    "extensions": "extension",
}
RENAMED = {"otlp_grpc": "otlp", "otlp_http": "otlphttp"}
"""Component types whose module still bears the old name."""
DEPRECATED = {"otlphttp", "spanmetrics", "loadbalancing", "healthcheck", "memorylimiter", "batch"}


def _module(component: str, kind: str) -> str:
    name = component.partition("/")[0]
    return RENAMED.get(name, name).replace("_", "") + kind


def _modules(config: dict[str, Any]) -> set[str]:
    return {_module(name, kind) for section, kind in KINDS.items() for name in config.get(section, {})}


def _manifest_modules(manifest: dict[str, Any]) -> set[str]:
    return {part["gomod"].split()[0].rpartition("/")[2] for kind in KINDS for part in manifest.get(kind, [])}


def _wired(config: dict[str, Any]) -> Iterator[str]:
    yield from config["service"]["extensions"]
    for pipeline in config["service"]["pipelines"].values():
        for part in ("receivers", "processors", "exporters"):
            yield from pipeline[part]


def test_the_manifest_holds_what_the_configuration_uses_and_nothing_else(
    collector_config: dict[str, Any], collector_manifest: dict[str, Any]
) -> None:
    """A component that is not built in would stop the collector; an unused one is surface for attack."""
    assert _manifest_modules(collector_manifest) == _modules(collector_config)


def test_every_configured_component_is_wired(collector_config: dict[str, Any]) -> None:
    """A redaction that no pipeline names redacts nothing."""
    configured = {name for section in KINDS for name in collector_config.get(section, {})}
    assert configured == set(_wired(collector_config))


def test_the_collector_is_of_one_version(
    collector_manifest: dict[str, Any], project: Project, repository: Path
) -> None:
    """Components, the builder that compiles them and the image's tag all name the same release."""
    version = collector_manifest["dist"]["version"]
    parts = [part["gomod"].split()[1] for kind in KINDS for part in collector_manifest.get(kind, [])]
    assert set(parts) == {f"v{version}"}
    dockerfile = (repository / "otel-collector" / "Dockerfile").read_text("utf-8")
    assert f"cmd/builder@v{version}" in dockerfile
    assert f'image.version="{version}"' in dockerfile
    assert project.services["otel-collector"]["image"].endswith(f":{version}")


def test_memory_is_limited_first_and_redaction_comes_before_anything_is_stored(
    collector_config: dict[str, Any],
) -> None:
    """What arrives from outside passes the memory limiter, then redaction."""
    for pipeline in collector_config["service"]["pipelines"].values():
        assert pipeline["processors"][0] == "memory_limiter"
        if "otlp" in pipeline["receivers"]:
            assert pipeline["processors"][1] == "redaction"


def test_no_component_goes_by_a_deprecated_name(collector_config: dict[str, Any]) -> None:
    """Names are those of the present; the old ones only warn, until they are gone."""
    configured = {name.partition("/")[0] for section in KINDS for name in collector_config.get(section, {})}
    assert not configured & DEPRECATED
    assert "otlp" not in {name.partition("/")[0] for name in collector_config["exporters"]}


def test_what_is_received_is_limited(collector_config: dict[str, Any]) -> None:
    """Both protocols refuse bodies above four MiB."""
    protocols = collector_config["receivers"]["otlp"]["protocols"]
    assert protocols["grpc"]["max_recv_msg_size_mib"] == 4
    assert protocols["http"]["max_request_body_size"] == 4 * 1024 * 1024


# Put together here, so that no file of the repository looks as if it held a secret.
PLANTED = [
    "Authorization: Bearer " + "a1b2c3d4" * 4,
    "sk-" + "a1B2" * 8,
    "sk-ant-" + "a1B2" * 8,
    "AKIA" + "ABCDEFGH12345678",
    "ghp_" + "a" * 36,
    "xoxb-" + "1234567890",
    "eyJ" + "hbGciOiJIUzI1NiJ9" + ".eyJ" + "zdWIiOiIxMjM0NTY3ODkwIn0" + ".abc",
    "postgres" + "://user:" + "hunter2" + "@db/x",
    "-----BEGIN RSA " + "PRIVATE KEY-----",
]


@pytest.mark.parametrize("secret", PLANTED, ids=range(len(PLANTED)))
def test_obvious_secrets_in_values_are_masked(collector_config: dict[str, Any], secret: str) -> None:
    """A credential of a known shape matches a blocked value."""
    patterns = collector_config["processors"]["redaction"]["blocked_values"]
    assert any(re.search(pattern, secret) for pattern in patterns)


@pytest.mark.parametrize(
    "key", ["http.request.header.authorization", "db.password", "cookie", "openai_api_key", "client.secret"]
)
def test_attributes_that_name_a_secret_are_masked(collector_config: dict[str, Any], key: str) -> None:
    """Whatever the value, an attribute of that name is masked."""
    patterns = collector_config["processors"]["redaction"]["blocked_key_patterns"]
    assert any(re.search(pattern, key) for pattern in patterns)


@pytest.mark.parametrize("key", ["gen_ai.usage.input_tokens", "http.route", "service.name", "session.id"])
def test_ordinary_attributes_are_left_alone(collector_config: dict[str, Any], key: str) -> None:
    """Token *counts* are no tokens."""
    patterns = collector_config["processors"]["redaction"]["blocked_key_patterns"]
    assert not any(re.search(pattern, key) for pattern in patterns)
