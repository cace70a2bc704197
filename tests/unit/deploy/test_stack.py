"""The description of the stack: what it may say, and that everything wrong with it is told at once."""

from pathlib import Path

import pytest

from deploy.local.stack import load
from watchkeeper.errors import StackError

GOOD = """
processes:
  - {name: api, command: [serve, "{port}"], port: 100, replicas: 2, max_replicas: 4, health: /ok, after: [db]}
  - {name: db, command: [db], port: 200, ports: {admin: 201}}
"""


def _load(tmp_path: Path, *texts: str) -> str:
    files = []
    for index, text in enumerate(texts):
        files.append(tmp_path / f"{index}.yaml")
        files[-1].write_text(text)
    try:
        load(files)
    except StackError as error:
        return str(error).replace(f"{tmp_path}/", "")
    return ""


def test_replicas_are_named_and_numbered_from_one(tmp_path: Path) -> None:
    """Replica NAME-1 listens on the port itself, the others on the next ones."""
    (tmp_path / "s.yaml").write_text(GOOD)
    api = load([tmp_path / "s.yaml"]).get("api")
    assert api is not None
    assert api.process_names() == ("api-1", "api-2")
    assert dict(api.ports_reserved()) == {100: "api-1", 101: "api-2", 102: "api-3", 103: "api-4"}


def test_two_files_make_one_stack(tmp_path: Path) -> None:
    """Our side and the watched side are described apart and may wait for each other."""
    assert _load(tmp_path, GOOD, "processes: [{name: load, command: [x], after: [api]}]") == ""


@pytest.mark.parametrize(
    ("entries", "complaint"),
    [
        ("[{name: a, command: [x]}, {name: a, command: [y]}]", "process 'a' is described 2 times"),
        (
            "[{name: a, command: [x], port: 5, replicas: 2}, {name: a-2, command: [x]}]",
            "'a-2' is described 2",
        ),
        (
            "[{name: a, command: [x], port: 5}, {name: b, command: [x], port: 5}]",
            "port 5 is wanted by a and b",
        ),
        (
            "[{name: a, command: [x], port: 5, replicas: 3}, {name: b, command: [x], port: 7}]",
            "port 7 is wanted by a-3 and b",
        ),
        ("[{name: a, command: [x], after: [z]}]", "process 'a': after: there is no process 'z'"),
        (
            "[{name: a, command: [x], after: [b]}, {name: b, command: [x], after: [a]}]",
            "processes wait for each other: ",
        ),
        ("[{name: guardian, command: [x]}]", "the name belongs to the stack's own process control"),
        (
            "[{name: a, command: [x], colour: red}]",
            "process 'a': colour: Extra inputs are not",
        ),
        ("[{name: a, command: []}]", "process 'a': command: Tuple should have at least 1 item"),
        ('[{name: a, command: ["x\\ny"]}]', "process 'a': command.0: String should match"),
        ("[{name: a, command: [x], health: /ok}]", "process 'a': health, scrape and replicas need a port"),
        (
            "[{name: a, command: [x], port: 5, replicas: 3, max_replicas: 2}]",
            "replicas 3 is more than max_replicas 2",
        ),
        ("[{name: a, command: [x], max_replicas: 2}]", "max_replicas without replicas"),
        (
            "[{name: a, command: [x], port: 70000}]",
            "process 'a': port: Input should be less than or equal to 65535",
        ),
        ("[{name: A B, command: [x]}]", "process 'A B': name: String should match"),
        (
            "[{name: h, command: [x], port: 1, ports: {edge: 2}, configuration: haproxy, balances: q}]",
            "process 'h': balances: there is no replicated process 'q'",
        ),
        ("[3]", "0.yaml: process 0: Input should be"),
        ("no", "0.yaml: processes: Input should be a valid tuple"),
    ],
)
def test_what_cannot_be_is_refused_in_words(tmp_path: Path, entries: str, complaint: str) -> None:
    """Every mistake names the process and what is wrong with it."""
    assert complaint in _load(tmp_path, f"processes: {entries}")


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    """Nobody should have to run the command once per mistake."""
    told = _load(
        tmp_path, "processes: [{name: a, command: [x], port: 0}]", "processes: [{name: B, command: []}]"
    )
    assert len(told.splitlines()) == 3
    assert "0.yaml" in told
    assert "1.yaml" in told


@pytest.mark.parametrize("text", ["a: [", "\x00", "a" * 300_000])
def test_a_file_that_is_not_yaml_is_no_traceback(tmp_path: Path, text: str) -> None:
    """Broken, binary or huge: one sentence."""
    assert _load(tmp_path, text).startswith("0.yaml: ")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The path is what helps."""
    with pytest.raises(StackError, match=r"gone\.yaml: cannot be read: No such file"):
        load([tmp_path / "gone.yaml"])


def test_the_committed_descriptions_fit_together() -> None:
    """What `make up` starts is coherent."""
    repo = Path(__file__).parents[3]
    stack = load([repo / "deploy/local/stack.yaml", repo / "demo/stack.yaml"])
    assert stack.get("haproxy") is not None
    assert {spec.name for spec in stack if spec.replicas} == {"gateway"}
