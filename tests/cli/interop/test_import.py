"""``watchkeeper import``: files are written that pass the check, and nothing is lost in silence."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from watchkeeper.catalog.loader import load_catalog
from watchkeeper.cli.import_ import command

CLEAN = """\
version: prometheus/v1
service: shop
slos:
  - name: requests
    objective: 99.9
    sli:
      events:
        error_query: sum(rate(hits_total{job="shop",code=~"5.."}[{{.window}}]))
        total_query: sum(rate(hits_total{job="shop"}[{{.window}}]))
"""
ADDED = """\
  - name: pages
    objective: 99
    sli:
      events:
        error_query: sum(rate(a[{{.window}}])) + sum(rate(b[{{.window}}]))
        total_query: sum(rate(c[{{.window}}]))
"""
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Give what runs the command in a folder with a catalog and a spec."""
    catalog = tmp_path / "catalog"
    catalog.mkdir()
    (catalog / "watchkeeper.yaml").write_text("product: x\nname: X\nlinks: {console: http://x.example}\n")
    (catalog / "teams.yaml").write_text("teams:\n  - {id: t, name: T}\n")
    (tmp_path / "clean.yaml").write_text(CLEAN)
    (tmp_path / "lossy.yaml").write_text(CLEAN + ADDED)
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(command, list(arguments))

    return invoke


def test_a_clean_spec_is_carried_into_a_catalog_that_loads(run: Run) -> None:
    """Exit 0; the schema comment is there for editors."""
    result = run("clean.yaml", "--team", "t")
    assert (result.exit_code, result.stdout) == (
        0,
        "wrote catalog/services/shop.yaml\n1 service, 1 SLO: everything was carried over\n",
    )
    text = Path("catalog/services/shop.yaml").read_text("utf-8")
    assert text.startswith("# yaml-language-server: $schema=../schema/service.json\n")
    assert [objective.id for objective in load_catalog(Path("catalog")).objectives] == ["shop-requests"]


def test_what_is_not_carried_is_named_under_its_text(run: Run) -> None:
    """Exit 1; the rest is written."""
    result = run("lossy.yaml", "--team", "t")
    assert result.exit_code == 1
    assert result.stdout.startswith(
        "lossy.yaml:14:22: slos[1].sli.events.error_query: 'error_query' is not carried: "
        "it joins two expressions with '+', and an SLI counts one counter; record"
    )
    assert "^^^^" in result.stdout
    assert len(load_catalog(Path("catalog")).objectives) == 1


def test_json_tells_a_machine_the_same(run: Run) -> None:
    """Place, path, what, why and fix, each by itself."""
    report = json.loads(run("lossy.yaml", "--team", "t", "--json").stdout)
    assert (report["written"], report["slos"]) == (["catalog/services/shop.yaml"], 1)
    (finding,) = report["not_carried"]
    assert finding["path"] == "slos[1].sli.events.error_query"
    assert (finding["file"], finding["line"], finding["column"]) == ("lossy.yaml", 14, 22)
    assert finding["why"]
    assert finding["fix"]


def test_existing_files_are_overwritten_by_force_only(run: Run) -> None:
    """They may have been edited since."""
    run("clean.yaml", "--team", "t")
    path = Path("catalog/services/shop.yaml")
    path.write_text("mine\n")
    refused = run("clean.yaml", "--team", "t")
    assert refused.exit_code == 1
    assert "--force" in str(refused.exception)
    assert path.read_text() == "mine\n"
    assert run("clean.yaml", "--team", "t", "--force").exit_code == 0
    assert path.read_text() != "mine\n"


def test_the_same_files_give_the_same_bytes(run: Run) -> None:
    """In another folder too."""
    run("lossy.yaml", "--team", "t", "--output", "one")
    run("lossy.yaml", "--team", "t", "--output", "two")
    assert Path("one/services/shop.yaml").read_bytes() == Path("two/services/shop.yaml").read_bytes()


def test_an_alert_that_could_never_fire_is_named(run: Run) -> None:
    """The SLO is not written: its rules would be refused."""
    Path("low.yaml").write_text(CLEAN.replace("99.9", "90"))
    result = run("low.yaml", "--team", "t")
    assert result.exit_code == 1
    assert "slos[0]: the SLO is not carried" in result.stdout
    assert "use an objective above 93.1 or switch the tier off" in result.stdout
    assert not Path("catalog/services").exists()


@pytest.mark.parametrize("arguments", [("gone.yaml",), ("clean.yaml", "--team", "No"), (), ("catalog",)])
def test_wrong_usage_is_exit_2(run: Run, arguments: tuple[str, ...]) -> None:
    """A file that is not there, a team that can be none, nothing at all, a folder."""
    assert run(*arguments).exit_code == 2


HOSTILE = {
    "aliases": b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    "depth": b"[" * 5000,
    "many documents": b"--- x\n" * 5000,
    "large": b"a: " + b"x" * 5_000_000,
    "binary": os.urandom(64) + b"\x00\xff",
    "empty": b"",
    "a list": b"- a\n- b\n",
    "a scalar": b"x\n",
    "unclosed": b"version: 'prometheus/v1\n",
    "tag": b"version: !!python/object:os.system x\n",
    "unknown": b"apiVersion: v1\nkind: Pod\n",
    "wrong types": b"version: prometheus/v1\nservice: [x]\nslos: {a: b}\nlabels: 1\n",
    "nothing in it": b"version: prometheus/v1\nservice: shop\nslos: [1, null, {}, {sli: 1}]\n",
    "empty pyrra": b"apiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\nmetadata: []\nspec: x\n",
    "empty openslo": b"apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: [x]}\nspec: {objectives: {}}\n",
    "source": b"apiVersion: openslo/v1\nkind: DataSource\nmetadata: x\nspec: []\n",
    "colours": b'version: prometheus/v1\nservice: "\\e[31mred"\nslos: []\n',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_reported_and_never_a_traceback(run: Run, name: str) -> None:
    """Whatever they hold."""
    Path("hostile.yaml").write_bytes(HOSTILE[name])
    result = run("hostile.yaml", "--team", "t")
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit)
    assert result.stdout.startswith("hostile.yaml")
    assert "\x1b" not in result.stdout
    assert not Path("catalog/services").exists()
