"""``watchkeeper schema``: the JSON Schemas that editors complete the catalog from."""

import json
import sys
from pathlib import Path

import click

from watchkeeper.catalog.documents import DOCUMENTS
from watchkeeper.catalog.jsonschema import document_schema
from watchkeeper.cli.places import in_repository


@click.command("schema")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a schema is stale or missing.")
@click.option(
    "--output",
    default=lambda: in_repository("catalog/schema"),
    type=click.Path(path_type=Path, file_okay=False),
    help="Directory of the schemas.  [default: catalog/schema in the repository]",
)
def command(*, check: bool, output: Path) -> None:
    """Write the JSON Schema of each kind of catalog file."""
    texts = {
        output / f"{document.kind}.json": json.dumps(document_schema(document), indent=2) + "\n"
        for document in DOCUMENTS
    }
    stale = [path for path, text in texts.items() if not _holds(path, text)]
    if check:
        for path in stale:
            click.echo(f"{path}: stale or missing; run `watchkeeper schema`")
        if not stale:
            click.echo(f"{output}: {len(texts)} schemas are up to date")
        sys.exit(1 if stale else 0)
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts[path], encoding="utf-8", newline="\n")
    click.echo(f"{output}: {len(stale)} of {len(texts)} schemas written")


def _holds(path: Path, text: str) -> bool:
    try:
        return path.read_text(encoding="utf-8") == text
    except (FileNotFoundError, UnicodeDecodeError):
        return False
