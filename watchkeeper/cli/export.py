"""``watchkeeper export``: the catalog for other tools, and what of it they can not say."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import click
import yaml

import alerts.artifacts
from interop import openslo_export
from interop.output import Exported, stream
from interop.report import Finding, InteropError
from interop.rulefiles import RuleFile, mimir_namespaces, prometheus_rules
from watchkeeper.catalog.catalog import Catalog
from watchkeeper.catalog.loader import load_catalog
from watchkeeper.catalog.problems import render
from watchkeeper.catalog.syntax import LOADER
from watchkeeper.cli.printing import never_fail_to_print

Format = Literal["openslo", "prometheusrule", "mimir"]
FORMATS: tuple[Format, ...] = ("openslo", "prometheusrule", "mimir")


@click.command("export")
@click.argument(
    "catalog_dir", metavar="[CATALOG]", default="catalog", type=click.Path(path_type=Path, file_okay=False)
)
@click.option("--format", "form", type=click.Choice(FORMATS), required=True, help="Who is to read it.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Directory to write files to; default: one YAML stream to standard output.",
)
@click.option("--namespace", default="", help="Kubernetes namespace of each PrometheusRule.")
@click.option("--label", "labels", multiple=True, metavar="KEY=VALUE", help="Label of each PrometheusRule.")
def command(
    catalog_dir: Path, *, form: Format, output: Path | None, namespace: str, labels: tuple[str, ...]
) -> None:
    """Write the CATALOG directory for another tool. The same catalog gives the same bytes.

    What the format can not say is named on standard error.
    """
    never_fail_to_print()
    if form != "prometheusrule" and (namespace or labels):
        raise click.UsageError("--namespace and --label are for --format prometheusrule")
    catalog = load_catalog(catalog_dir)
    files, unsaid = _files(catalog, form, namespace, _pairs(labels))
    if output is None:
        click.echo(stream([document for file in files for document in file.documents]), nl=False)
    else:
        for file in files:
            _write(output / file.name, file.text(form))
    if unsaid:
        for line in render([finding.as_problem() for finding in unsaid]):
            click.echo(line, err=True)


def _files(
    catalog: Catalog, form: Format, namespace: str, labels: dict[str, str]
) -> tuple[tuple[Exported, ...], tuple[Finding, ...]]:
    match form:
        case "openslo":
            return openslo_export.export(catalog)
        case "prometheusrule":
            product = catalog.settings.product
            wrapped = prometheus_rules(_rules(catalog), product=product, namespace=namespace, labels=labels)
            return tuple(wrapped), ()
        case "mimir":
            return tuple(mimir_namespaces(_rules(catalog))), ()


def _rules(catalog: Catalog) -> Iterator[RuleFile]:
    """Give the rule files just as they are rendered for Prometheus."""
    for artifact in alerts.artifacts.artifacts(catalog):
        if artifact.path.is_relative_to(PurePosixPath(alerts.artifacts.RULES)):
            content: dict[str, Any] = yaml.load(artifact.text, Loader=LOADER)  # noqa: S506 - a safe loader
            yield RuleFile(artifact.path.stem, content["groups"])


def _pairs(labels: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for label in labels:
        key, equals, value = label.partition("=")
        if not equals:
            raise click.BadParameter(f"'{label}' is not KEY=VALUE", param_hint="--label")
        pairs[key] = value
    return pairs


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise InteropError(
            f"{path}: it can not be written ({error.strerror}); choose another --output"
        ) from error
    click.echo(f"wrote {path}")
