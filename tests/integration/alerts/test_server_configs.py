"""The servers' own tools accept what we generate, and route alerts where the catalog says."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TARGETS = ("local", "compose")


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a server's own tool."""
    return subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, timeout=60)


def test_promtool_accepts_the_native_stacks_configuration(tmp_path: Path) -> None:
    """With the rules beside it, as the stack places them."""
    shutil.copytree(ROOT / "alerts/generated/rules", tmp_path / "rules")
    shutil.copy(ROOT / "deploy/prometheus/generated/local.yml", tmp_path / "prometheus.yml")
    result = run("promtool", "check", "config", tmp_path / "prometheus.yml")
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("target", TARGETS)
def test_amtool_accepts_the_alertmanager_configuration(target: str) -> None:
    """Every receiver, matcher and file reference is valid."""
    result = run("amtool", "check-config", ROOT / f"deploy/alertmanager/generated/{target}.yml")
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("receiver", "labels"),
    [
        ("platform-page", ["alertname=ErrorBudgetBurn", "team=platform", "severity=page", "service=gateway"]),
        (
            "platform-ticket",
            ["alertname=ErrorBudgetBurn", "team=platform", "severity=ticket", "service=gateway"],
        ),
        (
            "billing-ticket",
            ["alertname=SliAbsent", "team=billing", "severity=ticket", "service=usage-rollup"],
        ),
        ("models-ticket", ["alertname=TargetDown", "team=models", "severity=ticket", "job=provider-openai"]),
        ("heartbeat", ["alertname=Watchdog", "severity=none"]),
        ("nobody", ["alertname=Maintenance", "severity=none", "team=billing", "service=usage-rollup"]),
        ("inbox", ["alertname=FromSomewhereElse", "severity=page"]),
    ],
)
@pytest.mark.parametrize("target", TARGETS)
def test_alerts_reach_the_receiver_of_their_owner(target: str, receiver: str, labels: list[str]) -> None:
    """An alert that nobody owns still reaches the inbox."""
    config = ROOT / f"deploy/alertmanager/generated/{target}.yml"
    result = run("amtool", "config", "routes", "test", f"--config.file={config}", *labels)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.split() == [receiver]
