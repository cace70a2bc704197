"""``watchkeeper schema`` writes what editors read, and notices when it is stale."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from watchkeeper.cli.schema import command


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, catch_exceptions=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder that does not exist yet."""
    return tmp_path / "a b" / "schema"


def test_one_schema_for_each_kind_of_file(folder: Path) -> None:
    """In a folder that is made."""
    result = _run("--output", str(folder))
    assert result.exit_code == 0
    assert sorted(path.name for path in folder.iterdir()) == [
        "maintenance.json",
        "ownership.json",
        "prices.json",
        "service.json",
        "settings.json",
        "teams.json",
    ]


def test_the_same_models_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    """Or every commit would have a diff that nobody made."""
    _run("--output", str(folder))
    _run("--output", str(tmp_path / "again"))
    for path in folder.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


def test_check_names_each_stale_or_missing_schema_and_writes_nothing(folder: Path) -> None:
    """With exit code 1; and 0 once it is right again."""
    _run("--output", str(folder))
    assert _run("--check", "--output", str(folder)).exit_code == 0

    (folder / "teams.json").write_text("{}")
    (folder / "prices.json").unlink()
    result = _run("--check", "--output", str(folder))

    assert result.exit_code == 1
    assert result.output.splitlines() == [
        f"{folder}/teams.json: stale or missing; run `watchkeeper schema`",
        f"{folder}/prices.json: stale or missing; run `watchkeeper schema`",
    ]
    assert (folder / "teams.json").read_text() == "{}"

    assert _run("--output", str(folder)).output == f"{folder}: 2 of 6 schemas written\n"
    assert _run("--check", "--output", str(folder)).exit_code == 0
