"""Places the configuration of Prometheus, Alertmanager and HAProxy, and has it checked first.

What is generated from the catalog is committed and knows nothing of this machine. Here the pieces come
together in one directory (``rules/`` and ``targets/`` beside ``prometheus.yml``, since it names them relative
to itself), ports are shifted, and the server's own checker must accept the whole before any of it replaces
what a running server uses.
"""

import hashlib
import json
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.haproxy.config import Edge, Server, render
from deploy.local.paths import StateDir, write_atomically
from deploy.local.programs import LOOPBACK, Place, Program, Resolver, find_program
from deploy.local.stack import Configuration, Stack
from watchkeeper.errors import StackError

CHECK_TIMEOUT_S = 60
PROMETHEUS_SOURCE = Path("deploy/prometheus/generated/local.yml")
RULES_SOURCE = Path("alerts/generated/rules")
ALERTMANAGER_SOURCE = Path("deploy/alertmanager/generated/local.yml")
TEMPLATES_SOURCE = Path("alerts/templates")

Files = Mapping[str, bytes]
"""Path below ``conf/`` to content."""


@dataclass(frozen=True)
class Kind:
    """How one kind of server is configured.

    Attributes:
        files: makes the files it reads.
        check: command that checks them, in the directory they are in.
        owned: patterns below ``conf/`` of which nothing else may remain.
        reload: signal on which it reads them again, or none when it must be restarted.
    """

    files: "Callable[[Context, Program], Files]"
    check: tuple[str, ...]
    owned: tuple[str, ...] = ()
    reload: str | None = None


@dataclass(frozen=True)
class Context:
    """What the files are made from."""

    stack: Stack
    place: Place
    state: StateDir
    replicas: Mapping[str, int]


def configure(context: Context, programs: Iterable[Program], known: Mapping[str, str]) -> dict[str, str]:
    """Place what every program reads; give the digest of each program's files.

    Checks run only for what is not as ``known`` (digests of the last time).

    Raises:
        StackError: a source is missing or a checker refuses; nothing of that server was replaced.
    """
    digests: dict[str, str] = {}
    for program in programs:
        if program.configuration is None:
            continue
        kind = KINDS[program.configuration]
        files = kind.files(context, program)
        digests[program.name] = _digest(kind, context, program, files)
        if digests[program.name] != known.get(program.name) or not _all_there(context.state, files):
            _check(kind, program, files)
        _put(context.state, kind, files)
    return digests


def _digest(kind: Kind, context: Context, program: Program, files: Files) -> str:
    if kind.reload is None and program.balances:
        # Which replicas are in rotation is told to HAProxy while it runs; that alone is no new configuration.
        every = {**context.replicas, program.balances: _upstream_max(context.stack, program)}
        files = kind.files(Context(context.stack, context.place, context.state, every), program)
    content = hashlib.sha256()
    for name, data in sorted(files.items()):
        content.update(f"{name}\0{len(data)}\0".encode() + data)
    return content.hexdigest()


def _all_there(state: StateDir, files: Files) -> bool:
    return all((state.conf / name).is_file() for name in files)


def _check(kind: Kind, program: Program, files: Files) -> None:
    checker = find_program(kind.check[0])
    if checker is None:
        raise StackError(f"{kind.check[0]} is not installed; it checks the configuration of {program.name}")
    with tempfile.TemporaryDirectory(prefix="watchkeeper-check-") as directory:
        for name, data in files.items():
            path = Path(directory) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        try:
            done = subprocess.run(  # noqa: S603  # the server's own checker, found on the PATH
                [checker, *kind.check[1:]],
                cwd=directory,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=CHECK_TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise StackError(f"{program.name}: {kind.check[0]} took more than {CHECK_TIMEOUT_S} s") from error
    if done.returncode != 0:
        said = "\n".join(line for line in (done.stdout + done.stderr).splitlines() if line.strip())
        raise StackError(f"{program.name}: {' '.join(kind.check)} refuses its configuration:\n{said}")


def _put(state: StateDir, kind: Kind, files: Files) -> None:
    for name, data in files.items():
        (state.conf / name).parent.mkdir(parents=True, exist_ok=True)
        write_atomically(state.conf / name, data)
    for pattern in kind.owned:
        for path in state.conf.glob(pattern):
            if str(path.relative_to(state.conf)) not in files:
                path.unlink()


def _read(place: Place, source: Path) -> bytes:
    try:
        return (place.repo / source).read_bytes()
    except FileNotFoundError:
        raise StackError(f"{source}: missing; `watchkeeper render --target local` writes it") from None


def _prometheus(context: Context, _: Program) -> Files:
    rules = sorted((context.place.repo / RULES_SOURCE).glob("*.yaml"))
    return {
        "prometheus.yml": _read(context.place, PROMETHEUS_SOURCE),
        **{f"rules/{path.name}": path.read_bytes() for path in rules},
    }


def _alertmanager(context: Context, _: Program) -> Files:
    text = _read(context.place, ALERTMANAGER_SOURCE).decode()
    templates = sorted((context.place.repo / TEMPLATES_SOURCE).glob("*.tmpl"))
    return {
        "alertmanager.yml": shift_loopback_ports(text, context.stack, context.place.port_offset).encode(),
        **{f"templates/{path.name}": path.read_bytes() for path in templates},
    }


def shift_loopback_ports(text: str, stack: Stack, offset: int) -> str:
    """Shift each ``127.0.0.1:PORT`` whose port is one of the stack's; leave every other byte alone.

    The committed configuration names the default ports, so that it can be read and used as it is.
    """
    ports = {port for spec in stack for port, _ in spec.ports_reserved()}

    def shifted(match: re.Match[str]) -> str:
        port = int(match[2])
        return f"{match[1]}{port + offset if port in ports else port}"

    return re.sub(rf"(?<![\d.])({re.escape(LOOPBACK)}:)(\d{{1,5}})(?!\d)", shifted, text)


def _upstream_max(stack: Stack, program: Program) -> int:
    upstream = stack.get(program.balances or "")
    assert upstream is not None, "checked when the stack was read"  # noqa: S101  # narrows the type
    return upstream.replicas_max


def _haproxy(context: Context, program: Program) -> Files:
    upstream = context.stack.get(program.balances or "")
    assert upstream is not None, "checked when the stack was read"  # noqa: S101  # narrows the type
    resolver = Resolver(context.stack, context.place, which=lambda name: name)
    slots = [resolver.program(upstream, index) for index in range(1, upstream.replicas_max + 1)]
    running = context.replicas.get(upstream.name, upstream.replicas or 0)
    edge = Edge(
        backend=upstream.name,
        bind=f"{LOOPBACK}:{program.ports['edge']}",
        metrics_bind=f"{program.address}",
        servers=[
            Server(slot.name, f"{slot.address}", enabled=index <= running)
            for index, slot in enumerate(slots, start=1)
        ],
        admin_socket=context.state.haproxy_socket,
    )
    return {"haproxy.cfg": render(edge).encode()}


KINDS: Mapping[Configuration, Kind] = {
    Configuration.PROMETHEUS: Kind(
        files=_prometheus,
        check=("promtool", "check", "config", "prometheus.yml"),
        owned=("rules/*.yaml",),
        reload="HUP",
    ),
    Configuration.ALERTMANAGER: Kind(
        files=_alertmanager,
        check=("amtool", "check-config", "alertmanager.yml"),
        owned=("templates/*.tmpl",),
        reload="HUP",
    ),
    Configuration.HAPROXY: Kind(files=_haproxy, check=("haproxy", "-c", "-q", "-f", "haproxy.cfg")),
}


def write_targets(state: StateDir, programs: Sequence[Program]) -> None:
    """Tell Prometheus what to scrape: one file per job, each replaced in one step.

    The job is in ``prometheus.yml``; a target says no more than which instance it is.
    """
    jobs: dict[str, list[Mapping[str, object]]] = {}
    for program in programs:
        if program.scrape:
            target = {"targets": [program.address], "labels": {"instance": program.name}}
            jobs.setdefault(program.group, []).append(target)
    for job, targets in jobs.items():
        write_atomically(state.targets / f"{job}.json", (json.dumps(targets, indent=1) + "\n").encode())
    for path in state.targets.glob("*.json"):
        if path.stem not in jobs:
            path.unlink()
