"""Core and least core of one part by constraint generation: add the most violated coalition."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from synergy.settlement.game import CachedGame, Floats, Found
from synergy.settlement.linear import Program, minimise
from synergy.settlement.midpoint import Region, nearest
from synergy.settlement.parts import Part


@dataclass(slots=True)
class ScaledPart:
    """Part in normalised units: gains over the ground, divided by `unit`, and the coalitions known so far.

    `unit` is the money a year that counts as 1; `floored`: all floors can be kept. `rows` are coalitions (shape (k,), 0
    and 1), `right` their values over the ground, and `seen` the same coalitions, to know them again.
    """

    asked: CachedGame
    part: Part
    unit: float
    floored: bool
    rows: list[Floats] = field(default_factory=list)
    right: list[float] = field(default_factory=list)
    seen: set[bytes] = field(default_factory=set)

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
        return self.asked.worst(payoff, self.part.mask(len(self.asked.players)))

    def add(self, found: Found) -> bool:
        """Add a coalition; return whether it is new."""
        inside = found.members[self.part.members]
        if inside.tobytes() in self.seen:
            return False
        self.seen.add(inside.tobytes())
        row = inside.astype(np.float64)
        self.rows.append(row)
        self.right.append((found.value - float(row @ self.part.ground)) / self.unit)
        return True

    def table(self) -> tuple[Floats, Floats]:
        """Return the coalitions known, shapes (m, k) and (m,)."""
        return np.array(self.rows).reshape(-1, len(self.part.members)), np.array(self.right)

    def region(self, excess: float, shares_at_least: Floats | None = None) -> Region:
        """Return the region of shares that pay every known coalition up to an excess, and respect the floors."""
        rows, right = self.table()
        low = self.low
        if shares_at_least is not None:
            low = np.maximum(low, shares_at_least)
        held = np.isfinite(low)
        return Region(np.vstack([np.eye(len(low))[held], rows]), np.concatenate([low[held], right - excess]), self.gain)


def frame_of(asked: CachedGame, part: Part, tolerance: float) -> ScaledPart:
    """Return a part in normalised units, with all known coalitions.

    The unit is the gain, or the tolerance (money a year) where there is less.
    """
    frame = ScaledPart(asked, part, max(abs(part.gain), tolerance), not part.losing(tolerance))
    for members, worth in asked.inside(part.mask(len(asked.players))):
        alone = members.sum() == 1 and frame.floored
        if not alone and np.isfinite(worth.value):
            frame.add(Found(members, 0.0, 0.0, worth.value))
    return frame


def least_excess(frame: ScaledPart) -> float:
    """Return the least excess, zero or more, that the known coalitions leave, in units.

    ``min max(0, right - rows @ y)`` over shares that sum to the gain; zero where the core may be there.
    """
    rows, right = frame.table()
    if not len(rows):
        return 0.0
    count = rows.shape[1]
    answer = minimise(
        Program(
            np.append(np.zeros(count), 1.0),
            np.append(frame.low, 0.0),
            np.column_stack([rows, np.ones(len(rows))]),
            right,
            np.append(np.ones(count), 0.0).reshape(1, -1),
            np.array([frame.gain]),
        )
    )
    if answer is None:
        raise ArithmeticError("the linear program of the least excess has no solution, though it always has one")
    return max(0.0, answer.cost)


@dataclass(frozen=True, slots=True)
class Stable:
    """Payoffs of one part, shape (players,), as stable as they can be; those of other parts are zero.

    Proven by coalitions that have a plan: no payoffs have a greatest excess below `least`, or zero where that is
    negative. Not `settled` where the rounds were used up: then the visited payoffs with the least proven excess.
    """

    payoff: Floats
    least: float
    settled: bool


def stabilise(frame: ScaledPart, target: Floats, tolerance: float, rounds: int) -> Stable:
    """Return the payoffs nearest to a target in the core of a part, or in its least core where the core is empty.

    Each round solves a small linear program for the least excess that the known coalitions leave, goes to the nearest
    shares with this excess, and asks the game which coalition they pay worst (it is added to `frame`), until none is
    paid worse. What nobody can do better alone is kept always (but where together they earn less than alone). `target`,
    shape (k,), are shares over the ground in units, `tolerance` is the excess that counts as none, in money a year, and
    `rounds` how often the game may be asked.

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
        least = max(least, least_excess(frame))
        payoff = frame.payoff(nearest(target, frame.region(least)))
        found = frame.worst(payoff)
        if found.excess <= least * frame.unit + tolerance:
            return Stable(payoff, least * frame.unit, True)
        visited.append((min(found.bound, by_duals(frame, payoff)), payoff))
        if not frame.add(found):
            break  # the solvers disagree within their tolerances: nothing new to learn
    proven = frame.asked.start
    if proven is not None or not visited:
        shares = target if proven is None else frame.shares(proven)
        payoff = frame.payoff(nearest(shares, frame.region(least)))
        visited.append((by_duals(frame, payoff), payoff))
    return Stable(min(visited, key=lambda seen: seen[0])[1], least * frame.unit, False)


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
