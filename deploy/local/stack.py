"""What the stack consists of, as data: reads ``stack.yaml`` files into one frozen description.

Stands alone because it knows nothing of this machine. Names, order, ports and health are the whole of it;
every rule a description must keep is checked here, and all that is wrong with it is told at once.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from watchkeeper.errors import StackError

FILE_SIZE_BYTES_MAX = 256 * 1024
PROCESSES_MAX = 64
REPLICAS_MAX = 32
RESERVED_NAMES = frozenset({"supervisord", "guardian"})

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,40}$")]
Port = Annotated[int, Field(ge=1, le=65535)]
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$", max_length=4096)]
"""One line of text: supervisor's own configuration has no way to write a line break."""


class Configuration(StrEnum):
    """The servers whose configuration is placed for them before they start."""

    PROMETHEUS = "prometheus"
    ALERTMANAGER = "alertmanager"
    HAPROXY = "haproxy"


class ProcessSpec(BaseModel):
    """One entry of ``processes:``; with ``replicas`` it stands for ``NAME-1`` to ``NAME-N``.

    Attributes:
        name: the process, and the scrape job it belongs to.
        command: program and arguments, with placeholders (see ``deploy.local.programs``).
        env: environment beside the inherited one, with the same placeholders.
        port: the port it listens on; its replicas on this one and the next ones.
        ports: further listeners, referred to as ``{port:NAME.LISTENER}``.
        replicas: how many to start; absent means a single process called NAME.
        max_replicas: how many it can be scaled to.
        health: path that is answered with 200 when the process is ready.
        after: processes that must be healthy before this one is started.
        scrape: whether Prometheus scrapes ``/metrics`` on ``port``.
        stop_timeout_s: how long it may take to end after SIGTERM before SIGKILL.
        configuration: the kind of configuration that is placed for it.
        balances: for HAProxy, the replicated process it spreads requests over.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    command: tuple[Text, ...] = Field(min_length=1, max_length=64)
    env: Mapping[str, Text] = Field(default_factory=dict)
    port: Port | None = None
    ports: Mapping[Name, Port] = Field(default_factory=dict)
    replicas: int | None = Field(default=None, ge=1, le=REPLICAS_MAX)
    max_replicas: int | None = Field(default=None, ge=1, le=REPLICAS_MAX)
    health: Annotated[str, StringConstraints(pattern=r"^/[^\s]*$", max_length=256)] | None = None
    after: tuple[Name, ...] = ()
    scrape: bool = False
    stop_timeout_s: int = Field(default=10, ge=1, le=120)
    configuration: Configuration | None = None
    balances: Name | None = None

    @model_validator(mode="after")
    def _is_coherent(self) -> Self:
        if self.max_replicas is not None and self.replicas is None:
            raise ValueError("max_replicas without replicas; say how many to start")
        if self.replicas is not None and self.replicas > self.replicas_max:
            raise ValueError(f"replicas {self.replicas} is more than max_replicas {self.max_replicas}")
        if self.port is None and (self.health or self.scrape or self.replicas is not None):
            raise ValueError("health, scrape and replicas need a port")
        if any("=" in key or not key for key in self.env):
            raise ValueError("the name of an environment variable is empty or holds '='")
        if (self.configuration is Configuration.HAPROXY) is not (self.balances is not None):
            raise ValueError("'configuration: haproxy' and 'balances' go together")
        if self.balances is not None and not ({"edge"} <= set(self.ports) and self.port):
            raise ValueError("HAProxy needs a port (its metrics) and 'ports: {edge: PORT}'")
        return self

    @property
    def replicas_max(self) -> int:
        """How many replicas there can ever be."""
        return self.max_replicas or self.replicas or 1

    def process_names(self, replicas: int | None = None) -> tuple[str, ...]:
        """Name the processes this stands for, with so many replicas (default: as described)."""
        if self.replicas is None:
            return (self.name,)
        return tuple(f"{self.name}-{index}" for index in range(1, (replicas or self.replicas) + 1))

    def ports_reserved(self) -> Iterator[tuple[int, str]]:
        """Give every base port it may ever listen on, with who wants it."""
        if self.port is not None and self.replicas is None:
            yield self.port, self.name
        elif self.port is not None:
            yield from ((self.port + index, f"{self.name}-{index + 1}") for index in range(self.replicas_max))
        yield from ((port, f"{self.name}.{listener}") for listener, port in self.ports.items())


class Stack(BaseModel):
    """Every process of the stack, from all files, checked against each other."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    processes: tuple[ProcessSpec, ...] = Field(max_length=PROCESSES_MAX)

    def __iter__(self) -> Iterator[ProcessSpec]:  # type: ignore[override]
        """Walk over the processes in the order of the files."""
        return iter(self.processes)

    def get(self, name: str) -> ProcessSpec | None:
        """Find a process by the name of its entry."""
        return next((process for process in self.processes if process.name == name), None)


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    processes: tuple[ProcessSpec, ...]


def load(files: Sequence[Path]) -> Stack:
    """Read and check the descriptions.

    Raises:
        StackError: a file is missing, not YAML, or says something that cannot be; every problem is named.
    """
    problems: list[str] = []
    processes: list[ProcessSpec] = []
    for path in files:
        try:
            processes += _read(path)
        except StackError as error:
            problems.append(str(error))
    if not problems:
        problems = list(contradictions(processes))
    if problems:
        raise StackError("\n".join(problems))
    return Stack(processes=tuple(processes))


def _read(path: Path) -> tuple[ProcessSpec, ...]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StackError(f"{path}: cannot be read: {error.strerror}") from error
    if len(data) > FILE_SIZE_BYTES_MAX:
        raise StackError(f"{path}: larger than {FILE_SIZE_BYTES_MAX // 1024} KiB; is it the right file?")
    try:
        document = yaml.safe_load(data)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise StackError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    try:
        return _File.model_validate(document).processes
    except ValidationError as error:
        raise StackError("\n".join(_explain(path, document, error))) from error


def _explain(path: Path, document: object, error: ValidationError) -> Iterator[str]:
    for problem in error.errors(include_url=False):
        where = list(problem["loc"])
        label = str(path)
        if where[:1] == ["processes"] and len(where) > 1 and isinstance(document, dict):
            entry = document["processes"][where[1]]
            named = entry.get("name") if isinstance(entry, dict) else None
            label += f": process {named or where[1]!r}"
            where = where[2:]
        field = ".".join(str(part) for part in where)
        yield f"{label}: {field + ': ' if field else ''}{problem['msg'].removeprefix('Value error, ')}"


def contradictions(specs: Sequence[ProcessSpec]) -> Iterator[str]:
    """Tell what cannot be true of these processes together."""
    yield from _names_taken_twice(specs)
    yield from _ports_wanted_twice(specs)
    yield from _dangling_references(specs)
    try:
        TopologicalSorter({spec.name: spec.after for spec in specs}).prepare()
    except CycleError as error:
        yield f"processes wait for each other: {' after '.join(error.args[1])}; remove one 'after'"


def _names_taken_twice(specs: Sequence[ProcessSpec]) -> Iterator[str]:
    taken = Counter(name for spec in specs for name in {spec.name, *spec.process_names(spec.replicas_max)})
    for name, times in taken.items():
        if times > 1:
            yield f"process {name!r} is described {times} times; give each its own name"
        if name in RESERVED_NAMES:
            yield f"process {name!r}: the name belongs to the stack's own process control; choose another"


def _ports_wanted_twice(specs: Sequence[ProcessSpec]) -> Iterator[str]:
    wanted: dict[int, list[str]] = {}
    for spec in specs:
        for port, name in spec.ports_reserved():
            wanted.setdefault(port, []).append(name)
    for port, names in wanted.items():
        if len(names) > 1:
            yield f"port {port} is wanted by {' and '.join(names)}; give each its own"


def _dangling_references(specs: Sequence[ProcessSpec]) -> Iterator[str]:
    by_name = {spec.name: spec for spec in specs}
    for spec in specs:
        for other in spec.after:
            if other not in by_name:
                yield f"process {spec.name!r}: after: there is no process {other!r}"
        upstream = by_name.get(spec.balances or "")
        if spec.balances is not None and (upstream is None or upstream.replicas is None):
            yield f"process {spec.name!r}: balances: there is no replicated process {spec.balances!r}"
