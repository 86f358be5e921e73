"""Split what groups exchange among their members, so that every outlet gives and every inlet takes its own amount.

Members of a group are interchangeable, so any split is as good as any other; this one lays members and exchanges of
each group side by side along one axis (the north-west corner rule of the transportation problem) and needs the fewest
pieces.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synergy.network.places import Floats, Ints

SMALL = 1e-9  # parts of a group's total that are noise


@dataclass(frozen=True, slots=True)
class Pieces:
    """Pieces of exchanges, each with one member.

    Parameters
    ----------
    exchange, member : numpy.ndarray of int64, shape (n,)
        Which exchange, which member.
    amount : numpy.ndarray
        In the unit in which both sides were laid out.
    """

    exchange: Ints
    member: Ints
    amount: Floats


def split(exchange_key: Ints, exchange: Floats, member_key: Ints, member: Floats) -> Pieces:
    """Return the pieces into which members cut the exchanges of their groups.

    Parameters
    ----------
    exchange_key, member_key : numpy.ndarray of int64
        Group (and period) of each exchange and each member.
    exchange, member : numpy.ndarray
        Amounts; those of one key sum to the same but for noise, and members are stretched to the exchanges' sum.

    Returns
    -------
    Pieces
        In the order of keys, exchanges and members.
    """
    left, right = np.flatnonzero(exchange > 0), np.flatnonzero(member > 0)
    keys = np.intersect1d(exchange_key[left], member_key[right])
    left = left[np.isin(exchange_key[left], keys)]
    right = right[np.isin(member_key[right], keys)]
    if not len(keys):
        return Pieces(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    left = left[np.argsort(exchange_key[left], kind="stable")]
    right = right[np.argsort(member_key[right], kind="stable")]
    at_left, at_right = np.searchsorted(keys, exchange_key[left]), np.searchsorted(keys, member_key[right])
    total = np.bincount(at_left, weights=exchange[left], minlength=len(keys))
    given = np.bincount(at_right, weights=member[right], minlength=len(keys))
    # one unit of the axis for each key: parts of the total, so that keys of all sizes are cut equally well
    cut_left = at_left + _ends(at_left, exchange[left] / total[at_left])
    cut_right = at_right + _ends(at_right, member[right] / given[at_right])
    cuts = np.unique(np.concatenate([cut_left, cut_right]))
    start = np.concatenate([[0.0], cuts[:-1]])
    length, middle = cuts - start, (cuts + start) / 2
    real = length > SMALL
    one, other = np.searchsorted(cut_left, middle[real]), np.searchsorted(cut_right, middle[real])
    share = length[real]
    # an exchange, or a member, that is small beside its group is no noise: it has a piece of its own
    lost_left, lost_right = np.setdiff1d(np.arange(len(left)), one), np.setdiff1d(np.arange(len(right)), other)
    one = np.concatenate([one, lost_left, _beside(cut_left, at_left, (cut_right, at_right), lost_right)])
    other = np.concatenate([other, _beside(cut_right, at_right, (cut_left, at_left), lost_left), lost_right])
    parts = exchange[left] / total[at_left], member[right] / given[at_right]
    share = np.concatenate([share, parts[0][lost_left], parts[1][lost_right]])
    order = np.lexsort((other, one))
    one, other, share = one[order], other[order], share[order]
    # what was dropped as noise goes back to the pieces of the same exchange
    whole = np.bincount(one, weights=share, minlength=len(left))
    amount = exchange[left][one] * share / whole[one]
    return Pieces(left[one], right[other], amount)


def _beside(cut: Floats, at: Ints, own: tuple[Floats, Ints], lost: Ints) -> Ints:
    """Return the piece of the same key in which each lost one of the other side ends."""
    ends, key = own[0][lost], own[1][lost]
    first, last = np.searchsorted(at, key), np.searchsorted(at, key, side="right") - 1
    return np.clip(np.searchsorted(cut, ends), first, last)


def _ends(key: Ints, part: Floats) -> Floats:
    """Return the running sum of parts within each key, the last of each exactly 1."""
    running = np.cumsum(part)
    first = np.flatnonzero(np.diff(key, prepend=-1))
    before = np.concatenate([[0.0], running[first[1:] - 1]]) if len(first) else np.empty(0)
    within = running - np.repeat(before, np.diff(np.append(first, len(key))))
    last = np.append(first[1:] - 1, len(key) - 1)
    within[last] = 1.0
    ends: Floats = np.minimum(within, 1.0)
    return ends
