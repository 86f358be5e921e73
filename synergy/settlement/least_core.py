"""Core and least core of one part by constraint generation, with the small programs that it solves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from synergy.settlement.division import Part
from synergy.settlement.game import Bools, CachedGame, Floats

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


def nearest(target: Floats, low: Floats, total: float, rows: Floats, right: Floats) -> Floats:
    """Return the point nearest to a target of those with ``rows @ y >= right``, ``y >= low`` and ``sum(y) == total``.

    It is unique, shape (k,); there must be such points. `low` may be minus infinity, `right` is of the size of 1.

    Least distance programming: the nearest point solves a least-squares problem with multipliers of zero or more, one
    for each row; the rows with positive multipliers hold as equations, which gives the point to machine precision.

    References
    ----------
    Lawson, C. L., Hanson, R. J. (1974), Solving Least Squares Problems, chapter 23, doi:10.1137/1.9781611971217.
    """
    count, held = len(target), np.isfinite(low)
    rows, right = np.vstack([np.eye(count)[held], rows]), np.append(low[held], right)
    middle: Floats = target + (total - target.sum()) / count
    missing = right - rows @ middle
    if missing.max(initial=-np.inf) <= 0:
        return middle
    from scipy.optimize import lsq_linear, nnls  # half a second of loading that most commands do without

    flat = rows - rows.mean(axis=1, keepdims=True)  # the part of each row along sum(y) == total
    eased = missing - SLACK  # a region that rounding has just emptied is still solved
    matrix, aim = np.vstack([flat.T, eased]), np.append(np.zeros(count), 1.0)
    try:
        found = nnls(matrix, aim, maxiter=50 * (len(eased) + len(aim)))[0]
    except RuntimeError:  # cycles on degenerate rows
        found = np.maximum(lsq_linear(matrix, aim, bounds=(0.0, np.inf), method="bvls").x, 0.0)
    multipliers = np.asarray(found, dtype=np.float64)
    residual = np.append(flat.T @ multipliers, eased @ multipliers) - aim
    rough: Floats = middle - residual[:-1] / residual[-1]
    active = multipliers > ACTIVE * multipliers.max(initial=0.0)
    exact: Floats = middle + np.linalg.lstsq(flat[active], missing[active], rcond=1e-12)[0]
    short, rougher = (float(np.max(right - rows @ point, initial=-np.inf)) for point in (exact, rough))
    return exact if short <= max(2 * SLACK, rougher) else rough


@dataclass(slots=True)
class ScaledPart:
    """Part in normalised units: gains over the ground, divided by `unit`, and the coalitions known so far.

    `unit` is the money a year that counts as 1. In units: `gain` is what is shared; `low`, shape (k,), are lower bounds
    of shares, minus infinity for players without a standalone plan. `floored`: all floors can be kept. The coalitions
    known are `rows`, shape (m, k), 0 and 1, with their values over the ground `right`, shape (m,).
    """

    asked: CachedGame
    part: Part
    unit: float
    gain: float
    low: Floats
    floored: bool
    rows: Floats
    right: Floats

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

    def add(self, members: Bools, value: float) -> bool:
        """Add a coalition; return whether it is new."""
        row = members[self.part.members].astype(np.float64)
        new = not (self.rows == row).all(axis=1).any()
        if new:
            self.rows = np.vstack([self.rows, row])
            self.right = np.append(self.right, (value - float(row @ self.part.ground)) / self.unit)
        return new


def frame_of(asked: CachedGame, part: Part, tolerance: float) -> ScaledPart:
    """Return a part in normalised units, with all known coalitions.

    The unit is the gain, or the tolerance (money a year) where there is less. Where together they earn less than alone,
    nobody has a floor; less by the tolerance, all floors give way.
    """
    unit, floored, count = max(abs(part.gain), tolerance), not part.losing, len(part.members)
    gain = part.gain / unit
    give = min(0.0, gain) / count if part.floored.all() else 0.0
    known = [
        (members[part.members].astype(np.float64), worth.value)
        for members, worth in asked.inside(part.inside)
        if np.isfinite(worth.value) and not (floored and members.sum() == 1)
    ]
    return ScaledPart(
        asked=asked,
        part=part,
        unit=unit,
        gain=gain,
        low=np.where(part.floored & floored, give, -np.inf),
        floored=floored,
        rows=np.array([row for row, _ in known]).reshape(-1, count),
        right=np.array([(value - float(row @ part.ground)) / unit for row, value in known]),
    )


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
    asked, part, count = frame.asked, frame.part, len(frame.low)
    visited: list[tuple[float, Floats]] = []
    least = 0.0
    for _ in range(rounds):
        if len(frame.rows):  # the least max(0, right - rows @ y) over shares y; the last variable is the excess
            answer = minimise(
                np.append(np.zeros(count), 1.0),
                np.append(frame.low, 0.0),
                np.column_stack([frame.rows, np.ones(len(frame.rows))]),
                frame.right,
                np.append(np.ones(count), 0.0).reshape(1, -1),
                np.array([frame.gain]),
            )
            if answer is None:
                raise ArithmeticError(
                    "the linear program of the least excess has no solution, though it always has one"
                )
            least = max(least, answer.cost)
        payoff = frame.payoff(nearest(target, frame.low, frame.gain, frame.rows, frame.right - least))
        found = asked.worst(payoff, part.inside)
        if found.excess <= least * frame.unit + tolerance:
            return payoff, least * frame.unit, True
        visited.append((min(found.bound, by_duals(asked, part, payoff)), payoff))
        if not frame.add(found.members, found.value):
            break  # the solvers disagree within their tolerances: nothing new to learn
    if asked.start is not None or not visited:
        shares = target if asked.start is None else frame.shares(asked.start)
        payoff = frame.payoff(nearest(shares, frame.low, frame.gain, frame.rows, frame.right - least))
        visited.append((by_duals(asked, part, payoff), payoff))
    return min(visited, key=lambda seen: seen[0])[1], least * frame.unit, False


def by_duals(asked: CachedGame, part: Part, payoff: Floats) -> float:
    """Return a proven bound on the excess of every coalition of a part, from the game's dual payoffs alone.

    The duals pay every coalition S at least v(S), so ``v(S) - x(S)`` is at most what S gets less than by them, and that
    is greatest for those who get less. Money a year, for payoffs x of all players; infinity where the game has no
    duals.
    """
    if asked.start is None:
        return np.inf
    missing = (asked.start - payoff)[part.members]
    short = np.maximum(missing, 0.0)
    everyone = bool((missing > 0).all())
    return float(short.sum() - (missing.min() if everyone else 0.0))
