"""Makes the secret files that ``docker-compose.yml`` mounts, and says which of them still need a real value.

The list of secrets is read from the Compose file itself, so the two can not disagree. Passwords that only
this stack knows are random. Credentials that somebody else issues (a pager's key) can not be made here:
their files say so until they are replaced. A file that exists is never touched.

Compose mounts a secret with the owner and the mode of the file on the host, and containers run as users that
are not its owner. So the *directory* is closed (0700: no other user of the host gets in) and the files in it
are readable (0444: the one container that a file is mounted into can read it).
"""

import secrets
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from watchkeeper.errors import StackError

REPOSITORY = Path(__file__).parents[2]
COMPOSE_FILE = REPOSITORY / "docker-compose.yml"
DIRECTORY_MODE = 0o700
FILE_MODE = 0o444
PLACEHOLDER = "not-set"
RANDOM_BYTES = 32

MADE_HERE = frozenset({"grafana-admin-password", "grafana-secret-key", "postgres-password"})
"""Known to nobody but this stack."""


@dataclass(frozen=True, slots=True)
class Report:
    """What is there now."""

    made: tuple[Path, ...]
    placeholders: tuple[Path, ...]
    """Files that still hold a placeholder instead of a credential."""


def secret_files(compose_file: Path) -> tuple[Path, ...]:
    """Give the file of every secret that the Compose file declares.

    Raises:
        StackError: the Compose file can not be read, or a secret of it is not a file.
    """
    try:
        declared = yaml.safe_load(compose_file.read_bytes())["secrets"]
        return tuple(compose_file.parent / secret["file"] for secret in declared.values())
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise StackError(
            f"{compose_file}: no list of secret files ({error}); every entry of `secrets` needs a `file`"
        ) from error


def make(compose_file: Path) -> Report:
    """Make the files that are missing and leave the others as they are.

    Raises:
        StackError: the directory or a file can not be written.
    """
    made = []
    files = secret_files(compose_file)
    try:
        for file in files:
            file.parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
            file.parent.chmod(DIRECTORY_MODE)
            if file.exists():
                continue
            known_here = file.name in MADE_HERE
            value = secrets.token_urlsafe(RANDOM_BYTES) if known_here else f"{PLACEHOLDER}:{file.name}"
            # The directory is closed before the first byte is written.
            file.write_text(value, encoding="utf-8")
            file.chmod(FILE_MODE)
            made.append(file)
    except OSError as error:
        raise StackError(
            f"{error.filename}: {error.strerror}; make it writable for you, or remove it"
        ) from error
    return Report(made=tuple(made), placeholders=_placeholders(files))


def check(compose_file: Path) -> None:
    """Refuse to go on while a secret is missing, empty or open to others.

    Raises:
        StackError: says of every file what is wrong with it.
    """
    faults = [fault for file in secret_files(compose_file) if (fault := _fault(file)) is not None]
    if faults:
        raise StackError("\n".join(faults))


def _fault(file: Path) -> str | None:
    if not file.is_file():
        return f"{file}: missing; run `make secrets`"
    if file.stat().st_size == 0:
        return f"{file}: empty; write the secret into it, or remove it and run `make secrets`"
    if file.parent.stat().st_mode & 0o077:
        return f"{file.parent}: other users of this machine can enter; run `chmod 700 {file.parent}`"
    return None


def _placeholders(files: tuple[Path, ...]) -> tuple[Path, ...]:
    mark = f"{PLACEHOLDER}:".encode()
    return tuple(file for file in files if file.read_bytes().startswith(mark))


def main(*, only_check: bool) -> int:
    """Make or check; print what a person needs to know."""
    try:
        if only_check:
            check(COMPOSE_FILE)
            return 0
        report = make(COMPOSE_FILE)
    except StackError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for file in report.made:
        sys.stdout.write(f"made {file.relative_to(REPOSITORY)}\n")
    for file in report.placeholders:
        sys.stderr.write(f"{file.relative_to(REPOSITORY)}: no credential yet; put yours into it\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(only_check="--check" in sys.argv[1:]))
