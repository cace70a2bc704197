import stat
from pathlib import Path

import pytest

from deploy.compose import secrets
from deploy.compose.policy import Project
from watchkeeper.errors import StackError

COMPOSE = """\
secrets:
  postgres-password: {file: ./secrets/postgres-password}
  pagerduty-platform: {file: ./secrets/pagerduty-platform}
"""


@pytest.fixture
def compose_file(tmp_path: Path) -> Path:
    """A Compose file with a password of our own and a credential of somebody else's."""
    file = tmp_path / "docker-compose.yml"
    file.write_text(COMPOSE)
    return file


def test_passwords_of_our_own_are_random(compose_file: Path, tmp_path: Path) -> None:
    """Two stacks never share a password, and nobody can guess one."""
    secrets.make(compose_file)
    file = tmp_path / "secrets" / "postgres-password"
    first = file.read_text()
    file.unlink()
    secrets.make(compose_file)
    assert file.read_text() != first
    assert len(first) >= 40


def test_a_credential_that_others_issue_is_named_as_missing(compose_file: Path, tmp_path: Path) -> None:
    """A made-up pager key would look as if pages could be delivered; the file says that it is not set."""
    report = secrets.make(compose_file)
    assert report.placeholders == (tmp_path / "secrets" / "pagerduty-platform",)
    report.placeholders[0].chmod(0o600)
    report.placeholders[0].write_text("a-real-key")
    assert secrets.make(compose_file).placeholders == ()


def test_a_secret_that_exists_is_never_touched(compose_file: Path, tmp_path: Path) -> None:
    """A second run makes nothing: the database's password would no longer be the database's."""
    secrets.make(compose_file)
    before = (tmp_path / "secrets" / "postgres-password").read_bytes()
    assert secrets.make(compose_file).made == ()
    assert (tmp_path / "secrets" / "postgres-password").read_bytes() == before


def test_other_users_of_the_machine_can_not_enter(compose_file: Path, tmp_path: Path) -> None:
    """The directory is closed; the files in it can be read by the container that they are mounted into."""
    (tmp_path / "secrets").mkdir(mode=0o755)
    secrets.make(compose_file)
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "secrets" / "postgres-password").stat().st_mode) == 0o444


def test_a_missing_secret_is_told_in_one_sentence(compose_file: Path, tmp_path: Path) -> None:
    """Every missing file is named, with what to do."""
    with pytest.raises(StackError) as refusal:
        secrets.check(compose_file)
    assert str(refusal.value) == (
        f"{tmp_path}/secrets/postgres-password: missing; run `make secrets`\n"
        f"{tmp_path}/secrets/pagerduty-platform: missing; run `make secrets`"
    )


def test_an_empty_or_open_secret_is_refused(compose_file: Path, tmp_path: Path) -> None:
    """An empty password and a directory that others can enter are faults, too."""
    secrets.make(compose_file)
    secrets.check(compose_file)
    folder = tmp_path / "secrets"
    (folder / "postgres-password").unlink()
    (folder / "postgres-password").touch()
    folder.chmod(0o755)
    with pytest.raises(StackError) as refusal:
        secrets.check(compose_file)
    assert "postgres-password: empty" in str(refusal.value)
    assert f"run `chmod 700 {folder}`" in str(refusal.value)


def test_a_compose_file_without_secret_files_is_refused(tmp_path: Path) -> None:
    """A secret from anywhere but a file could not be made here."""
    file = tmp_path / "docker-compose.yml"
    file.write_text("secrets:\n  key: {external: true}\n")
    with pytest.raises(StackError, match="every entry of `secrets` needs a `file`"):
        secrets.secret_files(file)


def test_git_never_sees_a_secret(repository: Path, project: Project) -> None:
    """The directory that all secret files are in is ignored."""
    folders = {Path(secret["file"]).parent.name for secret in project.content["secrets"].values()}
    assert folders == {"secrets"}
    assert "/secrets/" in (repository / ".gitignore").read_text("utf-8").splitlines()


def test_every_secret_made_here_is_declared(project: Project) -> None:
    """A renamed secret would otherwise silently become a placeholder."""
    assert set(project.content["secrets"]) >= secrets.MADE_HERE
