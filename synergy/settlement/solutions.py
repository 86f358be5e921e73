"""Solution concepts: core, nucleolus, Shapley value, Owen payoffs, proportional gains, midpoint of an assignment."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
from scipy.sparse import coo_array

from synergy.settlement.division import (
    Division,
    Part,
    RuleNote,
    RuleOptions,
    Towards,
    all_values,
    subsets,
)
from synergy.settlement.game import Assignment, Bools, CachedGame, Floats, Ints, RuleUndefined
from synergy.settlement.least_core import ScaledPart, frame_of, minimise, stabilise

POSITIVE = 1e-8  # a multiplier above it holds its coalition fast
SPANNED = 1e-9  # what is left of a coalition's row outside the span of those fixed
PAIRS = 800  # of enterprises that are valued to see whether they make up an assignment game


def core(asked: CachedGame, parts: tuple[Part, ...], options: RuleOptions) -> Division:
    """Return the payoffs in the core nearest to `RuleOptions.towards`; in the least core where it is empty.

    Notes of the division: ``core_empty`` with the least excess, ``rounds_used_up``, ``gain_negative``. Core: Gillies,
    D. B. (1959), Solutions to general non-zero-sum games, Contributions to the Theory of Games IV, 47-85.
    """
    payoff = np.zeros(len(asked.players))
    notes = []
    tolerance = options.tolerance * asked.scale
    for part in parts:
        if len(part.members) <= options.listed:
            all_values(asked, part)
        frame = frame_of(asked, part, tolerance)
        found, least, settled = stabilise(frame, _target(frame, options), tolerance, options.rounds)
        payoff += found
        names = tuple(asked.names[part.members])
        if least > tolerance:
            notes.append(RuleNote("core_empty", least, names))
        if not settled:
            notes.append(RuleNote("rounds_used_up", float(options.rounds), names))
        if not frame.floored:
            notes.append(RuleNote("gain_negative", part.gain, names))
    return Division(payoff, tuple(notes))


def _target(frame: ScaledPart, options: RuleOptions) -> Floats:
    """Return the target shares, in units, shape (k,)."""
    asked, part, towards = frame.asked, frame.part, options.towards
    if towards is None:
        towards = Towards.EQUAL if len(part.members) <= options.exact else Towards.DUALS
    if towards is Towards.DUALS and asked.start is not None:
        return frame.shares(asked.start)
    if towards is Towards.BASE:
        return _proportions(asked, part, options) * frame.gain
    # who has no plan alone has no value to count a gain from: v(N) less what the others are worth without it is the
    # most that they can grant
    brought = np.zeros(len(part.members))
    for at in np.flatnonzero(~part.floored).tolist():
        others = part.inside.copy()
        others[part.members[at]] = False
        value = asked.values([others])[0].value
        brought[at] = (part.total - value) / frame.unit if np.isfinite(value) else 0.0
    target: Floats = brought + (frame.gain - brought.sum()) / len(brought)
    return target


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
        frame = frame_of(asked, part, options.tolerance * asked.scale)
        rows = subsets(len(part.members)).astype(np.float64)
        values = (all_values(asked, part) - rows @ part.ground) / frame.unit
        real = np.isfinite(values)
        real[[0, -1]] = False
        payoff += frame.payoff(_lexicographic(rows[real], values[real], frame.gain, frame.low))
    return Division(payoff)


def _lexicographic(rows: Floats, values: Floats, gain: float, low: Floats) -> Floats:
    """Return the shares of a gain, above `low`, with the lexicographically least excesses, shape (k,).

    `rows` are coalitions, shape (m, k), 0 and 1.
    """
    count = len(low)
    fixed, level = np.ones((1, count)), np.array([gain])
    while np.linalg.matrix_rank(fixed) < count:
        loose = _outside(fixed, rows)
        answer = minimise(  # the last variable is the excess
            np.append(np.zeros(count), 1.0),
            np.append(low, -np.inf),
            np.column_stack([rows[loose], np.ones(len(loose))]),
            values[loose],
            np.column_stack([fixed, np.zeros(len(fixed))]),
            level,
        )
        if answer is None:
            raise RuleUndefined("nucleolus", "unbounded")
        tight = loose[answer.multipliers > POSITIVE]
        still = np.flatnonzero(answer.held[:count] > POSITIVE)
        new = np.vstack([rows[tight], np.eye(count)[still]])
        levels = np.concatenate([values[tight] - float(answer.point[-1]), low[still]])
        fresh = _outside(fixed, new)
        if not len(fresh):
            return answer.point[:count]
        fixed, level = np.vstack([fixed, new[fresh]]), np.concatenate([level, levels[fresh]])
    shares: Floats = np.linalg.lstsq(fixed, level, rcond=None)[0]
    return shares


def _outside(fixed: Floats, rows: Floats) -> Ints:
    """Return which rows are no combination of the fixed ones."""
    span = np.linalg.svd(fixed, full_matrices=False)
    basis = span.Vh[SPANNED * span.S[0] < span.S]
    left = rows - (rows @ basis.T) @ basis
    return np.flatnonzero(np.linalg.norm(left, axis=1) > SPANNED * np.sqrt(rows.shape[1]))


def shapley(asked: CachedGame, parts: tuple[Part, ...], options: RuleOptions) -> Division:
    """Return the Shapley value: the average marginal contribution over all orders in which enterprises may join.

    Exact in parts of at most `RuleOptions.exact` players, else from sampled orders: with the half width of the 95 %
    confidence interval, and the notes ``sampled`` and, where values are of known plans and not proven the best,
    ``values_open``: the interval is of the sampling alone.

    Raises
    ------
    RuleUndefined
        Where a coalition that is looked at has no plan.

    References
    ----------
    Shapley, L. S. (1953), A value for n-person games, Contributions to the Theory of Games II, 307-317. Castro, J.,
    Gomez, D., Tejada, J. (2009), Polynomial calculation of the Shapley value based on sampling, Computers & Operations
    Research 36, 1726-1730, doi:10.1016/j.cor.2008.04.004. Mitchell, R., Cooper, J., Frank, E., Holmes, G. (2022),
    Sampling permutations for Shapley value estimation, Journal of Machine Learning Research 23, 1-46 (antithetic).
    """
    payoff, half = np.zeros(len(asked.players)), np.zeros(len(asked.players))
    notes = []
    for at, part in enumerate(parts):
        if len(part.members) <= options.exact:
            payoff[part.members] = _exact(asked, part)
            continue
        paired, gaps, ended = _sampled(asked, part, options, np.random.default_rng([options.seed, at]))
        payoff[part.members], half[part.members] = paired.mean(axis=0), _half(paired)
        names, known = tuple(asked.names[part.members]), gaps[np.isfinite(gaps)]
        notes.append(RuleNote("sampled", float(len(paired)), names))
        if len(known) and known.mean() > RuleOptions().tolerance * asked.scale:
            notes.append(RuleNote("values_open", float(known.mean()), names))
        if ended is not None:
            notes.append(RuleNote(f"stopped_by_{ended}", float(len(asked.known)), names))
    return Division(payoff, tuple(notes), half if notes else None)


def _exact(asked: CachedGame, part: Part) -> Floats:
    """Return the Shapley value of a part's players from all its coalitions, shape (k,)."""
    values = all_values(asked, part)
    count = len(part.members)
    inside = subsets(count)
    _all_planned(asked, part, inside, values)
    size = inside.sum(axis=1)
    weight = np.array([1.0 / (count * math.comb(count - 1, before)) for before in range(count)])
    found = np.zeros(count)
    for player in range(count):
        without = np.flatnonzero(~inside[:, player])
        added = values[without | 1 << player] - values[without]
        found[player] = math.fsum((weight[size[without]] * added).tolist())
    return found


def _sampled(
    asked: CachedGame, part: Part, options: RuleOptions, random: np.random.Generator
) -> tuple[Floats, Floats, str | None]:
    """Sample pairs of an order and its reverse, until precise, at the sample limit, or stopped.

    Returns marginal contributions averaged over each pair, shape (pairs, k), gaps of the values, and the end reason.
    """
    count, ended = len(part.members), None
    paired, gaps = np.empty((0, count)), np.empty(0)
    while len(paired) < options.samples:
        ended = options.ended() if options.ended is not None and len(paired) > 1 else None
        if ended is not None:
            break
        size = min(max(options.batch, 2), options.samples - len(paired))
        added, gap = _pairs(asked, part, size, random)
        paired, gaps = np.vstack([paired, added]), np.append(gaps, gap)
        if len(paired) > 1 and _half(paired).mean() <= options.precise * max(abs(part.gain), 1e-12):
            break
    return paired, gaps, ended


def _pairs(asked: CachedGame, part: Part, size: int, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Return marginal contributions averaged over an order and its reverse, shape (size, k), and the value gaps."""
    count = len(part.members)
    forward = np.array([random.permutation(count) for _ in range(size)])
    orders = np.stack([forward, forward[:, ::-1]], axis=1).reshape(-1, count)
    rank = np.argsort(orders, axis=1)
    inside = (rank[:, None, :] <= np.arange(count - 1)[None, :, None]).reshape(-1, count)  # by order and step
    many = np.zeros((len(inside), len(asked.players)), np.bool_)
    many[:, part.members] = inside
    worths = asked.values(list(many))
    values = np.array([worth.value for worth in worths])
    _all_planned(asked, part, inside, values)
    added = np.diff(values.reshape(-1, count - 1), axis=1, prepend=0.0, append=part.total)
    paired = np.take_along_axis(added, rank, axis=1).reshape(size, 2, count).mean(axis=1)
    return paired, np.array([worth.bound - worth.value for worth in worths])


def _half(paired: Floats) -> Floats:
    """Return half the width of the 95 % confidence interval of the means of few pairs (Student's t), shape (k,)."""
    pairs = len(paired)
    if pairs < 2:
        return np.full(paired.shape[1], np.inf)
    from scipy.special import stdtrit  # half a second of loading that most commands do without

    half: Floats = stdtrit(pairs - 1, 0.975) * paired.std(axis=0, ddof=1) / np.sqrt(pairs)
    return half


def _all_planned(asked: CachedGame, part: Part, inside: Bools, values: Floats) -> None:
    """Refuse a coalition without a plan."""
    missing = np.flatnonzero(~np.isfinite(values))
    if len(missing):
        who = tuple(asked.names[part.members[inside[missing[0]]]])
        raise RuleUndefined("shapley", "coalition_without_plan", coalition=who)


def owen(asked: CachedGame, parts: tuple[Part, ...], options: RuleOptions) -> Division:
    """Return the Owen payoffs from the duals, the game's `start`; they are in the core by weak duality.

    The duals pay each part its total, but for rounding, which is spread.

    Raises
    ------
    RuleUndefined
        Without duals, or where they pay more than there is: no linear program then.

    References
    ----------
    Owen, G. (1975), On the core of linear production games, Mathematical Programming 9, 358-370,
    doi:10.1007/BF01681356.
    """
    if asked.start is None:
        raise RuleUndefined("owen", "no_duals")
    payoff = asked.start.astype(np.float64).copy()
    for part in parts:
        left = part.total - float(payoff[part.members].sum())
        if abs(left) > options.tolerance * asked.scale:
            raise RuleUndefined("owen", "relaxation_gap", gap=-left)
        over = np.maximum(payoff[part.members] - part.ground, 0.0)
        weights = over / over.sum() if over.sum() > 0 else np.full(len(over), 1.0 / len(over))
        payoff[part.members] += left * weights
    return Division(payoff)


def proportional(asked: CachedGame, parts: tuple[Part, ...], options: RuleOptions) -> Division:
    """Return standalone values plus the gain of each part, shared in it in proportion to the base.

    It is individually rational, since gains and bases are zero or more, but not always stable; see the certificate.

    Raises
    ------
    RuleUndefined
        Somebody without a plan alone, no base, a base that is not zero or more, or one that is zero for all who have a
        gain to share.
    """
    payoff = np.zeros(len(asked.players))
    for part in parts:
        if not part.floored.all():
            who = tuple(asked.names[part.members[~part.floored][:1]])
            raise RuleUndefined("proportional", "coalition_without_plan", coalition=who)
        payoff[part.members] = part.ground + part.gain * _proportions(asked, part, options)
    return Division(payoff)


def _proportions(asked: CachedGame, part: Part, options: RuleOptions) -> Floats:
    """Return each player's fraction of the base in a part, shape (k,), summing to 1; see `proportional`."""
    base = options.base
    usable = base is not None and base.amounts.shape == (len(asked.players),)
    if base is None or not usable or not (np.isfinite(base.amounts) & (base.amounts >= 0)).all():
        raise RuleUndefined("proportional", "bad_base", base="" if base is None else base.name)
    amounts = base.amounts[part.members]
    if amounts.sum() > 0:
        shares: Floats = amounts / amounts.sum()
        return shares
    if part.gain > options.tolerance * asked.scale:
        raise RuleUndefined("proportional", "no_base", base=base.name, coalition=tuple(asked.names[part.members]))
    return np.full(len(amounts), 1.0 / len(amounts))


def midpoint(asked: CachedGame, parts: tuple[Part, ...], options: RuleOptions) -> Division:
    """Return the mean of the seller-optimal and the buyer-optimal core payoffs of an assignment game.

    The parts form the game together.

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
    structure = asked.assignment or _assignment_of(asked, parts, options)
    if structure is None:
        raise RuleUndefined("midpoint", "no_assignment")
    seller_best, buyer_best = extremes(structure)
    gain = sum(part.gain for part in parts)
    assigned = float(seller_best[0].sum() + seller_best[1].sum())
    if abs(assigned - gain) > options.tolerance * asked.scale:
        raise RuleUndefined("midpoint", "not_assignment", assigned=assigned, gain=gain)
    payoff = np.zeros(len(asked.players))
    for part in parts:
        payoff[part.members] = part.ground
    payoff[structure.sellers] += (seller_best[0] + buyer_best[0]) / 2
    payoff[structure.buyers] += (seller_best[1] + buyer_best[1]) / 2
    return Division(payoff)


def _assignment_of(asked: CachedGame, parts: tuple[Part, ...], options: RuleOptions) -> Assignment | None:
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
    worths = asked.values([np.isin(np.arange(count), pair) for pair in pairs])
    gains = [float(worth.value - alone[list(pair)].sum()) for pair, worth in zip(pairs, worths, strict=True)]
    import networkx as nx  # takes long to load, and every other rule does without

    trading: nx.Graph[int] = nx.Graph()
    trading.add_nodes_from(range(count))
    least = options.tolerance * asked.scale
    trading.add_weighted_edges_from((*pair, gain) for pair, gain in zip(pairs, gains, strict=True) if gain > least)
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
    least = _gains(np.ones(count), rows, np.append(worth / unit, 0.0)).sum()
    last = coo_array((-np.ones(count), (np.full(count, len(seller)), np.arange(count))), shape)
    side = np.append(np.ones(sellers), np.zeros(buyers))
    most, fewest = (_gains(sign * side, rows + last, np.append(worth / unit, -least)) * unit for sign in (-1.0, 1.0))
    return (most[:sellers], most[sellers:]), (fewest[:sellers], fewest[sellers:])


def _gains(cost: Floats, rows: object, right: Floats) -> Floats:
    """Return the nonnegative gains of least cost that pay every pair."""
    answer = minimise(cost, np.zeros(len(cost)), rows, right)
    if answer is None:
        raise ArithmeticError("the linear program of an assignment has no solution, though it always has one")
    return answer.point
