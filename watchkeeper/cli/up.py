"""``watchkeeper up``: start the native stack, wait until it measures, show where everything is."""

import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from deploy.local.first_values import slos_of, wait_for_slo_values
from deploy.local.outlook import look_out
from deploy.local.paths import repository
from deploy.local.stack import load
from deploy.local.start import HEALTHY_TIMEOUT_S, Plan, start
from deploy.local.status import look
from watchkeeper.cli import status_view, terminal
from watchkeeper.cli.stack_options import environ, place, port_offset_option, state_dir, state_option

DEFAULT_FILES = ("deploy/local/stack.yaml", "demo/stack.yaml")


class _Plain:
    """Says each thing on a line of its own, for logs and pipes."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._last = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def planned(self, names: Sequence[str]) -> None:
        self.note(f"{len(names)} processes")

    def already(self, name: str) -> None:
        self.note(f"{name} runs already")

    def starting(self, name: str) -> None:
        self.note(f"starting {name}")

    def healthy(self, name: str, took_s: float) -> None:
        self.note(f"{name} is healthy after {took_s:.1f} s")

    def note(self, text: str) -> None:
        if text != self._last:
            click.echo(f"{time.monotonic() - self._begun:6.1f} s  {text}", err=True)
        self._last = text


class _Live:
    """A progress bar, with what is waited for beside it."""

    def __init__(self) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}", markup=False),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._progress.add_task("checking this machine", total=None)
        self._waiting: list[str] = []

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def planned(self, names: Sequence[str]) -> None:
        self._progress.update(self._task, total=len(names) + 1)

    def already(self, name: str) -> None:
        del name
        self._progress.advance(self._task)

    def starting(self, name: str) -> None:
        self._waiting.append(name)
        self._show()

    def healthy(self, name: str, took_s: float) -> None:
        del took_s
        self._waiting = [each for each in self._waiting if each != name]
        self._progress.advance(self._task)
        self._show()

    def note(self, text: str) -> None:
        self._progress.update(self._task, description=text)

    def _show(self) -> None:
        waiting = ", ".join(self._waiting)
        self._progress.update(self._task, description=f"waiting for {waiting}" if waiting else "")


@click.command()
@click.option(
    "--stack",
    "files",
    type=click.Path(path_type=Path),
    multiple=True,
    help="File that describes processes; repeatable.  [default: deploy/local/stack.yaml, demo/stack.yaml]",
)
@click.option(
    "--timeout",
    type=terminal.DURATION,
    default=f"{HEALTHY_TIMEOUT_S:.0f}s",
    show_default=True,
    help="Give up when a process is not healthy after this long.",
)
@click.option(
    "--wait-slo/--no-wait-slo", default=True, help="Wait for the first SLO values too.  [default: wait]"
)
@state_option
@port_offset_option
def command(
    files: tuple[Path, ...], timeout: timedelta, wait_slo: bool, state_dir: Path, port_offset: int | None
) -> None:
    """Start the native stack and wait until it is healthy.

    Calling it again is harmless: what runs stays, what changed is replaced, what is missing is started.
    """
    begun = time.monotonic()
    state = _state(state_dir)
    stack = load(files or [repository() / name for name in DEFAULT_FILES])
    plan = Plan(stack, place(state, port_offset), state, environ(), timeout_s=timeout.total_seconds())
    reporter = _Live if Console(stderr=True).is_terminal else _Plain
    try:
        with reporter() as report:
            record = start(plan, report)
            if wait_slo:
                report.note("waiting for the first SLO values")
                slos = slos_of(state.conf / "rules")
                wait_for_slo_values(record.programs(), slos, record.started_at, report=report.note)
    except KeyboardInterrupt:
        click.echo(
            "interrupted; `watchkeeper up` goes on from here, `watchkeeper down` stops what runs", err=True
        )
        raise SystemExit(130) from None
    found = look(state)
    status_view.show(terminal.stdout(), found, look_out(record.programs()))
    click.echo(f"up after {time.monotonic() - begun:.1f} s", err=True)
    for complaint in found.complaints:
        click.echo(complaint, err=True)
    raise SystemExit(1 if found.complaints else 0)


_state = state_dir
