"""The Shapley value: what each adds on average over all orders in which enterprises may join."""

from __future__ import annotations

import math

import numpy as np

from synergy.settlement.asked import Asked
from synergy.settlement.coalitions import all_values, subsets
from synergy.settlement.division import Division, Note, named
from synergy.settlement.game import Bools, Floats
from synergy.settlement.options import Options
from synergy.settlement.parts import Part
from synergy.settlement.undefined import RuleUndefined

NORMAL = 1.959963984540054  # 97.5 % point of the normal distribution


def shapley(asked: Asked, parts: tuple[Part, ...], options: Options) -> Division:
    """Return the Shapley value: exact in parts of at most `Options.exact` players, else from sampled orders.

    Parameters
    ----------
    asked : Asked
        The game.
    parts : tuple of Part
        What is settled apart.
    options : Options
        exact, samples, seed.

    Returns
    -------
    Division
        Where sampled with the half width of the 95 % confidence interval, and the note ``sampled``.

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
        random = np.random.default_rng([options.seed, at])
        payoff[part.members], half[part.members] = _sampled(asked, part, options.samples, random)
        names = tuple(asked.players[member] for member in part.members.tolist())
        notes.append(Note("sampled", float(options.samples), names))
    return Division(payoff, tuple(notes), half if notes else None)


def _exact(asked: Asked, part: Part) -> Floats:
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


def _sampled(asked: Asked, part: Part, samples: int, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Return means and half widths from pairs of an order and its reverse, shapes (k,)."""
    count = len(part.members)
    forward = np.array([random.permutation(count) for _ in range(samples)])
    orders = np.stack([forward, forward[:, ::-1]], axis=1).reshape(-1, count)
    rank = np.argsort(orders, axis=1)
    inside = rank[:, None, :] <= np.arange(count - 1)[None, :, None]  # order, step, player
    many = np.zeros((inside.shape[0] * (count - 1), len(asked.players)), np.bool_)
    many[:, part.members] = inside.reshape(-1, count)
    values = np.array([worth.value for worth in asked.values(list(many))])
    _all_planned(asked, part, inside.reshape(-1, count), values)
    steps = values.reshape(-1, count - 1)
    ends = np.zeros(len(steps)), np.full(len(steps), part.total)
    added = np.diff(np.column_stack([ends[0], steps, ends[1]]), axis=1)
    paired = np.take_along_axis(added, rank, axis=1).reshape(samples, 2, count).mean(axis=1)
    spread = paired.std(axis=0, ddof=1) if samples > 1 else np.full(count, np.inf)
    return paired.mean(axis=0), NORMAL * spread / np.sqrt(samples)


def _all_planned(asked: Asked, part: Part, inside: Bools, values: Floats) -> None:
    """Refuse where a coalition has no plan."""
    missing = np.flatnonzero(~np.isfinite(values))
    if len(missing):
        who = part.members[inside[missing[0]]]
        names = named(tuple(asked.players[at] for at in who.tolist()), "en")
        raise RuleUndefined("shapley", "coalition_without_plan", coalition=names)
