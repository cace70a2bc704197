"""Bytes become text within limits, and each character has a place."""

import errno
import os
from pathlib import Path

import pytest

from watchkeeper.catalog.problems import CatalogError
from watchkeeper.catalog.source import BYTES_MAX, Source, read_source


def _refused(path: Path) -> str:
    with pytest.raises(CatalogError) as caught:
        read_source(path, "x.yaml")
    (problem,) = caught.value.problems
    return f"{problem.place}: {problem.what}"


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    """Some editors write one; nobody means it."""
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read_source(path, "x.yaml").text == "a: 1\n"


def test_the_largest_file_is_read_and_one_byte_more_is_not(tmp_path: Path) -> None:
    """The limit is exact."""
    path = tmp_path / "x.yaml"
    path.write_bytes(b"#" * BYTES_MAX)
    assert len(read_source(path, "x.yaml").text) == BYTES_MAX
    path.write_bytes(b"#" * (BYTES_MAX + 1))
    assert _refused(path) == "x.yaml: the file is larger than 1,048,576 bytes"


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """Opening one would hang until somebody writes into it."""
    path = tmp_path / "x.yaml"
    os.mkfifo(path)
    assert _refused(path) == "x.yaml: this is not a regular file"


def test_an_endless_device_is_not_read(tmp_path: Path) -> None:
    """A link may lead anywhere."""
    path = tmp_path / "x.yaml"
    path.symlink_to("/dev/zero")
    assert _refused(path) == "x.yaml: this is not a regular file"


def test_a_file_without_the_right_to_read_it_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operating system's reason is given."""

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    path = tmp_path / "x.yaml"
    path.write_text("a: 1\n")
    monkeypatch.setattr(Path, "open", refuse)  # a mode of 000 does not stop root
    assert _refused(path) == "x.yaml: the file cannot be read: permission denied"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_every_system_ends_them(end: str) -> None:
    """A place has the same line number wherever the file was written."""
    place = Source("x.yaml", f"a: 1{end}b: 2{end}").place(1, 3)
    assert (place.line, place.column, place.text) == (2, 4, "b: 2")


def test_what_is_missed_at_the_end_is_shown_after_the_last_text() -> None:
    """Pointing below the file helps nobody."""
    place = Source("x.yaml", "a: [1\n\n\n").place(3, 0)
    assert (place.line, place.column) == (1, 6)
