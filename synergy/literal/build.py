"""Build the literal model: the model contract as one sparse matrix with named rows and columns."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from synergy.dataset.sheet import Dataset
from synergy.literal.columns import columns_of, reach_of
from synergy.literal.ends import basis_of
from synergy.literal.parts import Parts, parts_of
from synergy.literal.rows import (
    RowBlock,
    aims,
    deals,
    inputs,
    joined,
    keeps,
    links,
    loads,
    markets,
    needs,
    offers,
    outputs,
    partners,
    qualities,
    runs,
    sizes,
    stores,
)
from synergy.literal.scope import Flags, Floats, Variant
from synergy.literal.value import worth

BINARY = ("on", "built", "open", "partner")


KEPT = 20_000  # columns up to which the last model is kept
_last: dict[Dataset, LiteralModel] = {}


@dataclass(frozen=True, slots=True)
class LiteralModel:
    """Maximise cost . x subject to row_lower <= matrix x <= row_upper, column_lower <= x <= column_upper.

    Bounds are infinite where there is none; `matrix` is rows x columns.

    Parameters
    ----------
    cost : ndarray
        Money a year per unit of each column.
    integer : ndarray of bool
        Columns that are 0 or 1.
    rows : pandas.DataFrame
        constraint, subject, commodity, period of each row, "" where it has none. Subjects: id of an offer, need or
        store; of a unit, the facility's id or ``process@site`` (``process@site#size`` for a step of scale);
        ``from>to:mode`` of a link, ``from>to`` of a deal; ``kind:id/property`` for quality (a market's id with
        ``@site``); ``market@enterprise`` or, with a site, ``market``; ``enterprise|enterprise``; position of the rule
        in the settings for mode_share and fix.
    columns : pandas.DataFrame
        variable (flow, run, on, built, size, open, partner, level) and subject of each column, beside commodity,
        period, from_site, to_site, mode, outlet_kind, outlet_id, inlet_kind, inlet_id and arrival (part that arrives)
        of flows; kind of runs is in outlet_kind. All but arrival are categorical, "" where they mean nothing.
    reach : ndarray
        An upper bound of each column that follows from the rows; not part of the model.
    """

    matrix: csr_matrix
    row_lower: Floats
    row_upper: Floats
    column_lower: Floats
    column_upper: Floats
    cost: Floats
    integer: Flags
    rows: pd.DataFrame
    columns: pd.DataFrame
    reach: Floats


def build(dataset: Dataset, members: Collection[str] | None = None, variant: Variant = Variant.ROUND) -> LiteralModel:
    """Build the literal model of a coalition of enterprises; of all where no members are named.

    Public amounts are scaled by the members' weights, and the aims of the round bind all enterprises together alone.
    Variant ``QUO`` switches builds and links that cost capex off; ``TODAY`` also restricts exchanges between
    enterprises to the deals, and drops the scenario's aims.

    Raises
    ------
    UsageError
        A member that the dataset does not know.

    Notes
    -----
    Nothing is pruned, tightened or aggregated: a column for each outlet, inlet, mode and period. Time and memory are
    linear in the number of columns. The last model of a whole round is kept where it is small, as its bound is looked
    for and judged one after the other; tables of a dataset stay as they are.
    """
    if members is not None or variant is not Variant.ROUND:
        return _written(dataset, members, variant)
    kept = _last.get(dataset)
    if kept is None:
        kept = _written(dataset, None, variant)
        _last.clear()
        if len(kept.cost) <= KEPT:
            _last[dataset] = kept
    return kept


def _written(dataset: Dataset, members: Collection[str] | None, variant: Variant) -> LiteralModel:
    """Assemble the literal model, with read-only arrays."""
    parts = parts_of(basis_of(dataset, members, variant))
    matrix, lower, upper, rows = joined(list(blocks(parts)), parts.first[""])
    kinds = list(parts.first)
    integer = np.zeros(parts.first[""], dtype=bool)
    for kind, following in pairwise(kinds):
        integer[parts.first[kind] : parts.first[following]] = kind in BINARY
    model = LiteralModel(
        matrix=matrix,
        row_lower=lower,
        row_upper=upper,
        column_lower=np.zeros(len(integer)),
        column_upper=np.where(integer, 1.0, np.inf),
        cost=worth(parts),
        integer=integer,
        rows=rows,
        columns=columns_of(parts),
        reach=reach_of(parts),
    )
    for array in (model.row_lower, model.row_upper, model.column_lower, model.column_upper, model.cost, model.integer):
        array.flags.writeable = False
    return model


def blocks(parts: Parts) -> Iterator[RowBlock]:
    """Yield every constraint of the contract, family by family."""
    yield offers(parts)
    yield keeps(parts)
    yield outputs(parts)
    yield inputs(parts)
    yield needs(parts)
    yield from runs(parts)
    yield from loads(parts)
    yield from stores(parts)
    yield from sizes(parts)
    yield links(parts)
    yield from qualities(parts)
    yield markets(parts)
    yield from partners(parts)
    yield from deals(parts)
    yield from aims(parts)
