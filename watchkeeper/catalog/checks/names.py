"""A service's file is named after its id, so that either leads to the other."""

from collections.abc import Iterator

from watchkeeper.catalog.documents import SERVICE
from watchkeeper.catalog.draft import Draft
from watchkeeper.catalog.problems import Problem


def check(draft: Draft) -> Iterator[Problem]:
    """Compare each service's id with its file's name."""
    for file in draft.files:
        named = file.root.get("id") if file.document is SERVICE and file.root is not None else None
        if named is not None and named.text and named.text != file.stem:
            what = f"the service '{named.text}' is in a file named {file.stem}.yaml"
            yield Problem(
                named.place,
                "names",
                what,
                f"rename the file to {named.text}.yaml, or the service to {file.stem}",
            )
