"""Nucleolus: minimise the greatest excess, then the next, and so on (lexicographic order)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synergy.settlement.certificate import all_values, subsets
from synergy.settlement.division import Division, RuleNote, RuleOptions, Towards
from synergy.settlement.game import CachedGame, Floats, Ints, RuleUndefined
from synergy.settlement.least_core import ScaledPart, frame_of, stabilise
from synergy.settlement.linear import Optimum, Program, minimise
from synergy.settlement.parts import Part, tolerance_of
from synergy.settlement.shapley import proportions

POSITIVE = 1e-8  # a multiplier above it holds its coalition fast
SPANNED = 1e-9  # what is left of a coalition's row outside the span of those fixed


def nucleolus(asked: CachedGame, parts: tuple[Part, ...], options: RuleOptions) -> Division:
    """Return the nucleolus of the individually rational payoffs, for parts of at most `RuleOptions.exact` players.

    One linear program for each stage, over all coalitions: it makes the greatest excess of those not yet fixed as small
    as possible. Coalitions with a positive multiplier have this excess in every solution and are fixed, with all whose
    row is a combination of fixed ones; each stage fixes at least one dimension.

    Raises
    ------
    RuleUndefined
        Where coalitions without a plan leave the payoffs without bounds.

    References
    ----------
    Schmeidler, D. (1969), The nucleolus of a characteristic function game, SIAM Journal on Applied Mathematics 17,
    1163-1170, doi:10.1137/0117107. Kohlberg, E. (1971), On the nucleolus of a characteristic function game, SIAM
    Journal on Applied Mathematics 20, 62-66, doi:10.1137/0120009. Maschler, M., Peleg, B., Shapley, L. S. (1979),
    Geometric properties of the kernel, nucleolus, and related solution concepts, Mathematics of Operations Research 4,
    303-338, doi:10.1287/moor.4.4.303.
    """
    payoff = np.zeros(len(asked.players))
    for part in parts:
        frame = frame_of(asked, part, tolerance_of(asked, options))
        rows = subsets(len(part.members)).astype(np.float64)
        values = (all_values(asked, part) - rows @ part.ground) / frame.unit
        real = np.isfinite(values)
        real[[0, -1]] = False
        stages = _Stages(rows[real], values[real], frame.gain, frame.low)
        payoff += frame.payoff(stages.solve())
    return Division(payoff)


@dataclass(slots=True)
class _Stages:
    """Coalitions of one part (shape (m, k), 0 and 1), their values, the gain, and lower bounds of the shares."""

    rows: Floats
    values: Floats
    gain: float
    low: Floats

    def solve(self) -> Floats:
        """Return the shares, shape (k,)."""
        count = self.rows.shape[1]
        fixed, level = np.ones((1, count)), np.array([self.gain])
        while np.linalg.matrix_rank(fixed) < count:
            loose = self._outside(fixed, self.rows)
            answer = self._stage(loose, fixed, level)
            excess = float(answer.point[-1])
            tight = loose[answer.multipliers > POSITIVE]
            still = np.flatnonzero(answer.held[:count] > POSITIVE)
            new = np.vstack([self.rows[tight], np.eye(count)[still]])
            levels = np.concatenate([self.values[tight] - excess, self.low[still]])
            fresh = self._outside(fixed, new)
            if not len(fresh):
                return answer.point[:count]
            fixed, level = np.vstack([fixed, new[fresh]]), np.concatenate([level, levels[fresh]])
        shares: Floats = np.linalg.lstsq(fixed, level, rcond=None)[0]
        return shares

    def _stage(self, loose: Ints, fixed: Floats, level: Floats) -> Optimum:
        """Return the solution of one stage's linear program; its last variable is the excess."""
        count = self.rows.shape[1]
        answer = minimise(
            Program(
                np.append(np.zeros(count), 1.0),
                np.append(self.low, -np.inf),
                np.column_stack([self.rows[loose], np.ones(len(loose))]),
                self.values[loose],
                np.column_stack([fixed, np.zeros(len(fixed))]),
                level,
            )
        )
        if answer is None:
            raise RuleUndefined("nucleolus", "unbounded")
        return answer

    def _outside(self, fixed: Floats, rows: Floats) -> Ints:
        """Return which rows are no combination of the fixed ones."""
        span = np.linalg.svd(fixed, full_matrices=False)
        basis = span.Vh[SPANNED * span.S[0] < span.S]
        left = rows - (rows @ basis.T) @ basis
        return np.flatnonzero(np.linalg.norm(left, axis=1) > SPANNED * np.sqrt(rows.shape[1]))


def core(asked: CachedGame, parts: tuple[Part, ...], options: RuleOptions) -> Division:
    """Return the payoffs in the core nearest to `RuleOptions.towards`; in the least core where it is empty.

    Notes of the division: ``core_empty`` with the least excess, ``rounds_used_up``, ``gain_negative``. Core: Gillies,
    D. B. (1959), Solutions to general non-zero-sum games, Contributions to the Theory of Games IV, 47-85.
    """
    payoff = np.zeros(len(asked.players))
    notes = []
    tolerance = tolerance_of(asked, options)
    for part in parts:
        if len(part.members) <= options.listed:
            all_values(asked, part)
        frame = frame_of(asked, part, tolerance)
        stable = stabilise(frame, _target(frame, options), tolerance, options.rounds)
        payoff += stable.payoff
        names = tuple(asked.players[at] for at in part.members.tolist())
        if stable.least > tolerance:
            notes.append(RuleNote("core_empty", stable.least, names))
        if not stable.settled:
            notes.append(RuleNote("rounds_used_up", float(options.rounds), names))
        if not frame.floored:
            notes.append(RuleNote("gain_negative", part.gain, names))
    return Division(payoff, tuple(notes))


def _target(frame: ScaledPart, options: RuleOptions) -> Floats:
    """Return the target shares, in units, shape (k,)."""
    start, towards = frame.asked.start, options.towards
    if towards is None:
        towards = Towards.EQUAL if len(frame.part.members) <= options.exact else Towards.DUALS
    if towards is Towards.DUALS and start is not None:
        return frame.shares(start)
    if towards is Towards.BASE:
        return proportions(frame.asked, frame.part, options) * frame.gain
    standing = _brought(frame)
    target: Floats = standing + (frame.gain - standing.sum()) / len(standing)
    return target


def _brought(frame: ScaledPart) -> Floats:
    """Return the marginal contribution of players without a standalone plan in units, shape (k,); zero for others.

    They have no value of their own to count a gain from; v(N) less what the others are worth without them is the most
    that the others can grant.
    """
    asked, part = frame.asked, frame.part
    brought = np.zeros(len(part.members))
    for at in np.flatnonzero(~part.floored).tolist():
        others = part.mask(len(asked.players))
        others[part.members[at]] = False
        value = asked.value(others).value
        brought[at] = (part.total - value) / frame.unit if np.isfinite(value) else 0.0
    return brought
