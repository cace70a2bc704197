"""The JSON Schemas accept what the loader accepts, and refuse what any schema can refuse."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from watchkeeper.catalog.documents import DOCUMENTS, Document, document_at
from watchkeeper.catalog.jsonschema import document_schema

CATALOG = Path(__file__).parents[3] / "catalog"
FILES = sorted(CATALOG.glob("*.yaml")) + sorted((CATALOG / "services").glob("*.yaml"))


def _validator(document: Document) -> Draft202012Validator:
    return Draft202012Validator(document_schema(document))


def _load(path: Path) -> Any:  # noqa: ANN401 - whatever the file holds
    # YAML 1.1 makes dates of what 1.2, and so every editor, leaves as text.
    class Loader(yaml.SafeLoader):
        pass

    Loader.yaml_implicit_resolvers = {
        key: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith("timestamp")]
        for key, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    return yaml.load(path.read_text(encoding="utf-8"), Loader=Loader)  # noqa: S506 - a SafeLoader


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.kind)
def test_each_schema_is_one(document: Document) -> None:
    """Of the draft that it names."""
    Draft202012Validator.check_schema(document_schema(document))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_file_of_the_demo_satisfies_its_schema(path: Path) -> None:
    """An editor shows no complaint where the loader has none."""
    document = document_at(path.relative_to(CATALOG))  # type: ignore[arg-type]
    assert document is not None
    assert list(_validator(document).iter_errors(_load(path))) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_file_of_the_demo_leads_editors_to_its_schema(path: Path) -> None:
    """By a comment on its first line, to the schema of its own kind."""
    document = document_at(path.relative_to(CATALOG))  # type: ignore[arg-type]
    first = path.read_text(encoding="utf-8").splitlines()[0]
    found = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert found
    assert document is not None
    assert (path.parent / found[1]).resolve() == CATALOG / "schema" / f"{document.kind}.json"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.kind)
def test_the_committed_schema_is_the_current_one(document: Document) -> None:
    """Or editors complete what the loader refuses."""
    committed = json.loads((CATALOG / "schema" / f"{document.kind}.json").read_text(encoding="utf-8"))
    assert committed == document_schema(document)


GOOD = {
    "id": "x",
    "name": "X",
    "description": "d",
    "team": "t",
    "slos": [{"id": "a", "description": "d", "sli": "a", "objective": 99.9, "period": "30d"}],
    "drills": [
        {
            "id": "d",
            "description": "d",
            "inject": [{"action": "fault", "job": "j", "fault": "f", "parameters": {"seconds": 3}}],
            "expect": {"silent_for": "3m"},
        }
    ],
}


def _changed(*path: str | int, to: object) -> dict[str, Any]:
    changed: Any = json.loads(json.dumps(GOOD))
    inside = changed
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = to
    return changed  # type: ignore[no-any-return]


def test_the_good_service_is_good() -> None:
    """Else the next test proves nothing."""
    service = next(document for document in DOCUMENTS if document.kind == "service")
    assert _validator(service).is_valid(GOOD)


@pytest.mark.parametrize(
    "bad",
    [
        _changed("surprise", to=1),
        _changed("id", to="My Service"),
        _changed("name", to=5),
        _changed("team", to=None),
        _changed("slos", 0, "objective", to=100),
        _changed("slos", 0, "objective", to=0),
        _changed("slos", 0, "objective", to="99.9"),
        _changed("slos", 0, "period", to="30 days"),
        _changed("slos", 0, "period", to=30),
        _changed("slos", 0, "alerts", to={"page": "yes"}),
        _changed("slos", to={}),
        _changed("drills", 0, "inject", to=[]),
        _changed("drills", 0, "inject", 0, "action", to="explode"),
        _changed("drills", 0, "inject", 0, "parameters", to={"Bad Key": 1}),
        _changed("drills", 0, "inject", 0, "parameters", to={"seconds": "3"}),
        _changed("drills", 0, "expect", to={}),
        _changed("scrape", to=[{"job": "j", "port": 80000}]),
        _changed("budgets", to=[{"id": "b", "description": "d", "amount_usd": 0}]),
    ],
)
def test_a_bad_service_is_refused(bad: dict[str, Any]) -> None:
    """Editors underline it while it is written."""
    service = next(document for document in DOCUMENTS if document.kind == "service")
    assert not _validator(service).is_valid(bad)


def test_every_key_of_every_model_is_described_or_speaks_for_itself() -> None:
    """Attribute docstrings reach the editor: a sample of them, so that losing them all is noticed."""
    text = json.dumps([document_schema(document) for document in DOCUMENTS])
    assert "Length of the rolling error budget." in text
    assert "Labels whose every value gets an error budget of its own." in text
    assert "Input should" not in text
