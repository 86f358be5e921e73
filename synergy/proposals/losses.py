"""Who bears a loss: a proposal that the plan cannot spare carries none while its partners gain by other ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy import sparse

    Floats = NDArray[np.float64]

ROUNDS = 20  # of asking; what is left then stays where it is


def borne(gain: Floats, marginal: Floats, partners: sparse.csr_matrix) -> Floats:
    """Return gains in which proposals that the plan would lose by leaving out carry no loss.

    A chain earns where its product is sold, and the books of the line that feeds it may show nothing but cost: coal
    that a neighbour no longer sells outside. Such a proposal is given up to what the plan loses without it, out of
    what proposals of the same enterprises gain beyond their own such loss; what then is still missing to zero, out of
    all that they gain.

    Parameters
    ----------
    gain : numpy.ndarray, shape (proposals,)
        Money a year.
    marginal : numpy.ndarray, shape (proposals,)
        What the plan loses without each; NaN where it is unknown, inf where there is no plan without it.
    partners : scipy.sparse.csr_matrix, shape (proposals, enterprises)
        Not zero where an enterprise takes part.

    Returns
    -------
    numpy.ndarray, shape (proposals,)
        With the same sum, up to rounding.
    """
    needed = (gain < 0) & (marginal > 0)
    if not needed.any():
        return gain
    shared = ((partners @ partners.T) != 0).astype(float).tocsr()
    worth = np.where(np.isfinite(marginal), np.maximum(marginal, 0.0), 0.0)
    wanted = np.where(needed, worth - gain, 0.0)
    gain = _moved(gain, wanted, np.maximum(gain - worth, 0.0), shared)
    return _moved(gain, np.where(needed, np.maximum(-gain, 0.0), 0.0), np.maximum(gain, 0.0), shared)


def _moved(gain: Floats, wanted: Floats, spare: Floats, shared: sparse.csr_matrix) -> Floats:
    """Return gains after those that want have asked those that can spare, each in proportion to the other."""
    spare = np.where(wanted > 0, 0.0, spare)
    for _ in range(ROUNDS):
        reach = shared @ spare
        if not (wanted * (reach > 0)).any():
            break
        # each asks its partners in proportion to what they can spare; who is asked for more gives everyone a part
        rate = np.divide(wanted, reach, out=np.zeros(len(wanted)), where=reach > 0)
        asked = spare * (shared.T @ rate)
        part = np.divide(spare, asked, out=np.ones(len(asked)), where=asked > spare)
        given, got = asked * part, rate * (shared @ (spare * part))
        gain = gain + got - given
        wanted, spare = np.maximum(wanted - got, 0.0), np.maximum(spare - given, 0.0)
    return gain
