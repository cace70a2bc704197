"""``watchkeeper pages`` against a real console."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.console.harness import RunningConsole, notification, start_console, stop

WATCHKEEPER = str(Path(sys.executable).with_name("watchkeeper"))
ESCAPE = "\x1b[31m[bold]red\u202e[/bold]"


@pytest.fixture
def console(tmp_path: Path) -> Iterator[RunningConsole]:
    """Run an empty console."""
    running = start_console(tmp_path / "state", tmp_path / "log")
    yield running
    stop(running)


def watchkeeper(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line."""
    return subprocess.run(
        [WATCHKEEPER, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_pages_are_a_table(console: RunningConsole) -> None:
    """Newest first, one row each; --open shows only what is open; an empty inbox says so."""
    url = f"--console={console.url}"
    empty = watchkeeper("pages", url)
    assert (empty.returncode, empty.stdout) == (0, "No page was received yet.\n")
    console.deliver(notification("old"))
    console.deliver(notification("old", "resolved"))
    assert watchkeeper("pages", "--open", url).stdout == "No page is open.\n"
    console.deliver(notification("new"))
    rows = watchkeeper("pages", url).stdout.splitlines()
    assert rows[0].split()[:4] == ["id", "severity", "status", "service"]
    assert [row.split()[:5] for row in rows[1:]] == [
        ["2", "page", "open", "shop", "shop-availability"],
        ["1", "page", "resolved", "shop", "shop-availability"],
    ]
    assert len(watchkeeper("pages", "--limit", "1", url).stdout.splitlines()) == 2


def test_machines_get_json(console: RunningConsole) -> None:
    """The whole page, as the API gives it; an empty list is a list."""
    url = f"--console={console.url}"
    assert json.loads(watchkeeper("pages", "--json", url).stdout) == []
    console.deliver(notification())
    assert json.loads(watchkeeper("pages", "--json", url).stdout) == console.pages()


def test_labels_can_not_play_with_the_terminal(console: RunningConsole) -> None:
    """Escape sequences, markup and turned writing are shown as what they are."""
    labels = {"alertname": ESCAPE, "severity": "page", "service": ESCAPE}
    console.deliver(notification("x", labels=labels))
    shown = watchkeeper("pages", f"--console={console.url}").stdout
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "\\u001b[31m[bold]red\\u202e[/bold]" in shown


def test_following_prints_what_opens_and_resolves(console: RunningConsole) -> None:
    """What is there first, then each change, until it is interrupted."""
    command = [
        WATCHKEEPER,
        "pages",
        "--follow",
        "--json",
        f"--console={console.url}",
    ]
    console.deliver(notification())
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        assert json.loads(following.stdout.readline())["status"] == "open"
        console.deliver(notification(status="resolved"))
        assert json.loads(following.stdout.readline())["status"] == "resolved"
        following.send_signal(2)
        assert following.wait(10) == 0


def test_following_does_not_tell_old_pages_as_news(console: RunningConsole) -> None:
    """--limit bounds what is shown at first; what it left out never comes later."""
    for name in ("first", "second"):
        console.deliver(notification(name))
        console.deliver(notification(name, "resolved"))
    command = [WATCHKEEPER, "pages", "--follow", "--json", "--limit=1", f"--console={console.url}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        assert json.loads(following.stdout.readline())["id"] == 2
        console.deliver(notification("third"))
        assert json.loads(following.stdout.readline())["id"] == 3
        following.send_signal(2)
        assert following.wait(10) == 0


def test_without_a_console_the_reason_is_one_sentence() -> None:
    """No traceback; exit 1; it says what to do, within seconds."""
    began = time.monotonic()
    failed = watchkeeper("pages", "--console=http://127.0.0.1:9")
    assert failed.returncode == 1
    assert failed.stdout == ""
    assert "127.0.0.1:9" in failed.stderr
    assert "is it running?" in failed.stderr
    assert len(failed.stderr.splitlines()) == 1
    assert time.monotonic() - began < 15
