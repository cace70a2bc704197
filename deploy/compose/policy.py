"""What every service in ``docker-compose.yml`` has to keep to, as small functions over the parsed file.

A policy yields one complaint per fault: which service, what is wrong, what to write instead. They are code of
ours and not only tests, so each can be shown to refuse a broken service as well as to accept the real ones.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Service = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Project:
    """A parsed Compose file and the directory that its relative paths begin at."""

    root: Path
    content: Mapping[str, Any]

    @property
    def services(self) -> Mapping[str, Service]:
        """Services by name."""
        services: Mapping[str, Service] = self.content["services"]
        return services


Policy = Callable[[Project, Service], Iterator[str]]

_EXACT_TAG = re.compile(r"v?\d+\.\d+\.\d+(-[a-z][a-z0-9.]*)?")
_TWO_NUMBERS_ARE_EXACT = {"postgres": re.compile(r"\d+\.\d+-[a-z]+")}
_LOOPBACK_PORT = re.compile(r"127\.0\.0\.1:\d+:\d+")
_USER = re.compile(r"(\d+):(\d+)")
_SECRET_NAME = re.compile(r"PASSW|SECRET|TOKEN|API_?KEY|CREDENTIAL|PRIVATE", re.IGNORECASE)
_CREDENTIALS_IN_URL = re.compile(r"://[^/\s:@]+:[^/\s@]+@")

PROGRAMS: Mapping[str, frozenset[str]] = {
    "prom/prometheus": frozenset({"wget"}),  # busybox
    "prom/alertmanager": frozenset({"wget"}),  # busybox
    "grafana/grafana": frozenset({"wget"}),  # Alpine
    "haproxy": frozenset({"wget"}),  # Alpine variant
    "postgres": frozenset({"pg_isready"}),
    "grafana/tempo": frozenset({"/tempo"}),  # no shell; checks itself with -health
    "grafana/loki": frozenset({"/usr/bin/loki"}),  # no shell; checks itself with -health
    "watchkeeper-otel-collector": frozenset({"/bin/wget"}),  # our Dockerfile puts it there
    "watchkeeper": frozenset({"python"}),
}
"""Programs known to be in an image, by repository: a health check can run nothing else."""


def exact_image(_project: Project, service: Service) -> Iterator[str]:
    """A tag that moves makes yesterday's test say nothing about today."""
    repository, _, tag = str(service.get("image", "")).partition(":")
    if not _TWO_NUMBERS_ARE_EXACT.get(repository, _EXACT_TAG).fullmatch(tag.partition("@")[0]):
        yield f"image {repository}:{tag or '(no tag)'} moves; name one release, such as 1.2.3"


def non_root(_project: Project, service: Service) -> Iterator[str]:
    """By number: a name would be looked up in the image, where it may mean root."""
    found = _USER.fullmatch(str(service.get("user", "")))
    if not found or "0" in found.groups():
        yield f'user {service.get("user")!r}; write "UID:GID" with two numbers above 0'


def read_only_root(_project: Project, service: Service) -> Iterator[str]:
    """What a process may write is in a volume or a tmpfs, and listed."""
    if service.get("read_only") is not True:
        yield "the root file system is writable; write `read_only: true`"


def no_capabilities(_project: Project, service: Service) -> Iterator[str]:
    """None of these programs needs one."""
    if service.get("cap_drop") != ["ALL"] or service.get("cap_add"):
        yield "keeps capabilities; write `cap_drop: [ALL]` and no `cap_add`"


def no_new_privileges(_project: Project, service: Service) -> Iterator[str]:
    """A set-user-id program in an image must not give root back."""
    if "no-new-privileges:true" not in service.get("security_opt", []):
        yield 'may gain privileges; write `security_opt: ["no-new-privileges:true"]`'


def no_host_access(_project: Project, service: Service) -> Iterator[str]:
    """Nothing that undoes the container."""
    for key in ("privileged", "network_mode", "pid", "ipc", "uts", "userns_mode", "devices", "extra_hosts"):
        if service.get(key):
            yield f"`{key}` reaches into the host; remove it"
    if any("docker.sock" in str(volume) for volume in service.get("volumes", [])):
        yield "the engine's socket is root on the host; remove the mount"


def limits(_project: Project, service: Service) -> Iterator[str]:
    """One service that leaks must not take the others with it."""
    for key in ("mem_limit", "cpus", "pids_limit"):
        if not service.get(key):
            yield f"no `{key}`; write one"


def bounded_scratch(_project: Project, service: Service) -> Iterator[str]:
    """A tmpfs is memory, and a place to drop programs."""
    for mount in service.get("tmpfs", []):
        options = str(mount).partition(":")[2].split(",")
        if "noexec" not in options or not any(option.startswith("size=") for option in options):
            yield f"tmpfs {mount}: write a size and noexec"


def loopback_ports(_project: Project, service: Service) -> Iterator[str]:
    """A port without an address is open to the world, past the host's own firewall."""
    for port in service.get("ports", []):
        if not _LOOPBACK_PORT.fullmatch(str(port)):
            yield f"port {port} is not bound to loopback; write 127.0.0.1:HOST:CONTAINER"


def no_secret_in_environment(_project: Project, service: Service) -> Iterator[str]:
    """Environments show up in inspections, crash reports and child processes."""
    for name, value in service.get("environment", {}).items():
        from_file = name.endswith("_FILE") and str(value).startswith("/run/secrets/")
        if (_SECRET_NAME.search(name) and not from_file) or _CREDENTIALS_IN_URL.search(str(value)):
            yield f"{name} holds a secret; mount a file and name it in {name}_FILE"


def secrets_are_files(project: Project, service: Service) -> Iterator[str]:
    """Each in ``secrets/``, where git does not look."""
    declared = project.content.get("secrets", {})
    for name in service.get("secrets", []):
        if declared.get(name) != {"file": f"./secrets/{name}"}:
            yield f"secret {name} is no file of ours; declare `{name}: {{file: ./secrets/{name}}}`"


def health_check(_project: Project, service: Service) -> Iterator[str]:
    """Present, bounded, and able to run with what is in the image."""
    check = service.get("healthcheck", {})
    test = check.get("test", [])
    if len(test) < len(("CMD", "program")) or test[0] != "CMD":
        yield "no health check without a shell; write `test: [CMD, program, …]`"
        return
    missing = {"interval", "timeout", "retries", "start_period"} - check.keys()
    if missing:
        yield f"the health check has no {', '.join(sorted(missing))}"
    repository = str(service.get("image", "")).partition(":")[0]
    if test[1] not in PROGRAMS.get(repository, frozenset()):
        yield f"nobody knows a program {test[1]} in image {repository}; use one that is in it, or list it"


def dependencies(project: Project, service: Service) -> Iterator[str]:
    """Started in order, and never waiting for what is not there or can not become healthy."""
    wanted = service.get("depends_on", {})
    if not isinstance(wanted, Mapping):
        yield "depends_on is a list, which waits for nothing; write `NAME: {condition: service_healthy}`"
        return
    for name, how in wanted.items():
        other = project.services.get(name)
        if other is None:
            yield f"depends on {name}, which does not exist"
            continue
        if how.get("condition") != "service_healthy" or "healthcheck" not in other:
            yield f"does not wait until {name} is healthy; write `condition: service_healthy`"
        # A service without a profile is always there; one with a profile only when that is chosen.
        if other.get("profiles") and not set(service.get("profiles", [])) & set(other["profiles"]):
            yield f"depends on {name}, which is in another profile; drop one or the other"


def mounts(project: Project, service: Service) -> Iterator[str]:
    """Files of the repository go in read-only; data lives in declared volumes."""
    for volume in service.get("volumes", []):
        source, _, rest = str(volume).partition(":")
        if not source.startswith((".", "/")):
            if source not in project.content.get("volumes", {}):
                yield f"volume {source} is not declared"
        elif not source.startswith("./"):
            yield f"{source} is outside the repository"
        elif not rest.endswith(":ro"):
            yield f"{source} is mounted writable; end it with :ro"
        elif not (project.root / source).exists():
            yield f"{source} does not exist; the engine would make an empty directory of that name"


def separate_networks(project: Project, service: Service) -> Iterator[str]:
    """Explicit, and with a way out only where a port is published or a pager is called."""
    declared = project.content.get("networks", {})
    networks: Sequence[str] = service.get("networks", [])
    if not networks or unknown_to(declared, networks):
        yield "joins the default network or an undeclared one; name the networks it needs"
        return
    open_to_host = any(not (declared[name] or {}).get("internal") for name in networks)
    if open_to_host != bool(service.get("ports")):
        yield "is on an open network without publishing a port, or publishes one from internal networks only"


def kept_running(_project: Project, service: Service) -> Iterator[str]:
    """Comes back by itself, and does not fill the disk with what it says."""
    if service.get("restart") != "unless-stopped":
        yield "is not restarted; write `restart: unless-stopped`"
    options = service.get("logging", {}).get("options", {})
    if not {"max-size", "max-file"} <= options.keys():
        yield "its log grows for ever; set logging options max-size and max-file"


POLICIES: Sequence[Policy] = (
    exact_image,
    non_root,
    read_only_root,
    no_capabilities,
    no_new_privileges,
    no_host_access,
    limits,
    bounded_scratch,
    loopback_ports,
    no_secret_in_environment,
    secrets_are_files,
    health_check,
    dependencies,
    mounts,
    separate_networks,
    kept_running,
)


def unknown_to(declared: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    """Give the names that are not declared."""
    return [name for name in names if name not in declared]


def start_cycle(services: Mapping[str, Service]) -> Sequence[str]:
    """Give services that wait for each other in a ring, or nothing."""
    started: set[str] = set()
    while ready := [
        name
        for name, service in services.items()
        if name not in started and set(service.get("depends_on", {})) <= started
    ]:
        started.update(ready)
    return sorted(set(services) - started)
