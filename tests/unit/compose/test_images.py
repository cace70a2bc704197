import re
import tomllib
from pathlib import Path

import pytest

from deploy.compose.policy import Project

DOCKERFILES = ("Dockerfile", "otel-collector/Dockerfile")
NO_PART_OF_A_RUNNING_SERVICE = {"ruff", "mypy", "hypothesis", "pytest-xdist", "uv", "hatchling"}
"""Not pytest: Locust itself depends on it."""


def _instructions(repository: Path, dockerfile: str) -> list[str]:
    text = (repository / dockerfile).read_text("utf-8").replace("\\\n", "")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def _requirements(repository: Path, lock: str) -> dict[str, str]:
    text = (repository / "requirements" / lock).read_text("utf-8")
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)", text, flags=re.MULTILINE))


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_images_are_built_on_exact_releases(repository: Path, dockerfile: str) -> None:
    """Every base image has a tag that names one release, or is empty."""
    bases = [line.split()[1] for line in _instructions(repository, dockerfile) if line.startswith("FROM ")]
    assert bases
    for base in bases:
        assert base == "scratch" or re.fullmatch(r"[a-z]+:\d+\.\d+\.\d+(-[a-z-]+)?", base)


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_images_do_not_run_as_root(repository: Path, dockerfile: str) -> None:
    """The last stage ends as a numbered user, also where Compose does not say so."""
    users = [line for line in _instructions(repository, dockerfile) if line.startswith("USER ")]
    assert users == ["USER 10001:10001"]


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_no_compiler_is_in_the_last_stage(repository: Path, dockerfile: str) -> None:
    """What builds stays behind: the last stage installs no package and starts from no toolchain."""
    instructions = _instructions(repository, dockerfile)
    start = max(index for index, line in enumerate(instructions) if line.startswith("FROM "))
    last = "\n".join(instructions[start:])
    assert not re.search(r"apt-get|apk |gcc|golang:|pip ", last)


def test_the_python_image_installs_nothing_without_a_hash(repository: Path) -> None:
    """Every install is from a hashed lock and from wheels, or of the project itself without dependencies."""
    runs = [line for line in _instructions(repository, "Dockerfile") if line.startswith("RUN ")]
    installs = [part for run in runs for part in run.split("&&") if " install " in part and "pip" in part]
    assert installs
    for install in installs:
        from_lock = "--require-hashes" in install and "--only-binary :all:" in install
        assert from_lock or "--no-deps --no-index" in install


def test_the_images_tag_is_the_projects_version(repository: Path, project: Project) -> None:
    """One version, in the package, on the image and in its label."""
    version = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    images = {s["image"] for s in project.services.values() if s["image"].startswith("watchkeeper:")}
    assert images == {f"watchkeeper:{version}"}
    assert f'image.version="{version}"' in (repository / "Dockerfile").read_text("utf-8")


def test_the_build_sees_only_what_is_named(repository: Path) -> None:
    """Secrets, state and history can not slip into an image: everything is ignored first."""
    lines = (repository / ".dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    allowed = {rule[1:] for rule in rules if rule.startswith("!")}
    assert not allowed & {"secrets", ".git", ".run", ".venv", "."}
    assert {package for package in allowed if (repository / package).exists()} == allowed


def test_the_build_sees_every_package(repository: Path) -> None:
    """A package that the wheel holds but the build does not see would be missing from the image."""
    build = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]
    rules = (repository / ".dockerignore").read_text("utf-8").splitlines()
    assert {f"!{package}" for package in build["targets"]["wheel"]["packages"]} <= set(rules)


def test_the_runtime_lock_is_the_development_lock_without_its_tools(repository: Path) -> None:
    """What was tested is what is shipped: same versions, no tools."""
    runtime, dev = _requirements(repository, "runtime.txt"), _requirements(repository, "dev.txt")
    assert runtime.items() <= dev.items()
    assert not runtime.keys() & NO_PART_OF_A_RUNNING_SERVICE


@pytest.mark.parametrize("lock", ["runtime.txt", "build.txt"])
def test_every_requirement_of_the_image_is_hashed(repository: Path, lock: str) -> None:
    """No line is without a hash, and no index is named."""
    text = (repository / "requirements" / lock).read_text("utf-8")
    for requirement in re.split(r"\n(?=\S)", text.strip()):
        assert "--hash=sha256:" in requirement
    assert "://" not in text
