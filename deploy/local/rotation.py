"""Who gets requests: brings HAProxy's file and HAProxy's memory in line with the record.

Stands alone because it is a step that may be taken again at any time: whatever an interrupted command left
out of rotation, or in it, the next ``scale`` or ``up`` puts right.
"""

import time
from collections.abc import Sequence

from deploy.haproxy.runtime import HaproxyAwayError, Rotation, Runtime
from deploy.local.configure import Context, configure
from deploy.local.paths import StateDir
from deploy.local.record import Record

DRAIN_TIMEOUT_S = 30.0
HAPROXY_TIMEOUT_S = 15.0
POLL_S = 0.1


def settle(state: StateDir, record: Record, group: str) -> None:
    """Have every replica that should run in rotation, and every unused slot out of it.

    Raises:
        StackError: HAProxy does not answer, or refuses.
    """
    spec = record.stack.get(group)
    if spec is None or not _is_balanced(record, group):
        return
    write_file(state, record)
    running = record.replicas[group]
    for index, name in enumerate(spec.process_names(spec.replicas_max), start=1):
        _rotate(state, group, name, Rotation.READY if index <= running else Rotation.MAINTENANCE)


def settle_all(state: StateDir, record: Record) -> None:
    """Settle every replicated group."""
    for group in record.replicas:
        settle(state, record, group)


def write_file(state: StateDir, record: Record) -> None:
    """Write HAProxy's file as the record says, so that one that is restarted agrees."""
    context = Context(record.stack, record.place, state, record.replicas)
    configure(context, [p for p in record.programs() if p.balances], record.digests)


def drain(state: StateDir, record: Record, group: str, names: Sequence[str]) -> None:
    """Give these no new requests, and wait until none is under way; a time limit cuts endless ones."""
    if not _is_balanced(record, group):
        return
    for name in names:
        _rotate(state, group, name, Rotation.DRAIN)
    give_up = time.monotonic() + DRAIN_TIMEOUT_S
    while time.monotonic() < give_up:
        try:
            servers = Runtime(state.haproxy_socket).servers(group)
        except HaproxyAwayError:
            time.sleep(POLL_S)
            continue
        if not any(servers[name].sessions for name in names if name in servers):
            return
        time.sleep(POLL_S)


def _is_balanced(record: Record, group: str) -> bool:
    return any(spec.balances == group for spec in record.stack)


def _rotate(state: StateDir, group: str, name: str, rotation: Rotation) -> None:
    """Tell HAProxy; one that is being restarted this moment reads the file, and is told again."""
    give_up = time.monotonic() + HAPROXY_TIMEOUT_S
    while True:
        try:
            Runtime(state.haproxy_socket).rotate(group, name, rotation)
        except HaproxyAwayError:
            if time.monotonic() > give_up:
                raise
            time.sleep(POLL_S)
        else:
            return
