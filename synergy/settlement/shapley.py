"""Shapley value: average marginal contribution over all orders in which enterprises may join."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from synergy.settlement.certificate import all_values, subsets
from synergy.settlement.division import Base, Division, RuleNote, RuleOptions
from synergy.settlement.game import Bools, CachedGame, Floats, RuleUndefined
from synergy.settlement.parts import Part, tolerance_of


def shapley(asked: CachedGame, parts: tuple[Part, ...], options: RuleOptions) -> Division:
    """Return the Shapley value: exact in parts of at most `RuleOptions.exact` players, else from sampled orders.

    Where sampled with the half width of the 95 % confidence interval, and the notes ``sampled`` and, where values are
    of known plans and not proven the best, ``values_open``: the interval is of the sampling alone.

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
        sample = _sampled(asked, part, options, np.random.default_rng([options.seed, at]))
        payoff[part.members], half[part.members] = sample.mean, sample.half
        notes += _told(asked, part, sample)
    return Division(payoff, tuple(notes), half if notes else None)


def _told(asked: CachedGame, part: Part, sample: _Sample) -> list[RuleNote]:
    """Return the notes on a sample."""
    names = tuple(asked.players[member] for member in part.members.tolist())
    notes = [RuleNote("sampled", float(sample.pairs), names)]
    if sample.open > tolerance_of(asked, RuleOptions()):
        notes.append(RuleNote("values_open", sample.open, names))
    if sample.ended is not None:
        notes.append(RuleNote(f"stopped_by_{sample.ended}", float(len(asked.known)), names))
    return notes


def _exact(asked: CachedGame, part: Part) -> Floats:
    """Return the value of a part's players from all its coalitions, shape (k,)."""
    values = all_values(asked, part)
    count = len(part.members)
    inside = subsets(count)
    _all_planned(asked, part, inside, values)
    size = inside.sum(axis=1)
    weight = np.array([1.0 / (count * math.comb(count - 1, before)) for before in range(count)])
    numbers = np.arange(len(values))
    found = np.zeros(count)
    for player in range(count):
        without = numbers[~inside[:, player]]
        added = values[without | 1 << player] - values[without]
        found[player] = math.fsum((weight[size[without]] * added).tolist())
    return found


@dataclass(frozen=True, slots=True)
class _Sample:
    """Estimates from sampled pairs of orders: means and half widths, shapes (k,), pairs, end reason, mean value gap."""

    mean: Floats
    half: Floats
    pairs: int
    ended: str | None
    open: float


def _sampled(asked: CachedGame, part: Part, options: RuleOptions, random: np.random.Generator) -> _Sample:
    """Estimate from pairs of an order and its reverse, until precise, at the sample limit, or stopped."""
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
    finite = gaps[np.isfinite(gaps)]
    return _Sample(paired.mean(axis=0), _half(paired), len(paired), ended, float(finite.mean()) if len(finite) else 0.0)


def _pairs(asked: CachedGame, part: Part, size: int, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Return marginal contributions averaged over an order and its reverse, shape (size, k), and the value gaps."""
    count = len(part.members)
    forward = np.array([random.permutation(count) for _ in range(size)])
    orders = np.stack([forward, forward[:, ::-1]], axis=1).reshape(-1, count)
    rank = np.argsort(orders, axis=1)
    inside = rank[:, None, :] <= np.arange(count - 1)[None, :, None]  # order, step, player
    many = np.zeros((inside.shape[0] * (count - 1), len(asked.players)), np.bool_)
    many[:, part.members] = inside.reshape(-1, count)
    worths = asked.values(list(many))
    values = np.array([worth.value for worth in worths])
    _all_planned(asked, part, inside.reshape(-1, count), values)
    steps = values.reshape(-1, count - 1)
    ends = np.zeros(len(steps)), np.full(len(steps), part.total)
    added = np.diff(np.column_stack([ends[0], steps, ends[1]]), axis=1)
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
        who = part.members[inside[missing[0]]]
        names = tuple(asked.players[at] for at in who.tolist())
        raise RuleUndefined("shapley", "coalition_without_plan", coalition=names)


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
    start = asked.start
    if start is None:
        raise RuleUndefined("owen", "no_duals")
    payoff = start.astype(np.float64).copy()
    for part in parts:
        left = part.total - float(payoff[part.members].sum())
        if abs(left) > tolerance_of(asked, options):
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
            who = (asked.players[int(part.members[~part.floored][0])],)
            raise RuleUndefined("proportional", "coalition_without_plan", coalition=who)
        payoff[part.members] = part.ground + part.gain * proportions(asked, part, options)
    return Division(payoff)


def proportions(asked: CachedGame, part: Part, options: RuleOptions) -> Floats:
    """Return each player's fraction of the base in a part, shape (k,), summing to 1.

    Raises
    ------
    RuleUndefined
        As `proportional`.
    """
    base = options.base
    if base is None or not _usable(base, len(asked.players)):
        raise RuleUndefined("proportional", "bad_base", base="" if base is None else base.name)
    amounts = base.amounts[part.members]
    if amounts.sum() > 0:
        shares: Floats = amounts / amounts.sum()
        return shares
    if part.gain > tolerance_of(asked, options):
        names = tuple(asked.players[at] for at in part.members.tolist())
        raise RuleUndefined("proportional", "no_base", base=base.name, coalition=names)
    return np.full(len(amounts), 1.0 / len(amounts))


def _usable(base: Base, players: int) -> bool:
    """Return whether a base has one finite number of zero or more for each player."""
    return base.amounts.shape == (players,) and bool((np.isfinite(base.amounts) & (base.amounts >= 0)).all())
