"""Writes supervisor's configuration: the programs that should run, so that any supervisor can take them over.

Supervisor's format has three traps, all met here: ``%`` is expanded (log file names even twice), `` ;`` and
`` #`` begin a comment even between quotes, and a line break ends a value. So every path in the file is
relative to the state directory (supervisor runs there), and the rest of a command is escaped character by
character.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from deploy.local.marked import PROCESS_MARK, STACK_MARK
from deploy.local.paths import StateDir
from deploy.local.programs import GUARDIAN, Place, Program

LOG_BYTES_MAX = 5_000_000
LOG_BACKUPS = 2
START_RETRIES = 1_000_000
"""Never give up: the pause between two tries is capped (``deploy.local.ledger``), and the status shows it."""

INHERITED = frozenset({"WATCHKEEPER_GRAFANA_URL", "WATCHKEEPER_ALLOWED_HOSTS"})
"""Settings of ours that processes take from the shell of whoever starts the stack. Every other one is meant
for commands: a process that asked the server of another stack would answer with that stack's truth."""

_SAFE = frozenset("@%+=:,./-_")


def quote(text: str) -> str:
    r"""Escape one argument for supervisor: no quotes, since a comment can begin inside them.

    >>> quote("/srv/my repo/100% ;x")
    '/srv/my\\ repo/100%%\\ \\;x'
    """
    escaped = "".join(char if char in _SAFE or char.isalnum() else f"\\{char}" for char in text)
    # Blanks at the end of a line are cut off, escaped or not: an empty word keeps them.
    return escaped.replace("%", "%%") + ("" if text and not text[-1].isspace() else "''")


def command_line(program: Program, place: Place, *, dies_with_supervisor: bool = True) -> str:
    """Give the command as supervisor runs it.

    The kernel kills the process when its supervisor dies (``setpriv --pdeathsig``), so that a new supervisor
    never meets processes it does not own.
    """
    env = {**program.env, PROCESS_MARK: program.name}
    words = ["env", f"--chdir={place.repo}", *(f"{key}={value}" for key, value in sorted(env.items()))]
    # Always setpriv, since env would take a program whose path holds "=" for one more variable.
    words += ["setpriv", *(["--pdeathsig", "KILL"] if dies_with_supervisor else []), "--"]
    return " ".join(quote(word) for word in (*words, *program.command))


def render(programs: Sequence[Program], place: Place, state: StateDir) -> str:
    """Write the whole file for these programs and the guardian."""
    guardian = _guardian(place)
    sections = [
        _HEAD.format(socket=state.supervisor_socket, logs=state.logs.name),
        _section(guardian, place, dies_with_supervisor=False, priority=1000),
        *(_section(program, place) for program in programs),
    ]
    return "\n".join(sections)


def _guardian(place: Place) -> Program:
    return Program(
        name=GUARDIAN,
        group=GUARDIAN,
        command=(str(place.python), "-m", "deploy.local.guardian", str(place.state)),
        env={},
        port=None,
        ports={},
        health=None,
        after=(),
        scrape=False,
        stop_timeout_s=2,
        configuration=None,
        balances=None,
    )


_HEAD = """\
[supervisord]
nodaemon=true
silent=true
logfile={logs}/supervisord.log
logfile_maxbytes=5MB
logfile_backups=2
pidfile=conf/supervisord.pid
childlogdir={logs}
nocleanup=true

[unix_http_server]
file={socket}
chmod=0600

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[rpcinterface:ledger]
supervisor.rpcinterface_factory=deploy.local.ledger:attach
"""


def _section(
    program: Program, place: Place, *, dies_with_supervisor: bool = True, priority: int = 500
) -> str:
    command = command_line(program, place, dies_with_supervisor=dies_with_supervisor)
    return f"""\
[program:{program.name}]
command={command}
priority={priority}
autorestart=true
startsecs=1
startretries={START_RETRIES}
stopwaitsecs={program.stop_timeout_s}
stopasgroup=false
killasgroup=true
redirect_stderr=true
stdout_logfile=logs/{program.name}.log
stdout_logfile_maxbytes={LOG_BYTES_MAX}
stdout_logfile_backups={LOG_BACKUPS}
"""


def environment(state: StateDir, place: Place, inherited: dict[str, str]) -> dict[str, str]:
    """Give the environment of the supervisor, which every process inherits."""
    env = {
        key: value
        for key, value in inherited.items()
        if key in INHERITED or not key.startswith(("SUPERVISOR_", "WATCHKEEPER_"))
    }
    bypass = [entry for entry in (env.get("NO_PROXY") or env.get("no_proxy") or "").split(",") if entry]
    bypass += [host for host in ("127.0.0.1", "localhost") if host not in bypass]
    return env | {
        STACK_MARK: state.id,
        PROCESS_MARK: "supervisord",
        # Loopback is never reached through a proxy, whatever the user's shell says.
        "NO_PROXY": ",".join(bypass),
        "no_proxy": ",".join(bypass),
        "PATH": os.pathsep.join(
            [str(Path(place.python).parent), env.get("PATH", os.defpath), "/usr/sbin", "/sbin"]
        ),
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
    }
