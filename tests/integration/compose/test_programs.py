"""What docker-compose.yml mounts is accepted by the programs that read it, as Debian packages them."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from deploy.prometheus.config import NATIVE_HISTOGRAMS

REPOSITORY = Path(__file__).parents[3]
PACKAGES = {"promtool": "prometheus", "amtool": "prometheus-alertmanager"}
"""Debian's packages, where they are not named like the program."""


def _run(*command: str, cwd: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
    program = shutil.which(command[0], path="/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin")
    if program is None:
        package = PACKAGES.get(command[0], command[0])
        pytest.fail(f"{command[0]} is not installed; run: apt-get install --no-install-recommends {package}")
    return subprocess.run(
        [program, *command[1:]], cwd=cwd, capture_output=True, text=True, check=False, timeout=60
    )


def _prometheus_directory(root: Path) -> Path:
    """Put the files where the container has them, relative to each other."""
    config = yaml.safe_load((REPOSITORY / "deploy/prometheus/generated/compose.yml").read_text("utf-8"))
    for key in NATIVE_HISTOGRAMS:
        del config["global"][key]
    (root / "prometheus.yml").write_text(yaml.safe_dump(config), "utf-8")
    shutil.copytree(REPOSITORY / "alerts/generated/rules", root / "rules")
    return root


def test_promtool_accepts_prometheus_configuration_and_rules(tmp_path: Path) -> None:
    """Without the one key that only 3.x knows: the promtool of Debian 12 is that of 2.42."""
    result = _run("promtool", "check", "config", "prometheus.yml", cwd=_prometheus_directory(tmp_path))
    assert result.returncode == 0, result.stderr
    assert "rules found" in result.stdout


def test_promtool_refuses_a_broken_rule(tmp_path: Path) -> None:
    """The check sees the mounted rules, not only the configuration."""
    directory = _prometheus_directory(tmp_path)
    (directory / "rules" / "broken.yaml").write_text(
        "groups: [{name: g, rules: [{record: a, expr: 'sum('}]}]\n"
    )
    assert _run("promtool", "check", "config", "prometheus.yml", cwd=directory).returncode == 1


def test_amtool_accepts_alertmanagers_configuration() -> None:
    """Receivers that read their secrets from files are valid without the files being there."""
    result = _run("amtool", "check-config", "deploy/alertmanager/generated/compose.yml")
    assert result.returncode == 0, result.stderr


def test_haproxy_accepts_its_configuration() -> None:
    """Replicas are found at run time, so the check needs no engine's DNS."""
    result = _run("haproxy", "-c", "-f", "deploy/haproxy/generated/compose.cfg")
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("profiles", [(), ("demo",), ("telemetry",), ("demo", "telemetry")], ids="+".join)
def test_docker_compose_accepts_the_file_with_every_choice_of_profiles(profiles: Sequence[str]) -> None:
    """Debian's docker-compose reads the file, resolves every reference and has nothing to warn about."""
    chosen = [word for profile in profiles for word in ("--profile", profile)]
    result = _run("docker-compose", *chosen, "config", "--quiet")
    assert (result.returncode, result.stderr) == (0, "")
