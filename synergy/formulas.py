"""Formulas that engine, ledger, graphs and the checks of a dataset share: capital recovery and distance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

EARTH_RADIUS_KM = 6371.0088  # mean radius, IUGG
Floats = NDArray[np.float64]
Degrees = Floats | float


def annuity(rate: float, years: Floats) -> Floats:
    """Return the capital recovery factor for `years` at `rate`, ``r / (1 - (1 + r)^-n)``, and ``1 / n`` at r = 0.

    Examples
    --------
    >>> annuity(0.08, np.array([20.0])).round(6)
    array([0.101852])
    """
    factor: Floats = 1.0 / years if rate == 0 else rate / -np.expm1(-years * np.log1p(rate))
    return factor


def great_circle(start: tuple[Degrees, Degrees], end: tuple[Degrees, Degrees]) -> Floats:
    """Return kilometres between places, each latitude and longitude in degrees; NaN where one is NaN.

    By haversine: R. W. Sinnott, "Virtues of the Haversine", Sky and Telescope 68 (1984) 159.

    Examples
    --------
    >>> great_circle((0.0, 0.0), (0.0, 90.0)).round(1)
    np.float64(10007.6)
    """
    (lat_i, long_i), (lat_j, long_j) = start, end
    turned = np.radians(np.subtract(long_j, long_i))
    lat_i, lat_j = np.radians(lat_i), np.radians(lat_j)
    half = np.sin((lat_j - lat_i) / 2) ** 2 + np.cos(lat_i) * np.cos(lat_j) * np.sin(turned / 2) ** 2
    km: Floats = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(half, 1.0)))
    return km
