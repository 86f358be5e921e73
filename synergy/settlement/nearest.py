"""The nearest point of a polyhedron: least squares under linear inequalities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synergy.settlement.game import Bools, Floats

ACTIVE = 1e-11  # multipliers above it, relative to the largest, belong to rows that bind
SLACK = 1e-9  # rows may be short by it, in the unit of the point


@dataclass(frozen=True, slots=True)
class Region:
    """Points y with ``rows @ y >= right`` and ``sum(y) == total``.

    Parameters
    ----------
    rows : numpy.ndarray of float, shape (m, k)
        Coefficients.
    right : numpy.ndarray of float, shape (m,)
        Right-hand sides, of the size of 1.
    total : float
        What the point sums to.
    """

    rows: Floats
    right: Floats
    total: float

    def short(self, point: Floats) -> float:
        """Return by how much the worst row is missed, at most 0 for none."""
        return float(np.max(self.right - self.rows @ point, initial=-np.inf))


def nearest(target: Floats, region: Region) -> Floats:
    """Return the point of a region nearest to a target, unique.

    Least distance programming: the nearest point solves a least-squares problem with multipliers of zero or more, one
    for each row; the rows with positive multipliers hold as equations, which gives the point to machine precision.

    Parameters
    ----------
    target : numpy.ndarray of float, shape (k,)
        Where to be near.
    region : Region
        Where to stay; it must not be empty.

    Returns
    -------
    numpy.ndarray of float, shape (k,)
        The nearest point.

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
