"""Documents as text in, services and findings out."""

from collections.abc import Callable
from pathlib import Path

import pytest

from interop.importing import Format, Outcome, import_files

Import = Callable[..., Outcome]


@pytest.fixture
def run(tmp_path: Path) -> Import:
    """Give what imports texts as if they were files."""

    def imported(*texts: str, form: Format | None = None, team: str | None = "platform") -> Outcome:
        paths = []
        for index, text in enumerate(texts):
            path = tmp_path / f"{index}.yaml"
            path.write_text(text, encoding="utf-8")
            paths.append((path, path.name))
        return import_files(paths, form=form, team=team)

    return imported
