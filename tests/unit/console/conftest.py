from collections.abc import Iterator
from pathlib import Path

import pytest

from console.inbox.store import InboxStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[InboxStore]:
    """Give an empty inbox."""
    inbox = InboxStore(tmp_path / "inbox.sqlite3")
    yield inbox
    inbox.close()
