"""Core and least core of one part by constraint generation, with the small programs that it solves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from synergy.settlement.division import Part, coalition
from synergy.settlement.game import Bools, CachedGame, Floats, Found

ACTIVE = 1e-11  # multipliers above it, relative to the largest, belong to rows that bind
SLACK = 1e-9  # rows may be short by it, in the unit of the point


@dataclass(frozen=True, slots=True)
class Optimum:
    """An optimal solution: the point, its cost, and multipliers (zero or more) of the rows and of the lower bounds."""

    point: Floats
    cost: float
    multipliers: Floats
    held: Floats


def minimise(
    cost: Floats, low: Floats, rows: Any, right: Floats, same: Floats | None = None, equal: Floats | None = None
) -> Optimum | None:
    """Minimise ``cost @ x`` over ``rows @ x >= right``, ``same @ x == equal``, ``x >= low``; None without an optimum.

    `cost` and `low` have shape (n,), `rows` (m, n), dense or sparse, and `same` (p, n); lower bounds may be minus
    infinity. Numbers should be of the size of 1: the tolerances of the solver, HiGHS as scipy calls it, are absolute.
    """
    from scipy.optimize import linprog  # half a second of loading that most commands do without

    solve: Any = linprog
    bounds = np.column_stack([low, np.full(len(low), np.inf)])
    answer = solve(cost, A_ub=-rows, b_ub=-right, A_eq=same, b_eq=equal, bounds=bounds, method="highs")
    if answer.status != 0:
        return None
    floats = np.float64
    return Optimum(
        np.asarray(answer.x, floats),
        float(answer.fun),
        -np.asarray(answer.ineqlin.marginals, floats),
        np.asarray(answer.lower.marginals, floats),
    )


@dataclass(frozen=True, slots=True)
class Region:
    """Points y, shape (k,), with ``rows @ y >= right`` (of the size of 1) and ``sum(y) == total``."""

    rows: Floats
    right: Floats
    total: float

    def short(self, point: Floats) -> float:
        """Return the greatest violation of a row, at most 0 for none."""
        return float(np.max(self.right - self.rows @ point, initial=-np.inf))


def nearest(target: Floats, region: Region) -> Floats:
    """Return the point of a region (which must not be empty) nearest to a target, unique; shape (k,).

    Least distance programming: the nearest point solves a least-squares problem with multipliers of zero or more, one
    for each row; the rows with positive multipliers hold as equations, which gives the point to machine precision.

    References
    ----------
    Lawson, C. L., Hanson, R. J. (1974), Solving Least Squares Problems, chapter 23, doi:10.1137/1.9781611971217.
    """
    count = len(target)
    middle = target + (region.total - target.sum()) / count
    if region.short(middle) <= 0:
        return np.asarray(middle)
    flat = region.rows - region.rows.mean(axis=1, keepdims=True)  # the part of each row along sum(y) == total
    missing = region.right - region.rows @ middle
    eased = missing - SLACK  # a region that rounding has just emptied is still solved
    multipliers = _multipliers(flat, eased)
    residual = np.append(flat.T @ multipliers, eased @ multipliers) - np.append(np.zeros(count), 1.0)
    rough: Floats = middle - residual[:-1] / residual[-1]
    active = multipliers > ACTIVE * multipliers.max(initial=0.0)
    exact: Floats = middle + np.linalg.lstsq(flat[active], missing[active], rcond=1e-12)[0]
    return exact if region.short(exact) <= max(2 * SLACK, region.short(rough)) else rough


def _multipliers(flat: Floats, missing: Floats) -> Floats:
    """Return the multipliers of the rows, zero or more."""
    from scipy.optimize import lsq_linear, nnls  # half a second of loading that most commands do without

    matrix = np.vstack([flat.T, missing])
    aim = np.append(np.zeros(flat.shape[1]), 1.0)
    try:
        return np.asarray(nnls(matrix, aim, maxiter=50 * (len(missing) + len(aim)))[0], dtype=np.float64)
    except RuntimeError:  # cycles on degenerate rows
        found = lsq_linear(matrix, aim, bounds=(0.0, np.inf), method="bvls").x
        return np.maximum(np.asarray(found, dtype=np.float64), 0.0)


@dataclass(slots=True)
class ScaledPart:
    """Part in normalised units: gains over the ground, divided by `unit`, and the coalitions known so far.

    `unit` is the money a year that counts as 1; `floored`: all floors can be kept. `known` holds coalitions (shape
    (k,), 0 and 1) with their values over the ground.
    """

    asked: CachedGame
    part: Part
    unit: float
    floored: bool
    known: dict[bytes, tuple[Floats, float]] = field(default_factory=dict)

    @property
    def gain(self) -> float:
        """Return the gain to share, in units."""
        return self.part.gain / self.unit

    @property
    def low(self) -> Floats:
        """Return the lower bounds of shares in units, shape (k,): minus infinity for players without a standalone plan.

        Where together they earn less than alone, nobody has a floor; less by the tolerance, all floors give way.
        """
        give = min(0.0, self.gain) / len(self.part.members) if self.part.floored.all() else 0.0
        return np.where(self.part.floored & self.floored, give, -np.inf)

    def payoff(self, shares: Floats) -> Floats:
        """Return payoffs of all players, shape (players,), those of other parts zero; they sum to the total."""
        full = np.zeros(len(self.asked.players))
        inside = self.part.ground + shares * self.unit
        full[self.part.members] = inside + (self.part.total - inside.sum()) / len(inside)
        return full

    def shares(self, payoff: Floats) -> Floats:
        """Return payoffs, shape (players,), as shares of the part's players in units, shape (k,)."""
        shares: Floats = (payoff[self.part.members] - self.part.ground) / self.unit
        return shares

    def worst(self, payoff: Floats) -> Found:
        """Return the worst coalition of the part's players."""
        return self.asked.worst(payoff, coalition(self.part.members, len(self.asked.players)))

    def add(self, members: Bools, value: float) -> bool:
        """Add a coalition; return whether it is new."""
        inside = members[self.part.members]
        new = inside.tobytes() not in self.known
        if new:
            row = inside.astype(np.float64)
            self.known[inside.tobytes()] = row, (value - float(row @ self.part.ground)) / self.unit
        return new

    def table(self) -> tuple[Floats, Floats]:
        """Return the coalitions known, shapes (m, k) and (m,)."""
        rows = np.array([row for row, _ in self.known.values()]).reshape(-1, len(self.part.members))
        return rows, np.array([right for _, right in self.known.values()])

    def region(self, low: Floats, excess: float = 0.0, need: float = 0.0) -> Region:
        """Return the shares above `low` that pay every known coalition up to an excess; their sum is gain and need."""
        rows, right = self.table()
        held = np.isfinite(low)
        sides = np.concatenate([low[held], right - excess])
        return Region(np.vstack([np.eye(len(low))[held], rows]), sides, self.gain + need)


def frame_of(asked: CachedGame, part: Part, tolerance: float) -> ScaledPart:
    """Return a part in normalised units, with all known coalitions.

    The unit is the gain, or the tolerance (money a year) where there is less.
    """
    frame = ScaledPart(asked, part, max(abs(part.gain), tolerance), not part.losing(tolerance))
    for members, worth in asked.inside(coalition(part.members, len(asked.players))):
        alone = members.sum() == 1 and frame.floored
        if not alone and np.isfinite(worth.value):
            frame.add(members, worth.value)
    return frame


def stabilise(frame: ScaledPart, target: Floats, tolerance: float, rounds: int) -> tuple[Floats, float, bool]:
    """Return the payoffs nearest to a target in the core of a part, or in its least core where the core is empty.

    Each round solves a small linear program for the least excess that the known coalitions leave, goes to the nearest
    shares with this excess, and asks the game which coalition they pay worst (it is added to `frame`), until none is
    paid worse. What nobody can do better alone is kept always (but where together they earn less than alone). `target`,
    shape (k,), are shares over the ground in units, `tolerance` is the excess that counts as none, in money a year, and
    `rounds` how often the game may be asked.

    Returns
    -------
    payoff : numpy.ndarray
        Shape (players,), zero in other parts; where the rounds were used up, the visited payoffs with the least proven
        excess.
    least : float
        Proven by coalitions that have a plan: no payoffs have a greatest excess below it, money a year.
    settled : bool
        False where the rounds were used up.

    References
    ----------
    Shapley, L. S., Shubik, M. (1966), Quasi-cores in a monetary economy with nonconvex preferences, Econometrica 34,
    805-827, doi:10.2307/1910101 (least core). Drechsel, J., Kimms, A. (2010), Computing core allocations in cooperative
    games with an application to cooperative procurement, International Journal of Production Economics 128, 310-321,
    doi:10.1016/j.ijpe.2010.07.027 (adding coalitions).
    """
    visited: list[tuple[float, Floats]] = []
    least = 0.0
    for _ in range(rounds):
        least = max(least, _least_excess(frame))
        payoff = frame.payoff(nearest(target, frame.region(frame.low, least)))
        found = frame.worst(payoff)
        if found.excess <= least * frame.unit + tolerance:
            return payoff, least * frame.unit, True
        visited.append((min(found.bound, by_duals(frame, payoff)), payoff))
        if not frame.add(found.members, found.value):
            break  # the solvers disagree within their tolerances: nothing new to learn
    proven = frame.asked.start
    if proven is not None or not visited:
        shares = target if proven is None else frame.shares(proven)
        payoff = frame.payoff(nearest(shares, frame.region(frame.low, least)))
        visited.append((by_duals(frame, payoff), payoff))
    return min(visited, key=lambda seen: seen[0])[1], least * frame.unit, False


def _least_excess(frame: ScaledPart) -> float:
    """Return the least excess, zero or more, that the known coalitions leave, in units.

    ``min max(0, right - rows @ y)`` over shares that sum to the gain; zero where the core may be there.
    """
    rows, right = frame.table()
    if not len(rows):
        return 0.0
    count = rows.shape[1]
    answer = minimise(
        np.append(np.zeros(count), 1.0),
        np.append(frame.low, 0.0),
        np.column_stack([rows, np.ones(len(rows))]),
        right,
        np.append(np.ones(count), 0.0).reshape(1, -1),
        np.array([frame.gain]),
    )
    if answer is None:
        raise ArithmeticError("the linear program of the least excess has no solution, though it always has one")
    return max(0.0, answer.cost)


def by_duals(frame: ScaledPart, payoff: Floats) -> float:
    """Return a proven bound on the excess of every coalition of a part, from the game's dual payoffs alone.

    The duals pay every coalition S at least v(S), so ``v(S) - x(S)`` is at most what S gets less than by them, and that
    is greatest for those who get less. Money a year, for payoffs x of all players; infinity where the game has no
    duals.
    """
    start = frame.asked.start
    if start is None:
        return np.inf
    missing = (start - payoff)[frame.part.members]
    short = np.maximum(missing, 0.0)
    everyone = bool((missing > 0).all())
    return float(short.sum() - (missing.min() if everyone else 0.0))
