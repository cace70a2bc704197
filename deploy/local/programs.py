"""From the description of the stack to the programs that run on this machine.

A pure function: the same stack, place and replica counts give the same programs, whoever asks. Starting, the
status and a supervisor that comes back after a crash all rely on that.
"""

import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from deploy.local.stack import Configuration, ProcessSpec, Stack
from watchkeeper.errors import StackError

LOOPBACK = "127.0.0.1"
GUARDIAN = "guardian"
SBIN = ("/usr/local/sbin", "/usr/sbin", "/sbin")
"""Where Debian puts HAProxy; not on the PATH of an ordinary user."""

DEBIAN_NAMES: Mapping[str, tuple[str, ...]] = {"alertmanager": ("alertmanager", "prometheus-alertmanager")}
PACKAGES: Mapping[str, str] = {"alertmanager": "prometheus-alertmanager"}

PORT_MAX = 65535

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")

Which = Callable[[str], str | None]


class Place(BaseModel):
    """Where a stack runs: its directories, its interpreter and how far its ports are shifted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    repo: Path
    state: Path
    python: Path
    port_offset: int = Field(default=0, ge=-65535, le=65535)


class Program(BaseModel):
    """One process, ready to be started: no placeholder left, ports shifted.

    ``group`` is the entry of the description it came from; for a scraped program it is the scrape job too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    group: str
    command: tuple[str, ...]
    env: Mapping[str, str]
    port: int | None
    ports: Mapping[str, int]
    health: str | None
    after: tuple[str, ...]
    scrape: bool
    stop_timeout_s: int
    configuration: Configuration | None
    balances: str | None

    @property
    def health_url(self) -> str | None:
        """Where to ask whether it is ready."""
        return f"http://{LOOPBACK}:{self.port}{self.health}" if self.health else None

    @property
    def address(self) -> str | None:
        """Host and port it listens on."""
        return f"{LOOPBACK}:{self.port}" if self.port is not None else None


def find_program(name: str) -> str | None:
    """Find an executable by any of its names, also where an ordinary user's PATH does not look."""
    for candidate in DEBIAN_NAMES.get(name, (name,)):
        found = shutil.which(candidate) or shutil.which(candidate, path=":".join(SBIN))
        if found:
            return found
    return None


def resolve(
    stack: Stack, place: Place, replicas: Mapping[str, int] | None = None, *, which: Which = find_program
) -> tuple[Program, ...]:
    """Give every program of the stack, with so many replicas of each group (default: as described).

    Raises:
        StackError: an unknown placeholder, a port out of range, a program not installed; all are named.
    """
    resolver = Resolver(stack, place, which)
    problems: list[str] = []
    programs: list[Program] = []
    for spec in stack:
        for index, _ in enumerate(spec.process_names((replicas or {}).get(spec.name)), start=1):
            try:
                programs.append(resolver.program(spec, index))
            except StackError as error:
                problems.append(str(error))
    if problems:
        raise StackError("\n".join(dict.fromkeys(problems)))
    return tuple(programs)


class Resolver:
    """Fills in what a description leaves open, for one place."""

    def __init__(self, stack: Stack, place: Place, which: Which = find_program) -> None:
        self._place = place
        self._which = which
        self._ports = {name: port for spec in stack for port, name in spec.ports_reserved()}

    def program(self, spec: ProcessSpec, index: int = 1) -> Program:
        """Give the program of one entry, or of its replica ``index`` (from 1), running or not."""
        name = spec.name if spec.replicas is None else f"{spec.name}-{index}"
        port = None
        if spec.port is not None:
            port = self._shifted(spec.port + index - 1, name)
        known = {
            "python": str(self._place.python),
            "state": str(self._place.state),
            "repo": str(self._place.repo),
            "name": name,
            **({"port": str(port)} if port is not None else {}),
        }

        def filled(text: str) -> str:
            return _PLACEHOLDER.sub(lambda match: self._value(match[1], known, name), text)

        command = tuple(filled(part) for part in spec.command)
        return Program(
            name=name,
            group=spec.name,
            command=(self._executable(command[0], name), *command[1:]),
            env={key: filled(text) for key, text in sorted(spec.env.items())},
            port=port,
            ports={listener: self._shifted(base, name) for listener, base in spec.ports.items()},
            health=spec.health,
            after=spec.after,
            scrape=spec.scrape,
            stop_timeout_s=spec.stop_timeout_s,
            configuration=spec.configuration,
            balances=spec.balances,
        )

    def _value(self, key: str, known: Mapping[str, str], name: str) -> str:
        if key in known:
            return known[key]
        other = key.removeprefix("port:")
        if other != key and other in self._ports:
            return str(self._shifted(self._ports[other], name))
        raise StackError(
            f"process {name!r}: unknown placeholder {{{key}}}; there are "
            f"{', '.join('{' + each + '}' for each in sorted(known))} and "
            f"{{port:X}} with X one of {', '.join(sorted(self._ports)) or 'none'}"
        )

    def _shifted(self, base: int, name: str) -> int:
        port = base + self._place.port_offset
        if not 1 <= port <= PORT_MAX:
            raise StackError(
                f"process {name!r}: port {base} shifted by {self._place.port_offset} is {port}, "
                "which no machine has; choose another WATCHKEEPER_PORT_OFFSET"
            )
        return port

    def _executable(self, command: str, name: str) -> str:
        executable = command if "/" in command else self._which(command)
        if executable is None:
            raise StackError(
                f"process {name!r}: {command} is not installed; `make up` installs what is missing, or: "
                f"apt-get install --no-install-recommends {PACKAGES.get(command, command)}"
            )
        return executable


def stop_waves(programs: Sequence[Program]) -> Iterator[tuple[str, ...]]:
    """Give names in the order in which they may be stopped: whoever depends on others goes before them.

    An ``after`` that names a program which is not among these counts for nothing.
    """
    left = {program.name: program for program in programs}
    while left:
        needed = {group for program in left.values() for group in program.after}
        wave = tuple(name for name, program in left.items() if program.group not in needed)
        yield wave
        for name in wave:
            del left[name]
