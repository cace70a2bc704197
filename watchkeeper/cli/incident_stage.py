"""Where drills take place: the native stack's processes, addresses and records, as drills see them.

The only place where drills and the stack's own process control meet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.paths import StateDir
from deploy.local.replicas import RunningStack
from deploy.local.status import Condition, look
from loadtests.drills.addresses import AddressError, of_job, read_targets
from loadtests.drills.inject import FaultSwitch
from loadtests.drills.processes import Instance
from loadtests.drills.record import DrillRecords
from loadtests.drills.rehearse import Setting
from watchkeeper.cli import stack_options

DRILLS = "drills"
"""Folder of evidence below the state directory."""


@dataclass(frozen=True, slots=True)
class Stage(Setting):
    """The setting that a stack's directory describes."""

    @classmethod
    def at(cls, state_dir: Path, targets_dir: Path | None, switch: FaultSwitch) -> "Stage":
        """Read it.

        Raises:
            AddressError: a file of targets can not be used.
        """
        state = stack_options.state_dir(state_dir)
        return cls(
            addresses=read_targets(targets_dir or state.targets),
            switch=switch,
            processes=StackProcesses(state),
            records=DrillRecords(state.root / DRILLS),
        )

    def url_of(self, job: str) -> str:
        """Give the address of a server that there is one of.

        Raises:
            AddressError: none is known.
        """
        return of_job(self.addresses, job)[0]


class StackProcesses:
    """The native stack as drills see it: the processes of a job, and how to kill one."""

    def __init__(self, state: StateDir) -> None:
        self._state = state

    def instances(self, job: str) -> Sequence[Instance]:
        """Give the processes of a job.

        Raises:
            StackError: no stack runs there.
        """
        stack = RunningStack(self._state)
        names = {program.name for program in stack.record().programs() if program.group == job}
        if not names:
            raise AddressError(f"the stack has no process {job!r}; `watchkeeper status` lists them")
        return [
            Instance(name=each.name, pid=each.pid, healthy=each.condition is Condition.RUNNING)
            for each in look(self._state).processes
            if each.name in names
        ]

    def kill(self, name: str) -> None:
        """End a process with SIGKILL.

        Raises:
            StackError: it does not run.
        """
        RunningStack(self._state).kill(name)
