"""Progress display of a run on the terminal, and its interruption by Ctrl-C."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from synergy.cli.console import Talk
from synergy.cli.words import WORDS
from synergy.model.solve_params import Event, Listener
from synergy.texts import figure


@contextmanager
def watched(talk: Talk) -> Iterator[Listener | None]:
    """Show solver events as a progress bar on standard error, if that is a terminal.

    Yields
    ------
    callable or None
        Listener for each `Event`; None if standard error is not a terminal.
    """
    if not talk.err.is_terminal:
        yield None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(20), TimeElapsedColumn())
    with Progress(*columns, console=talk.err, transient=True) as progress:
        task = progress.add_task("", total=None)

        def listen(event: Event) -> None:
            total = event.total or None
            progress.update(task, description=described(talk, event), total=total, completed=event.done)

        yield listen


def described(talk: Talk, event: Event) -> str:
    """Format an event as a line: the phase, and best value, bound and gap if known."""
    key = f"phase.{event.phase}"
    phase = talk.say(key) if key in WORDS else event.phase
    if event.best is None and event.bound is None:
        return phase
    gap = "–" if event.gap is None else f"{event.gap:.2%}"
    return f"{phase}: " + talk.say("bar", best=_money(event.best, talk), bound=_money(event.bound, talk), gap=gap)


def _money(value: float | None, talk: Talk) -> str:
    return figure(None if value is None or abs(value) == float("inf") else value, "money", talk.lang)


@contextmanager
def interruptible(talk: Talk) -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C into a request to stop with the best plan so far; the second one aborts.

    Yields
    ------
    callable
        Returns whether a stop was requested.
    """
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return

    def ask(_number: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        talk.note(talk.say("stopping"))

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)
