"""A folder becomes a catalog, or every reason why not."""

import os
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watchkeeper.catalog import discover as discover_module
from watchkeeper.catalog.loader import load_catalog
from watchkeeper.catalog.problems import CatalogError

REPOSITORY = Path(__file__).parents[3]
SETTINGS = "product: x\nname: X\nlinks: {console: http://x.example}\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a small catalog to add to."""
    folder = tmp_path / "catalog"
    (folder / "services").mkdir(parents=True)
    (folder / "watchkeeper.yaml").write_text(SETTINGS)
    (folder / "teams.yaml").write_text("teams: [{id: t, name: T}]\n")
    return folder


def _service(root: Path, name: str, extra: str = "") -> None:
    (root / "services" / f"{name}.yaml").write_text(
        f"id: {name}\nname: N\ndescription: d\nteam: t\n{extra}", encoding="utf-8"
    )


def _problems(root: Path) -> list[str]:
    with pytest.raises(CatalogError) as caught:
        load_catalog(root)
    return [f"{one.place}: {one.what}" for one in caught.value.problems]


def test_the_demo_catalog_is_valid() -> None:
    """It is what a newcomer copies from."""
    catalog = load_catalog(REPOSITORY / "catalog")
    assert len(catalog.teams) >= 3
    assert len(catalog.services) >= 4
    kinds = {sli.kind for service in catalog.services for sli in service.slis}
    assert kinds == {"availability", "latency", "ratio", "freshness", "boolean"}
    assert len(catalog.objectives) == sum(len(service.slos) for service in catalog.services)


def test_services_come_in_the_order_of_their_names(root: Path) -> None:
    """The file system's order is no order; generated files depend on this one."""
    for name in ("c", "a", "b"):
        _service(root, name)
    assert [service.id for service in load_catalog(root).services] == ["a", "b", "c"]


def test_optional_files_may_be_absent(root: Path) -> None:
    """Settings and teams are enough to begin with."""
    catalog = load_catalog(root)
    parts = (catalog.services, catalog.maintenance, catalog.prices.models, catalog.ownership.rules)
    assert not any(parts)


@pytest.mark.parametrize("given_as", ["absolute", "relative", "dot", "trailing"])
def test_files_are_called_the_same_wherever_one_stands(
    root: Path, given_as: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message can be compared and searched for, whoever ran the check."""
    (root / "teams.yaml").write_text("teams: 5\n")
    monkeypatch.chdir(root if given_as == "dot" else root.parent)
    path = {
        "absolute": root,
        "relative": Path("catalog"),
        "dot": Path(),
        "trailing": Path("services/..") if given_as == "dot" else Path("catalog/services/.."),
    }[given_as]
    assert _problems(path) == ["catalog/teams.yaml:1:8: 'teams' needs a list, and 5 is a number"]


def test_a_name_with_spaces_and_other_scripts_is_no_obstacle(root: Path) -> None:
    """Folders are called what people call them."""
    moved = root.rename(root.parent / "mein Katalog é")
    assert load_catalog(moved).teams[0].id == "t"


def test_hidden_files_are_nobodys_business(root: Path) -> None:
    """Editors and Kubernetes' mounted volumes keep such files; they are links to folders, even."""
    (root / ".teams.yaml.swp.yaml").write_text("}")
    (root / "..data").mkdir()
    (root / "..data" / "x.yaml").write_text("}")
    assert load_catalog(root).teams


def test_a_mounted_volume_of_links_is_read(root: Path) -> None:
    """As Kubernetes mounts a ConfigMap."""
    hidden = root / "..2026"
    hidden.mkdir()
    (root / "teams.yaml").rename(hidden / "teams.yaml")
    (root / "..data").symlink_to("..2026")
    (root / "teams.yaml").symlink_to("..data/teams.yaml")
    assert load_catalog(root).teams


def test_a_loop_of_folders_ends(root: Path) -> None:
    """A link to the folder that it lies in is not followed."""
    (root / "services" / "again").symlink_to("..")
    assert load_catalog(root).teams


def test_too_many_files_are_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody pointed at the wrong folder."""
    monkeypatch.setattr(discover_module, "FILES_MAX", 3)
    for name in "abc":
        _service(root, name)
    assert _problems(root) == ["catalog: more than 3 files"]


def test_a_file_instead_of_a_folder(tmp_path: Path) -> None:
    """And no folder at all."""
    path = tmp_path / "catalog"
    assert _problems(path) == [f"{path}: there is no such folder"]
    path.write_text("")
    assert _problems(path) == [f"{path}: this is a file, not a catalog"]


def test_every_cycle_is_named_once(root: Path) -> None:
    """Mending one must not only then show the next."""
    for name, needs in {"a": "b", "b": "a", "c": "d", "d": "e", "e": "c", "f": "a"}.items():
        _service(root, name, f"depends_on: [{needs}]\n")
    assert [problem.split(": ", 2)[2] for problem in _problems(root)] == ["a → b → a", "c → d → e → c"]


def test_a_broken_service_hides_no_problem_of_another(root: Path) -> None:
    """And what it would have defined is not missed."""
    _service(root, "a", "scrape: [{job: j, port: 1}]\n  oops\n")
    _service(root, "b", "depends_on: [a, gone]\n")
    problems = _problems(root)
    assert len(problems) == 2
    assert problems[1] == "catalog/services/b.yaml:5:17: there is no service 'gone'"


@given(data=st.binary(max_size=200) | st.text(max_size=120).map(str.encode))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@pytest.mark.parametrize("name", ["watchkeeper.yaml", "teams.yaml", "services/x.yaml", "prices.yaml"])
def test_arbitrary_bytes_are_a_catalog_or_a_catalog_error(root: Path, name: str, data: bytes) -> None:
    """Never a traceback, whatever lies in the file."""
    (root / name).write_bytes(data)
    try:
        load_catalog(root)
    except CatalogError as error:
        assert str(error)  # noqa: PT017 - that it can be shown is the point


_TOKENS = [
    "id: x",
    "name: N",
    "slis:",
    "slos:",
    "drills:",
    "- ",
    "  ",
    "\n",
    "kind: latency",
    "expect: ",
    "{page: 1}",
    "inject: [",
    "]",
    "{action: kill}",
    "threshold: 1s",
    "objective: 100",
    "null",
    "depends_on: [x]",
    ": ",
    "scaling: ",
    "group_by: [le]",
]


@given(words=st.lists(st.sampled_from(_TOKENS), max_size=25))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
def test_scraps_of_a_service_are_a_catalog_or_a_catalog_error(root: Path, words: list[str]) -> None:
    """Nearer to what people write while they write it."""
    (root / "services" / "x.yaml").write_text("".join(words), encoding="utf-8")
    try:
        load_catalog(root)
    except CatalogError as error:
        assert str(error)  # noqa: PT017 - that it can be shown is the point


def test_the_folder_is_only_read(root: Path) -> None:
    """A check leaves nothing behind."""
    before = sorted(os.walk(root))
    load_catalog(root)
    assert sorted(os.walk(root)) == before


def test_thousands_of_dangling_references_cost_no_thousands_of_guesses(root: Path) -> None:
    """A guess compares with every name; a hostile file must not make the product of the two."""
    for number in range(100):
        _service(root, f"s{number}")
    _service(root, "x", f"depends_on: [{','.join(f'q{number}' for number in range(10_000))}]\n")
    start = time.perf_counter()
    problems = _problems(root)
    assert len(problems) == 10_000
    assert time.perf_counter() - start < 5
