"""Where commands find the committed files, from whatever directory they are called."""

from pathlib import Path

from deploy.local.paths import repository


def in_repository(path: str) -> Path:
    """Give a path in the repository; as a person there would write it, when called from there."""
    found = repository() / path
    here = Path.cwd()
    return found.relative_to(here) if found.is_relative_to(here) else found
