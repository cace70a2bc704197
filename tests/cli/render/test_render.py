"""``watchkeeper render``: what is committed is what the catalog says."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def render(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run ``watchkeeper render`` as a user does: in a project of the user's own, or from anywhere."""
    own = ["catalog", "--output", "."] if cwd else []
    return subprocess.run(
        [Path(sys.executable).with_name("watchkeeper"), "render", *own, *arguments],
        cwd=cwd or "/",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Render a copy of the catalog into a directory of its own."""
    shutil.copytree(ROOT / "catalog", tmp_path / "catalog")
    assert render(cwd=tmp_path).returncode == 0
    return tmp_path


def test_the_committed_files_are_current() -> None:
    """A catalog change without its generated files would not pass review unseen."""
    result = render("--check")
    assert result.returncode == 0, result.stdout


def test_rendering_twice_writes_nothing_new(project: Path) -> None:
    """The same catalog gives the same bytes."""
    result = render(cwd=project)
    assert "wrote" not in result.stdout
    assert "up to date" in result.stdout


def test_check_names_every_stale_file_and_writes_nothing(project: Path) -> None:
    """Exit 1, and what to run."""
    service = project / "catalog/services/gateway.yaml"
    service.write_text(service.read_text("utf-8").replace("objective: 99.9", "objective: 99.95"), "utf-8")
    rules = project / "alerts/generated/rules/gateway-availability.yaml"
    before = rules.read_bytes()
    result = render("--check", cwd=project)
    assert result.returncode == 1
    assert "alerts/generated/rules/gateway-availability.yaml: stale; run: watchkeeper render" in result.stdout
    assert rules.read_bytes() == before


def test_an_objective_that_is_gone_takes_its_files_along(project: Path) -> None:
    """A left-over rule file would go on alerting."""
    left_over = project / "alerts/generated/rules/gone.yaml"
    left_over.write_text("groups: []\n", "utf-8")
    assert "nothing in the catalog asks for it" in render("--check", cwd=project).stdout
    assert "removed alerts/generated/rules/gone.yaml" in render(cwd=project).stdout
    assert not left_over.exists()


def test_one_target_can_be_rendered_alone(project: Path) -> None:
    """The other target's files are left as they are."""
    compose = project / "deploy/prometheus/generated/compose.yml"
    compose.write_text("mine\n", "utf-8")
    assert render("--target", "local", cwd=project).returncode == 0
    assert compose.read_text("utf-8") == "mine\n"


def test_a_broken_catalog_leaves_the_generated_files_alone(project: Path) -> None:
    """Nothing is half-written; the message says where the mistake is."""
    rules = project / "alerts/generated/rules/gateway-availability.yaml"
    before = rules.read_bytes()
    service = project / "catalog/services/gateway.yaml"
    service.write_text(service.read_text("utf-8").replace("objective: 99.9", "objective: 100"), "utf-8")
    result = render(cwd=project)
    assert result.returncode == 1
    assert "objective 100 leaves no error budget" in result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    assert rules.read_bytes() == before


def test_an_alert_that_could_never_fire_is_refused(project: Path) -> None:
    """14.4 times 10 % is more than everything."""
    service = project / "catalog/services/gateway.yaml"
    service.write_text(service.read_text("utf-8").replace("objective: 99.9", "objective: 90"), "utf-8")
    result = render(cwd=project)
    assert result.returncode == 1
    assert "catalog/services/gateway.yaml:43:16: with objective 90 even a total outage" in result.stderr
