"""Reading logs: last lines, following through rotation, harmless output."""

from pathlib import Path

from deploy.local.logs import Follower, chosen, last_lines
from deploy.local.paths import StateDir


def _texts(follower: Follower) -> list[str]:
    return [line.text for line in follower.new_lines()]


def test_last_lines_are_cleaned_of_terminal_control(tmp_path: Path) -> None:
    """A log line must not be able to repaint the reader's terminal."""
    path = tmp_path / "x.log"
    path.write_bytes(b"one\ntwo\x1b[2J\xff\nthree")
    assert last_lines(path, 2) == ["two[2J\ufffd", "three"]
    assert last_lines(path, 0) == []
    assert last_lines(tmp_path / "none.log", 5) == []


def test_following_gives_whole_lines_only_and_only_new_ones(tmp_path: Path) -> None:
    """Half a line waits for its other half."""
    state = StateDir(tmp_path)
    state.logs.mkdir()
    log = state.log("a")
    log.write_text("old\n")
    with Follower(state, ["a"]) as follower, log.open("a") as file:
        file.write("ne")
        file.flush()
        assert _texts(follower) == []
        file.write("w\n")
        file.flush()
        assert _texts(follower) == ["new"]


def test_following_survives_rotation_without_losing_a_line(tmp_path: Path) -> None:
    """What was written just before the rotation is read from the rotated file."""
    state = StateDir(tmp_path)
    state.logs.mkdir()
    log = state.log("a")
    log.write_text("")
    with Follower(state, ["a"]) as follower:
        log.write_text("last words\n")
        log.rename(tmp_path / "a.log.1")
        log.write_text("first words\n")
        assert _texts(follower) == ["last words", "first words"]


def test_a_log_that_appears_later_is_read_from_its_start(tmp_path: Path) -> None:
    """A replica added meanwhile."""
    state = StateDir(tmp_path)
    state.logs.mkdir()
    with Follower(state, ["a"]) as follower:
        assert _texts(follower) == []
        state.log("a").write_text("hello\n")
        assert _texts(follower) == ["hello"]


def test_a_groups_name_stands_for_its_replicas() -> None:
    """`logs gateway` means all of them, but not what merely begins alike."""
    available = ["gateway-1", "gateway-2", "gateway-proxy", "prometheus"]
    assert chosen(available, ["gateway"]) == (["gateway-1", "gateway-2"], [])
    assert chosen(available, ["prometheus", "nobody"]) == (["prometheus"], ["nobody"])
    assert chosen(available, []) == (available, [])
