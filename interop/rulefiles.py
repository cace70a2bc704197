"""Rule files for servers that take rules in another wrapping: the Prometheus Operator and Mimir.

The groups are exactly those that Prometheus itself is given; only what is around them differs.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from interop.output import Exported
from interop.report import InteropError

Groups = Sequence[Mapping[str, Any]]
"""As a rule file's ``groups``."""

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_NAME_LENGTH_MAX = 63
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?")
_LABEL_KEY = re.compile(
    r"([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?"
)
_OURS = {"app.kubernetes.io/name": "watchkeeper"}


@dataclass(frozen=True, slots=True)
class RuleFile:
    """One rule file: its name without the ending, and its groups."""

    name: str
    groups: Groups

    @property
    def id(self) -> str:
        """A name that Kubernetes takes too: the shared files' underscore is not allowed there."""
        return f"watchkeeper-{self.name.strip('_').replace('_', '-')}"


def prometheus_rules(
    files: Iterable[RuleFile], *, product: str, namespace: str = "", labels: Mapping[str, str] | None = None
) -> Iterator[Exported]:
    """Wrap each rule file as a ``PrometheusRule`` resource.

    Raises:
        InteropError: the namespace or a label is none that Kubernetes takes.
    """
    if namespace and (not _NAME.fullmatch(namespace) or len(namespace) > _NAME_LENGTH_MAX):
        raise InteropError(
            f"'{namespace[:80]}' is no Kubernetes namespace; use lower-case letters, digits and dashes"
        )
    for key, value in (labels or {}).items():
        if not _is_label(key, value):
            raise InteropError(
                f"'{key[:80]}={value[:80]}' is no Kubernetes label; use letters, digits, '-', '_' and '.', "
                "at most 63 of them in each"
            )
    every = {**_OURS, "app.kubernetes.io/part-of": product, **(labels or {})}
    for file in files:
        metadata = {"name": file.id, **({"namespace": namespace} if namespace else {}), "labels": every}
        yield Exported(
            f"{file.id}.yaml",
            [
                {
                    "apiVersion": "monitoring.coreos.com/v1",
                    "kind": "PrometheusRule",
                    "metadata": metadata,
                    "spec": {"groups": file.groups},
                }
            ],
        )


def mimir_namespaces(files: Iterable[RuleFile]) -> Iterator[Exported]:
    """Give each rule file a namespace of its own in Mimir's ruler, as ``mimirtool rules load`` reads it."""
    for file in files:
        yield Exported(f"{file.id}.yaml", [{"namespace": file.id, "groups": file.groups}])


def _is_label(key: str, value: str) -> bool:
    name = key.rpartition("/")[2]
    return (
        bool(_LABEL_KEY.fullmatch(key) and _LABEL_VALUE.fullmatch(value))
        and len(name) <= _NAME_LENGTH_MAX
        and len(value) <= _NAME_LENGTH_MAX
        and len(key) - len(name) <= 254  # noqa: PLR2004 - a DNS subdomain and its slash
    )
