"""Where the processes of each scrape job listen, read from Prometheus's own service-discovery files.

The files that tell Prometheus where to scrape also tell a drill where to inject: one truth, whoever
started the processes.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from watchkeeper.errors import WatchkeeperError

FILE_BYTES_MAX = 1024 * 1024

Addresses = Mapping[str, Sequence[str]]
"""Base URLs by job, such as ``http://127.0.0.1:18201``."""


class AddressError(WatchkeeperError):
    """A target file can not be used, or a job has no processes."""


class _TargetGroup(BaseModel):
    """One entry of a ``file_sd`` file."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    targets: tuple[str, ...]
    labels: Mapping[str, str] = {}


_GROUPS = TypeAdapter(tuple[_TargetGroup, ...])


def read_targets(folder: Path) -> Addresses:
    """Read every ``<job>.json`` of a folder; an absent folder means that nothing runs.

    Raises:
        AddressError: a file is not what Prometheus's ``file_sd`` expects.
    """
    addresses: dict[str, tuple[str, ...]] = {}
    for path in sorted(folder.glob("*.json")):
        try:
            if path.stat().st_size > FILE_BYTES_MAX:
                raise AddressError(f"{path}: larger than 1 MiB; is this a file of targets?")
            groups = _GROUPS.validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            reason = str(error).splitlines()[0]
            raise AddressError(f"{path}: no targets can be read from it ({reason}); run: make up") from error
        addresses[path.stem] = tuple(
            f"{group.labels.get('__scheme__', 'http')}://{target}"
            for group in groups
            for target in group.targets
        )
    return addresses


def of_job(addresses: Addresses, job: str) -> Sequence[str]:
    """Give the base URLs of a job's processes.

    Raises:
        AddressError: there is none.
    """
    urls = addresses.get(job, ())
    if not urls:
        raise AddressError(f"no process of job {job!r} is known; start the stack with: make up")
    return urls
