"""``watchkeeper plan``: what would change if what the catalog says were put into force."""

import json
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click
import yaml

import alerts.artifacts
import deploy.servers
from alerts.plan import Change, Documents, compare, read
from alerts.plan.state import Part
from deploy.local import stack
from deploy.local.configure import shift_loopback_ports
from deploy.local.paths import repository
from watchkeeper.alertmanager_api import AlertmanagerApi
from watchkeeper.catalog.catalog import Catalog
from watchkeeper.catalog.loader import load_catalog
from watchkeeper.cli.endpoints import alertmanager_url, prometheus_url
from watchkeeper.cli.places import in_repository
from watchkeeper.cli.up import DEFAULT_FILES
from watchkeeper.endpoints import shifted
from watchkeeper.errors import BackendError, WatchkeeperError
from watchkeeper.plain import plain
from watchkeeper.prometheus_api import PrometheusApi

FILE_BYTES_MAX = 16 * 1024 * 1024
FILES_MAX = 10_000
LINE_LENGTH_MAX = 400
LOCAL = "local"


@click.command("plan")
@click.option("--prometheus", metavar="URL", help="Server to ask.  [default: the stack's]")
@click.option("--alertmanager", metavar="URL", help="Server to ask.  [default: the stack's]")
@click.option(
    "--directory",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Ask no server: compare with the rule files and configurations below this directory.",
)
@click.option(
    "--catalog",
    "catalog_dir",
    default=lambda: in_repository("catalog"),
    show_default="catalog in the repository",
    type=click.Path(path_type=Path, file_okay=False),
    help="Directory of the catalog.",
)
@click.option(
    "--target",
    type=click.Choice(sorted(deploy.servers.TARGETS)),
    default=LOCAL,
    show_default=True,
    help="Place whose configuration the servers should have.",
)
@click.option("--verbose", is_flag=True, help="Show how PromQL and texts change, line by line.")
@click.option("--json", "as_json", is_flag=True, help="Print the changes as JSON.")
def command(
    *,
    prometheus: str | None,
    alertmanager: str | None,
    directory: Path | None,
    catalog_dir: Path,
    target: str,
    verbose: bool,
    as_json: bool,
) -> None:
    """Show how what runs differs from what the catalog says, decision by decision.

    Exits 0 when nothing differs, and 1 otherwise.
    """
    if directory is not None and (prometheus or alertmanager):
        raise click.UsageError("--directory asks no server; leave --prometheus and --alertmanager out")
    catalog = load_catalog(catalog_dir)
    wanted = read(_wanted(catalog, target))
    if directory is not None:
        found = _found(directory)
    else:
        found = _running(prometheus or prometheus_url(), alertmanager or alertmanager_url())
    runs = read(found)
    for part in Part:
        if part not in runs.parts:
            click.echo(f"{directory}: {part} is not there, and was not compared", err=True)
    changes = compare(runs, wanted)
    if as_json:
        click.echo(json.dumps({"changes": [_document(change) for change in changes]}, indent=2))
    else:
        for line in _lines(changes, verbose=verbose):
            click.echo(line)
    sys.exit(1 if changes else 0)


def _lines(changes: Iterable[Change], *, verbose: bool) -> Iterable[str]:
    """Write changes as text; what a server said is shown so that it can do no harm."""
    how_many = 0
    for change in changes:
        how_many += 1
        yield plain(change.line, length_max=LINE_LENGTH_MAX)
        if verbose:
            yield from (f"    {plain(line, length_max=LINE_LENGTH_MAX)}" for line in change.diff)
    yield f"{how_many} difference{'' if how_many == 1 else 's'}" if how_many else "nothing to do"


def _document(change: Change) -> Mapping[str, object]:
    return {
        "change": {"+": "add", "-": "remove", "~": "change"}[change.sign],
        "kind": change.kind.value,
        "name": change.name,
        "what": change.what,
        "runs": change.was,
        "catalog": change.becomes,
        "diff": list(change.diff),
    }


def _wanted(catalog: Catalog, target: str) -> Documents:
    """Give what the catalog says, with the ports of the stack that this environment means."""
    groups: list[Mapping[str, Any]] = []
    for artifact in alerts.artifacts.artifacts(catalog):
        if artifact.path.match(f"{alerts.artifacts.RULES}/*.yaml"):
            groups += yaml.load(artifact.text, Loader=yaml.CSafeLoader)["groups"]
    configs = {str(artifact.path): artifact.text for artifact in deploy.servers.artifacts(catalog, target)}
    routing = configs[f"deploy/alertmanager/generated/{target}.yml"]
    offset = shifted(1, os.environ) - 1 if target == LOCAL else 0
    if offset:
        # The native stack does the same when it places the file.
        described = stack.load([repository() / file for file in DEFAULT_FILES])
        routing = shift_loopback_ports(routing, described, offset)
    return Documents(
        groups=groups,
        prometheus=yaml.load(configs[f"deploy/prometheus/generated/{target}.yml"], Loader=yaml.CSafeLoader),
        alertmanager=yaml.load(routing, Loader=yaml.CSafeLoader),
    )


def _running(prometheus: str, alertmanager: str) -> Documents:
    with PrometheusApi(prometheus) as rules, AlertmanagerApi(alertmanager) as routing:
        return Documents(
            groups=rules.rule_groups(),
            prometheus=_mapping(rules.configuration(), prometheus),
            alertmanager=_mapping(routing.configuration(), alertmanager),
        )


def _mapping(text: str, where: str) -> Mapping[str, Any]:
    try:
        config = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise BackendError(f"{where}: its configuration is no YAML: {plain(str(error))}") from error
    if not isinstance(config, dict):
        raise BackendError(f"{where}: its configuration is no mapping; is this the right server?")
    return config


def _found(directory: Path) -> Documents:
    """Read a directory; a file is what its content says, whatever it is called."""
    groups: list[Mapping[str, Any]] | None = None
    configs: dict[str, tuple[Path, Mapping[str, Any]]] = {}
    paths = sorted(path for path in directory.rglob("*.y*ml") if path.is_file())
    if len(paths) > FILES_MAX:
        raise click.UsageError(f"{directory} holds more than {FILES_MAX:,} YAML files; name a smaller one")
    for path in paths:
        document = _document_in(path)
        if "groups" in document:
            groups = [*(groups or []), *_groups(path, document["groups"])]
            continue
        kind = next((kind for key, kind in _TELLING.items() if key in document), None)
        if kind is not None and kind in configs:
            raise click.UsageError(
                f"{configs[kind][0]} and {path} are both a configuration of {kind}; name a directory with one"
            )
        if kind is not None:
            configs[kind] = (path, document)
    if groups is None and not configs:
        raise click.UsageError(f"{directory} holds neither rules nor a configuration; try: .run/conf")
    return Documents(
        groups=groups,
        prometheus=configs["Prometheus"][1] if "Prometheus" in configs else None,
        alertmanager=configs["Alertmanager"][1] if "Alertmanager" in configs else None,
    )


_TELLING = {"scrape_configs": "Prometheus", "route": "Alertmanager"}


def _groups(path: Path, groups: object) -> list[Mapping[str, Any]]:
    if isinstance(groups, list) and all(isinstance(group, dict) and "name" in group for group in groups):
        return groups
    raise WatchkeeperError(f"{path}: 'groups' is not a list of named rule groups; check it with promtool")


def _document_in(path: Path) -> Mapping[str, Any]:
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise WatchkeeperError(
                f"{path}: larger than {FILE_BYTES_MAX // 1024**2} MiB; is it the right file?"
            )
        document = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise WatchkeeperError(f"{path}: can not be read as YAML: {plain(str(error))}") from error
    return document if isinstance(document, dict) else {}
