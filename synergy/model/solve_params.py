"""Solve parameters: stopping criteria, progress events, checkpoints."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from synergy.plan import Decisions
from synergy.scenario import JSON

if TYPE_CHECKING:
    from synergy.network.places import Floats

Listener = Callable[["Event"], None]


@dataclass(frozen=True, slots=True)
class Event:
    """Progress event of a run, for any front end to show.

    Parameters
    ----------
    phase : str
        Current phase: ``network``, ``relaxation``, ``search``, ``standalone`` ...
    seconds : float
        Since the start.
    bound, best, gap : float or None
        Proven bound and best value so far (money a year), and their relative gap.
    done, total : int
        Steps of a phase that counts them, as the enterprises of ``standalone``.
    """

    phase: str
    seconds: float
    bound: float | None = None
    best: float | None = None
    gap: float | None = None
    done: int = 0
    total: int = 0


def relative_gap(bound: float, value: float) -> float:
    """Return ``|bound - value| / max(1, |value|)``, the gap of the plan document."""
    return abs(bound - value) / max(1.0, abs(value))


@dataclass(slots=True)
class Memory:
    """Starting point of a search and destination of its checkpoints.

    `start` is a checkpoint of a run that was broken off, as it was kept; `keep` takes each checkpoint, a plain record.
    `plans`, of the same or of a like problem, are plans to begin with, the best of those that fit. The search sets
    `resumed` where it began with the checkpoint, and `fits` where one of the plans fits.
    """

    start: Mapping[str, Any] | None = None
    keep: Callable[[dict[str, Any]], None] | None = None
    resumed: bool = False
    plans: Sequence[Decisions] = ()
    fits: bool = False
    _whole: Mapping[str, Any] = field(init=False, default_factory=dict)

    def note(self, record: Mapping[str, JSON]) -> None:
        """Merge a record into the checkpoint and store it."""
        self._whole = {**(self._whole or self.start or {}), **record}
        if self.keep is not None:
            self.keep(dict(self._whole))

    @property
    def seconds(self) -> float:
        """Return the seconds spent in earlier runs."""
        found = (self.start or {}).get("seconds")
        return float(found) if isinstance(found, int | float) else 0.0


@dataclass(frozen=True, slots=True)
class Control:
    """Caller's handle on a run: listener, stop request, executor and memory.

    Parameters
    ----------
    listen : callable, optional
        Hears `Event`s of progress.
    stop : callable, optional
        Asked now and then; True stops the search with the best plan so far.
    executor : concurrent.futures.Executor, optional
        Where enterprises and coalitions are solved side by side, on this machine or on many; without one, as many
        processes as the options say.
    memory : Memory, optional
        Where checkpoints of the search go, and the one that it goes on from: never to a worse plan. The time that was
        spent before counts, but for a part of the limit.
    """

    listen: Listener | None = None
    stop: Callable[[], bool] | None = None
    executor: Executor | None = None
    memory: Memory | None = None


@dataclass(slots=True)
class SolveParams:
    """Solve parameters: gap, limits, threads, and callbacks.

    `gap` is the relative gap that suffices, `time_limit` is in seconds from `started`; `threads` may be used by one
    solver, and `workers` is how many solvers may run side by side; `seed` is that of all that is random. `listen` hears
    each `Event`; `stop` is asked now and then, and True interrupts: the best plan so far is returned. `memory` is that
    of the whole search; parts of it have none. `note` receives plans and bounds found: columns of the scaled problem or
    None, value and bound in its units.
    """

    gap: float = 1e-4
    time_limit: float = 300.0
    threads: int = 1
    seed: int = 0
    listen: Listener | None = None
    stop: Callable[[], bool] | None = None
    workers: int = 1
    memory: Memory | None = None
    note: Callable[[Floats | None, float, float], None] | None = None
    started: float = field(default_factory=time.monotonic)

    def fresh(self, gap: float | None = None, time_limit: float | None = None) -> SolveParams:
        """Return a copy with the same threads and seed, the clock restarted and no callbacks."""
        return SolveParams(
            self.gap if gap is None else gap,
            self.time_limit if time_limit is None else time_limit,
            self.threads,
            self.seed,
        )

    @property
    def seconds(self) -> float:
        """Return the seconds since the start."""
        return time.monotonic() - self.started

    @property
    def left(self) -> float:
        """Return the remaining seconds, never negative."""
        return max(0.0, self.time_limit - self.seconds)

    def ended(self) -> str | None:
        """Return the reason to stop: the ``clock``, a ``request``, or None."""
        return "clock" if self.left <= 0 else "request" if self.stop is not None and self.stop() else None

    def say(self, phase: str, bound: float | None = None, best: float | None = None, **steps: int) -> None:
        """Report a progress event to the listener, if any."""
        if self.listen is not None:
            known = bound is not None and best is not None and abs(bound) != float("inf") and abs(best) != float("inf")
            gap = relative_gap(bound, best) if known and bound is not None and best is not None else None
            self.listen(Event(phase, self.seconds, bound, best, gap, **steps))

    def found(self, x: Floats | None, value: float, bound: float) -> None:
        """Report a new plan or bound to the `note` callback, if any."""
        if self.note is not None:
            self.note(x, value, bound)

    def steady(self) -> SolveParams:
        """Return a copy whose listener receives the best bound and value so far, from any phase."""
        listen = self.listen
        if listen is None:
            return self
        bound, best = math.inf, -math.inf

        def hear(event: Event) -> None:
            nonlocal bound, best
            bound = bound if event.bound is None else min(bound, event.bound)
            best = best if event.best is None else max(best, event.best)
            known = math.isfinite(bound) and math.isfinite(best)
            listen(
                replace(
                    event,
                    bound=bound if math.isfinite(bound) else None,
                    best=best if math.isfinite(best) else None,
                    gap=relative_gap(bound, best) if known else None,
                )
            )

        return replace(self, listen=hear)
