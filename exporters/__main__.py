"""Runs the exporters: ``python -m exporters --port 9464``. Only here is the environment read."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import click

from exporters.app import create_app
from exporters.calendar.exporter import CalendarExporter
from exporters.catalog_watch import CatalogWatch
from exporters.snapshot import Exporter
from watchkeeper.allowed_hosts import allowed_hosts
from watchkeeper.catalog.loader import load_catalog
from watchkeeper.endpoints import EXPORTERS_PORT, HOST, shifted
from watchkeeper.errors import WatchkeeperError
from watchkeeper.serving import serve

CATALOG_DIR = Path(__file__).parent.parent / "catalog"

EXPORTERS: Mapping[str, Callable[[CatalogWatch], Exporter]] = {"calendar": CalendarExporter}
"""Every exporter by name; ``--only`` chooses among them."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--host", default=HOST, envvar="WATCHKEEPER_EXPORTERS_HOST", show_default=True)
@click.option(
    "--port", type=click.IntRange(1, 65535), help=f"[default: {EXPORTERS_PORT} and the port offset]"
)
@click.option(
    "--catalog",
    type=click.Path(file_okay=False, path_type=Path),
    default=CATALOG_DIR,
    envvar="WATCHKEEPER_CATALOG",
    help="Folder of the catalog; read again when it changes.",
)
@click.option("--only", type=click.Choice(list(EXPORTERS)), multiple=True, help="Run only this exporter.")
def main(host: str, port: int | None, catalog: Path, only: Sequence[str]) -> None:
    """Serve the exporters' metrics until SIGTERM."""
    watch = CatalogWatch(catalog, load_catalog)
    exporters = [EXPORTERS[name](watch) for name in only or EXPORTERS]
    try:
        serve(
            create_app(exporters, allowed_hosts=allowed_hosts(os.environ)),
            service="exporters",
            host=host,
            port=port or shifted(EXPORTERS_PORT, os.environ),
        )
    except WatchkeeperError as error:
        click.echo(str(error), err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
