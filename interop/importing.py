"""Files of other tools in, catalog files and a report out.

The one entrance: which format a document is in, is told by the document itself or by the caller.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Literal

from interop import openslo, pyrra, sloth
from interop.documents import Part, Report, read_documents
from interop.report import Finding
from interop.services import Judge, Services

Format = Literal["openslo", "sloth", "pyrra"]
FORMATS: tuple[Format, ...] = ("openslo", "sloth", "pyrra")
FILES_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was carried over, and what was not."""

    files: tuple[tuple[str, str], ...]
    """Service id and the text of its file."""
    slos: int
    findings: tuple[Finding, ...]


def import_files(
    files: Iterable[tuple[FilePath, str]],
    *,
    form: Format | None = None,
    team: str | None = None,
    judge: Judge = lambda _: "",
) -> Outcome:
    """Read files, each with the name that people call it by.

    ``team`` owns every service; without it the documents have to say who does.
    ``judge`` says what the window policy has against a service with one SLO, as ``why; fix``, or nothing.
    """
    report = Report()
    services = Services(report, team, judge)
    gathered = openslo.Gathered(services)
    for path, name in files:
        for document in read_documents(path, name, report):
            _take(document, form, services, gathered)
    gathered.finish()
    services.finish()
    written = tuple(services.files())
    kept = {identifier for identifier, _ in written}
    slos = sum(len(one.slos) for one in services.by_id.values() if one.id in kept)
    # In the order of the text, each once: two SLOs may share what is wrong.
    return Outcome(written, slos, tuple(sorted(set(report.findings))))


def _take(document: Part, form: Format | None, services: Services, gathered: openslo.Gathered) -> None:
    known: Format | None = form
    if known is None:
        if openslo.recognises(document):
            known = "openslo"
        elif pyrra.recognises(document):
            known = "pyrra"
        elif sloth.recognises(document):
            known = "sloth"
    match known:
        case "openslo":
            gathered.read(document)
        case "pyrra":
            pyrra.read(document, services)
        case "sloth":
            sloth.read(document, services)
        case None:
            document.say(
                "the document",
                "it says neither 'apiVersion: openslo/v1' nor 'apiVersion: pyrra.dev/v1alpha1' nor "
                "'version: prometheus/v1'",
                "say which format it is in with --format",
            )
