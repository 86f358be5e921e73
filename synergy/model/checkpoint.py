"""Checkpoints: a compact record of incumbent and bound from which an interrupted search resumes.

A plan is stored as its binary decisions; the optimal continuous variables for them follow from one LP. A checkpoint
carries the fingerprint of its problem, and a checkpoint of another problem is ignored.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, replace

import numpy as np

from synergy.model.heuristics import held
from synergy.model.highs import SolverResult, SolverSession, Status
from synergy.model.scaling import ScaledProblem
from synergy.model.search import NOTHING, Begins
from synergy.model.solve_params import Memory, SolveParams, relative_gap
from synergy.network.places import Floats

PAUSE = 1.0  # seconds between checkpoints that differ by their bound alone


FIGURES = 9  # of the sums that mark a problem: machines differ in the last ones


def mark_of(problem: ScaledProblem) -> str:
    """Return the fingerprint of a problem: SHA-256 of its structure and of sums of its figures."""
    digest = hashlib.sha256()
    matrix = problem.matrix
    for part in (matrix.indptr, matrix.indices, problem.integer):
        digest.update(np.ascontiguousarray(part).tobytes())
    for figures in (matrix.data, problem.cost, problem.upper, problem.row_upper, problem.row_lower):
        finite = figures[np.isfinite(figures)]
        sums = (float(np.abs(finite).sum()), float(finite @ finite))
        digest.update(" ".join(f"{one:.{FIGURES}e}" for one in sums).encode())
    return digest.hexdigest()


class Keeper:
    """Record the incumbent and bound of a search in `memory`, which also holds the checkpoint to resume from."""

    def __init__(self, problem: ScaledProblem, params: SolveParams, memory: Memory) -> None:
        self._problem, self._params, self._memory = problem, params, memory
        self._mark = mark_of(problem)
        self._value, self._bound, self._told = np.inf, -np.inf, -np.inf
        self._chosen: list[int] | None = None
        start = memory.start or {}
        self.done = start.get("problem") == self._mark and bool(start.get("done"))
        self.answer = self._started()
        if self.answer.x is not None:
            memory.resumed = True
            self.note(self.answer.x, self.answer.value, self.answer.bound)
        else:
            self.done = False

    def _started(self) -> SolverResult:
        """Return the plan of the checkpoint with its proven bound, `NOTHING` if it belongs to another problem."""
        start, integer = self._memory.start or {}, self._problem.integer
        if start.get("problem") != self._mark or start.get("chosen") is None:
            return NOTHING
        whole = np.zeros(len(integer))
        whole[np.asarray(start["chosen"], dtype=np.int64)] = 1.0
        session = SolverSession(
            self._problem, relaxed=True, threads=self._params.threads, random_seed=self._params.seed
        )
        found = held(session, self._problem, whole[integer])
        bound = start.get("bound")
        proven = -np.inf if bound is None else -float(bound) / self._problem.money
        return replace(found, bound=min(proven, found.value))

    def note(self, x: Floats | None, value: float, bound: float) -> None:
        """Store an improving plan `x`, its objective or a proven lower bound, scaled as the problem (minimisation)."""
        better = x is not None and value < self._value
        tighter = bound > self._bound
        if better and x is not None:
            self._value = value
            self._chosen = self._on(x)
        self._bound = max(self._bound, bound)
        if better or (tighter and time.monotonic() - self._told > PAUSE):
            self._keep(done=False)

    def end(self, answer: SolverResult) -> None:
        """Store the final answer of the search and mark the checkpoint as done."""
        self.note(answer.x, answer.value, answer.bound)
        if answer.x is not None and answer.value <= self._value:  # with less that is on, for the same
            self._chosen = self._on(answer.x)
        self._keep(done=True)

    def _on(self, x: Floats) -> list[int]:
        """Return the binary columns that are 1 in a plan."""
        return np.flatnonzero(self._problem.integer & (x > 0.5)).tolist()

    def _keep(self, *, done: bool) -> None:
        if self._chosen is None:
            return
        self._told = time.monotonic()
        money = self._problem.money
        bound = min(self._bound, self._value)
        self._memory.note(
            {
                "problem": self._mark,
                "chosen": self._chosen,
                "value": -self._value * money,
                "bound": None if bound == -np.inf else -bound * money,
                "seconds": round(self._memory.seconds + self._params.seconds, 3),
                "done": done,
            }
        )


@dataclass(frozen=True, slots=True)
class Resumed:
    """Provide the checkpoint's plan, with its bound, as the starting plan of a resumed search."""

    answer: SolverResult

    def sketch(self) -> SolverResult:
        """Return the plan of the checkpoint."""
        return self.answer

    def plan(self) -> SolverResult:
        """Return the plan of the checkpoint; the start heuristics are not repeated."""
        return self.answer


@dataclass(frozen=True, slots=True)
class GivenStart:
    """Provide the better of a user-supplied plan (without a bound) and the default start as the starting plan."""

    answer: SolverResult
    otherwise: Begins | None

    def sketch(self) -> SolverResult:
        """Return the better of the supplied plan and the sketch of the default start."""
        return self._better(None if self.otherwise is None else self.otherwise.sketch())

    def plan(self) -> SolverResult:
        """Return the better of the supplied plan and the plan of the default start."""
        return self._better(None if self.otherwise is None else self.otherwise.plan())

    def _better(self, other: SolverResult | None) -> SolverResult:
        if other is None:
            return self.answer
        return replace(min(self.answer, other, key=lambda answer: answer.value), bound=other.bound)


def ended(answer: SolverResult, gap: float) -> SolverResult:
    """Return the answer of a search that had finished before its run was interrupted."""
    close = relative_gap(answer.bound, answer.value) <= gap
    return replace(answer, status=Status.OPTIMAL if close else Status.STOPPED)
