"""Runs the console: ``python -m console --port 9400 --state-dir DIR``. Only here is the environment read."""

import os
import sys
from pathlib import Path

import click

from console.app import create_app
from console.settings import RUNBOOKS_DIR, Settings
from watchkeeper.allowed_hosts import allowed_hosts
from watchkeeper.endpoints import CONSOLE_PORT, HOST, endpoints, shifted
from watchkeeper.errors import WatchkeeperError
from watchkeeper.serving import serve


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--host", default=HOST, envvar="WATCHKEEPER_CONSOLE_HOST", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), help=f"[default: {CONSOLE_PORT} and the port offset]")
@click.option(
    "--state-dir",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    envvar="WATCHKEEPER_CONSOLE_STATE_DIR",
    help="Folder of the inbox's database; made if missing.",
)
@click.option(
    "--runbooks",
    type=click.Path(file_okay=False, path_type=Path),
    default=RUNBOOKS_DIR,
    help="Folder of the runbooks, <alert>.md each.",
)
def main(host: str, port: int | None, state_dir: Path, runbooks: Path) -> None:
    """Serve the inbox and its web pages until SIGTERM."""
    try:
        servers = endpoints(os.environ)
        settings = Settings(
            state_dir=state_dir,
            prometheus_url=servers.prometheus,
            alertmanager_url=servers.alertmanager,
            grafana_url=servers.grafana,
            runbooks_dir=runbooks,
            allowed_hosts=allowed_hosts(os.environ),
        )
        serve(
            create_app(settings),
            service="console",
            host=host,
            port=port or shifted(CONSOLE_PORT, os.environ),
        )
    except WatchkeeperError as error:
        click.echo(str(error), err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
