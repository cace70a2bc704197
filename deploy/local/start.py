"""Starts the stack: each process as soon as those it needs are healthy, and not before.

Safe to call again at any time. Whatever state an earlier call, an interruption or a crash left behind, it
works towards the described stack: what runs and is right stays untouched, what changed is replaced, what is
missing is started.
"""

import subprocess
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from deploy.local import marked, preflight, rotation
from deploy.local.configure import KINDS, Context, configure, write_targets
from deploy.local.control import ProcessInfo, State, Supervisor, SupervisorAwayError
from deploy.local.health import Prober
from deploy.local.logs import last_lines
from deploy.local.paths import StateDir, operation, write_atomically
from deploy.local.programs import GUARDIAN, Place, Program, resolve
from deploy.local.progress import LOG_LINES_SHOWN, Progress, Reporter
from deploy.local.record import Record, known_record, write_record
from deploy.local.stack import Stack
from deploy.local.supervise import is_locked
from deploy.local.supervisor_conf import environment, render
from watchkeeper.errors import StackError

HEALTHY_TIMEOUT_S = 90.0
SUPERVISOR_TIMEOUT_S = 15.0
STOP_GRACE_S = 3.0
POLL_S = 0.1


@dataclass(frozen=True)
class Plan:
    """What ``up`` is asked for."""

    stack: Stack
    place: Place
    state: StateDir
    environ: Mapping[str, str]
    timeout_s: float = HEALTHY_TIMEOUT_S


def start(plan: Plan, report: Reporter, *, now: Callable[[], float] = time.time) -> Record:
    """Bring the stack up and return when every process is healthy.

    Raises:
        StackError: something is missing on this machine, or a process did not become healthy in time. What
            was started stays; ``up`` goes on from there and ``down`` stops it.
    """
    plan.state.make()
    with operation(plan.state, "up"):
        return _Start(plan, report, now()).run()


@dataclass
class _Start:
    plan: Plan
    report: Reporter
    started_at: float
    supervisor: Supervisor = field(init=False)
    record: Record = field(init=False)

    def __post_init__(self) -> None:
        self.supervisor = Supervisor(self.plan.state.supervisor_socket)

    def run(self) -> Record:
        plan, state = self.plan, self.plan.state
        before = known_record(state)  # a damaged one can be written anew
        replicas = _replicas(plan.stack, before)
        programs = resolve(plan.stack, plan.place, replicas)
        alive = self._is_alive()
        if not alive:
            # Nobody owns what an unsupervised crash may have left behind.
            left = marked.kill_all(state.id, wait_s=STOP_GRACE_S)
            if left:
                self.report.note(f"ended what was left of an earlier run: {', '.join(left)}")
        preflight.check(programs, ours={each.pid for each in marked.find(state.id)})
        known = before.digests if before is not None and alive else {}
        digests = configure(Context(plan.stack, plan.place, state, replicas), programs, known)
        names = {program.name for program in programs}
        self.record = Record(
            stack=plan.stack,
            place=plan.place,
            replicas=replicas,
            active=tuple(name for name in (before.active if before and alive else ()) if name in names),
            digests=known,
            started_at=self.started_at,
        )
        self._save(programs)
        write_targets(state, programs)
        state.stopping.unlink(missing_ok=True)
        if alive:
            self._replace_what_changed()
            self._reload(programs, digests)
        else:
            state.starts.unlink(missing_ok=True)
            self._start_supervisor()
        # Only now: had we been interrupted before, the next ``up`` would have to tell the servers.
        self.record = self.record.model_copy(update={"digests": digests})
        write_record(state, self.record)
        self._start_all(programs)
        rotation.settle_all(state, self.record)
        return self.record

    def _is_alive(self) -> bool:
        """Tell whether a supervisor runs; wait for one that is just being born or is on its way out."""
        give_up = time.monotonic() + SUPERVISOR_TIMEOUT_S
        while is_locked(self.plan.state):
            try:
                self.supervisor.pid()
            except SupervisorAwayError:
                if time.monotonic() > give_up:
                    raise StackError(
                        "a supervisor holds this stack but does not answer; `watchkeeper down` ends it"
                    ) from None
                time.sleep(POLL_S)
            else:
                return True
        return False

    def _save(self, programs: Sequence[Program]) -> None:
        write_record(self.plan.state, self.record)
        active = [program for program in programs if program.name in self.record.active]
        text = render(active, self.plan.place, self.plan.state)
        write_atomically(self.plan.state.supervisor_conf, text.encode())

    def _start_supervisor(self) -> None:
        state, place = self.plan.state, self.plan.place
        with state.log("supervisord-output").open("ab") as output:
            process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
                [str(place.python), "-m", "deploy.local.supervise", str(state.root)],
                cwd=state.root,
                env=environment(state, place, dict(self.plan.environ)),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        give_up = time.monotonic() + SUPERVISOR_TIMEOUT_S
        while time.monotonic() < give_up:
            try:
                self.supervisor.pid()
            except SupervisorAwayError:
                if process.poll() is not None:
                    break
                time.sleep(0.05)
            else:
                # It lives on without us; without this Python would warn that we never waited for it.
                process.returncode = 0
                return
        said = "\n".join(last_lines(state.log("supervisord-output"), LOG_LINES_SHOWN))
        raise StackError(
            f"the supervisor did not start; {state.log('supervisord-output')} ends with:\n{said}"
        )

    def _replace_what_changed(self) -> None:
        """Stop what is no longer described, or described differently; the latter is started again."""
        added, changed, removed = self.supervisor.reread()
        del added
        stale = [name for name in (*changed, *removed) if name != GUARDIAN]
        if stale:
            self.report.note(f"replacing what changed: {', '.join(sorted(stale))}")
        for name in stale:
            self.supervisor.stop(name)
        self._until_stopped(stale)
        for name in stale:
            self.supervisor.remove(name)
        for name in changed:
            if name != GUARDIAN:
                self.supervisor.add(name)

    def _until_stopped(self, names: Collection[str]) -> None:
        give_up = time.monotonic() + HEALTHY_TIMEOUT_S
        while time.monotonic() < give_up:
            infos = self.supervisor.processes()
            if not any(infos[name].statename.has_process for name in names if name in infos):
                return
            time.sleep(POLL_S)

    def _reload(self, programs: Sequence[Program], digests: Mapping[str, str]) -> None:
        """Have servers read a changed configuration: by a signal where they can, else by a new start."""
        infos = self.supervisor.processes()
        for program in programs:
            if program.configuration is None or program.name not in infos:
                continue
            if self.record.digests.get(program.name) == digests[program.name]:
                continue
            if not infos[program.name].statename.has_process:
                continue
            self.report.note(f"{program.name} reads its new configuration")
            signal = KINDS[program.configuration].reload
            # Without a signal for it: ended, it is started again by the supervisor, with the new file.
            self.supervisor.signal(program.name, signal or "TERM")

    def _start_all(self, programs: Sequence[Program]) -> None:
        progress = Progress(programs, self.report)
        give_up = time.monotonic() + self.plan.timeout_s
        with Prober() as prober:
            while progress.waiting:
                try:
                    infos = self.supervisor.processes()
                    self._start_ready(progress, infos)
                except SupervisorAwayError:
                    # Killed this moment? The guardian takes its place within a second or two.
                    infos = {}
                healths = prober.ask(p for p in progress.waiting.values() if p.name in infos)
                progress.learn(infos, healths)
                if progress.waiting:
                    progress.fail_if_hopeless(infos, self.plan.state, timed_out=time.monotonic() > give_up)
                    time.sleep(POLL_S)

    def _start_ready(self, progress: Progress, infos: Mapping[str, ProcessInfo]) -> None:
        """Start whatever has all it needs; revive what gave up or was stopped by hand."""
        new = []
        for program in progress.ready():
            info = infos.get(program.name)
            if info is None:
                new.append(program)
            elif info.statename in {State.STOPPED, State.FATAL, State.EXITED}:
                progress.begin(program.name)
                self.supervisor.start(program.name)
        if not new:
            return
        active = dict.fromkeys((*self.record.active, *(program.name for program in new)))
        self.record = self.record.model_copy(update={"active": tuple(active)})
        self._save(tuple(progress.programs.values()))
        self.supervisor.reread()
        for program in new:
            progress.begin(program.name)
            self.supervisor.add(program.name)


def _replicas(stack: Stack, before: Record | None) -> dict[str, int]:
    """Take the counts of the description, but keep those that ``scale`` set, as far as it still allows."""
    counts = {}
    for spec in stack:
        if spec.replicas is None:
            continue
        counts[spec.name] = spec.replicas
        old = before.stack.get(spec.name) if before is not None else None
        had = before.replicas.get(spec.name) if before is not None else None
        if old is not None and had is not None and had != old.replicas:
            counts[spec.name] = min(had, spec.replicas_max)
    return counts
