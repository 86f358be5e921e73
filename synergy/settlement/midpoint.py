"""Midpoint rule: mean of the seller-optimal and the buyer-optimal core payoffs of an assignment game."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.sparse import coo_array

from synergy.settlement.division import Division, RuleOptions
from synergy.settlement.game import Assignment, Bools, CachedGame, Floats, RuleUndefined
from synergy.settlement.linear import Program, minimise
from synergy.settlement.parts import Part, coalition, tolerance_of

PAIRS = 800  # of enterprises that are valued to see whether they make up an assignment game
ACTIVE = 1e-11  # multipliers above it, relative to the largest, belong to rows that bind
SLACK = 1e-9  # rows may be short by it, in the unit of the point


def midpoint(asked: CachedGame, parts: tuple[Part, ...], options: RuleOptions) -> Division:
    """Return the midpoint of the two extreme points of the core of an assignment game, which the parts form together.

    Raises
    ------
    RuleUndefined
        Where the pairs do not fall into two sides that trade with each other alone, or where the best assignment of
        pairs is not worth the gain.

    References
    ----------
    Shapley, L. S., Shubik, M. (1971), The assignment game I: the core, International Journal of Game Theory 1,
    111-130, doi:10.1007/BF01753437. Thompson, G. L. (1981), Auctions and market games, Essays in Game Theory and
    Mathematical Economics in Honor of Oskar Morgenstern, 181-196 (fair division point).
    """
    structure = asked.assignment or assignment_of(asked, parts, options)
    if structure is None:
        raise RuleUndefined("midpoint", "no_assignment")
    seller_best, buyer_best = extremes(structure)
    gain = sum(part.gain for part in parts)
    assigned = float(seller_best[0].sum() + seller_best[1].sum())
    if abs(assigned - gain) > tolerance_of(asked, options):
        raise RuleUndefined("midpoint", "not_assignment", assigned=assigned, gain=gain)
    payoff = np.zeros(len(asked.players))
    for part in parts:
        payoff[part.members] = part.ground
    payoff[structure.sellers] += (seller_best[0] + buyer_best[0]) / 2
    payoff[structure.buyers] += (seller_best[1] + buyer_best[1]) / 2
    return Division(payoff)


def assignment_of(asked: CachedGame, parts: tuple[Part, ...], options: RuleOptions) -> Assignment | None:
    """Return the assignment game that the pairs of a game form; None where they do not form two sides.

    All pairs in one part are valued; every player must have a standalone plan. That the game is worth no more than its
    pairs is for the caller to see.
    """
    pairs = [pair for part in parts for pair in combinations(part.members.tolist(), 2)]
    if len(pairs) > PAIRS or not all(part.floored.all() for part in parts):
        return None
    count = len(asked.players)
    alone = np.zeros(count)
    for part in parts:
        alone[part.members] = part.floor
    worths = asked.values([coalition(np.array(pair), count) for pair in pairs])
    gains = np.array([worth.value - alone[list(pair)].sum() for pair, worth in zip(pairs, worths, strict=True)])
    import networkx as nx  # takes long to load, and every other rule does without

    trading: nx.Graph[int] = nx.Graph()
    trading.add_nodes_from(range(count))
    least = tolerance_of(asked, options)
    trading.add_weighted_edges_from(
        (*pair, gain) for pair, gain in zip(pairs, gains.tolist(), strict=True) if gain > least
    )
    if not nx.is_bipartite(trading):
        return None
    side = nx.bipartite.color(trading)
    sellers = np.array([at for at in range(count) if side[at]], dtype=np.int64)
    buyers = np.array([at for at in range(count) if not side[at]], dtype=np.int64)
    return Assignment(sellers, buyers, nx.to_numpy_array(trading)[np.ix_(sellers, buyers)])


def extremes(structure: Assignment) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """Return the seller-optimal and the buyer-optimal points of the core of an assignment game.

    The core is a lattice: all sellers get most at the same point, where all buyers get least, and the other way round.
    So the greatest sum of the sellers' gains is reached at that point alone. Each point is the gains of sellers and of
    buyers, shapes (m,) and (n,).
    """
    sellers, buyers = structure.worth.shape
    seller, buyer = np.nonzero(structure.worth > 0)
    pair, ones, count = np.arange(len(seller)), np.ones(len(seller)), sellers + buyers
    worth = structure.worth[seller, buyer]
    unit = float(worth.max(initial=0.0)) or 1.0
    shape = (len(seller) + 1, count)  # one row a pair; the last holds the sum at its least
    rows = coo_array((ones, (pair, seller)), shape) + coo_array((ones, (pair, sellers + buyer)), shape)
    least = _solved(np.ones(count), rows, np.append(worth / unit, 0.0)).sum()
    last = coo_array((-np.ones(count), (np.full(count, len(seller)), np.arange(count))), shape)
    side = np.append(np.ones(sellers), np.zeros(buyers))
    points = [_solved(sign * side, rows + last, np.append(worth / unit, -least)) * unit for sign in (-1.0, 1.0)]
    return (points[0][:sellers], points[0][sellers:]), (points[1][:sellers], points[1][sellers:])


def _solved(cost: Floats, rows: object, right: Floats) -> Floats:
    """Return the nonnegative gains of least cost that pay every pair."""
    answer = minimise(Program(cost, np.zeros(len(cost)), rows, right))
    if answer is None:
        raise ArithmeticError("the linear program of an assignment has no solution, though it always has one")
    return answer.point


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
    exact = _on_rows(middle, flat, missing, multipliers > ACTIVE * multipliers.max(initial=0.0))
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


def _on_rows(middle: Floats, flat: Floats, missing: Floats, active: Bools) -> Floats:
    """Return the point nearest to `middle` on which the active rows hold as equations."""
    step = np.linalg.lstsq(flat[active], missing[active], rcond=1e-12)[0]
    return np.asarray(middle + step, dtype=np.float64)
