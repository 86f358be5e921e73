"""Structure: what kind of problem a model is, and so which solver fits it."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from synergy.model.build import Model

# families of columns and rows of a problem that only moves goods: offers to needs and markets, link by link
_MOVING_COLUMNS = frozenset({"flow", "give", "take"})
_MOVING_ROWS = frozenset({"outlet", "inlet", "link"})


class Structure(StrEnum):
    """Kinds of problem, the easiest first."""

    EMPTY = "empty"
    ASSIGNMENT = "assignment"
    FLOW = "flow"
    LINEAR = "linear"
    INTEGER = "integer"


def structure_of(model: Model) -> Structure:
    """Return the kind of a model.

    A flow moves goods without loss, and no row says more than that they are conserved; a capacity counts as one where
    it is the bound of a single exchange. An assignment is a flow in which everybody gives or takes one same amount and
    nobody has to.

    Parameters
    ----------
    model : Model

    Returns
    -------
    Structure
    """
    if not len(model.cost):
        return Structure.EMPTY
    if model.integer.any():
        return Structure.INTEGER
    columns = {name for name, block in model.columns.items() if len(block)}
    rows = {name for name, block in model.rows.items() if len(block)}
    if not (columns <= _MOVING_COLUMNS and rows <= _MOVING_ROWS):
        return Structure.LINEAR
    if not (np.abs(model.matrix.data) == 1.0).all() or not _single_links(model):
        return Structure.LINEAR
    return Structure.ASSIGNMENT if _equal_amounts(model) else Structure.FLOW


def _single_links(model: Model) -> bool:
    """Return whether every capacity binds one exchange alone."""
    block = model.rows.get("link")
    if block is None or not len(block):
        return True
    per_row = np.diff(model.matrix.indptr)[block.span]
    return bool((per_row == 1).all())


def _equal_amounts(model: Model) -> bool:
    """Return whether all that is given or taken has the same bounds, from nothing to one amount, one a group."""
    if "link" in model.rows and len(model.rows["link"]):
        return False
    ends = [model.columns[name].span for name in ("give", "take") if name in model.columns]
    upper = np.concatenate([model.upper[span] for span in ends])
    lower = np.concatenate([model.lower[span] for span in ends])
    flow = model.column("flow")
    moved = np.asarray(abs(model.matrix[:, flow.span]).sum(axis=1))
    members = np.diff(model.matrix.indptr) - moved
    alone = bool((members[moved > 0] <= 1).all())
    disposal = len(flow) * 2 != int(moved.sum())
    same = bool(len(upper)) and np.isfinite(upper).all() and (upper == upper[0]).all()
    return bool(same and not lower.any() and alone and not disposal)
