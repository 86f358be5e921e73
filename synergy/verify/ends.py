"""What the tables know of the outlets and inlets that flows name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from synergy.accounts.facts import END_TABLES, rows_of_kind, split_build
from synergy.accounts.keys import MISSING, Bools, Floats, Ints, Texts, find, take, take_text, texts
from synergy.dataset.dataset import Dataset

OUTLET_KINDS = ("offer", "facility", "build", "store", "market")
INLET_KINDS = ("need", "facility", "build", "store", "market", "disposal")
_SIDES = {"outlet": ("buy", 1.0), "inlet": ("sell", -1.0)}  # side of its markets, sign of its recipe rows


@dataclass(frozen=True, slots=True)
class Ends:
    """One end of each flow, each array of shape (flows,).

    Parameters
    ----------
    kind, id : numpy.ndarray of str
        As the flows say.
    row : numpy.ndarray of int64
        Row in the table of its kind, `MISSING` for builds, disposal and what is unknown.
    known : numpy.ndarray of bool
        The tables have such an outlet (inlet), and it deals in the flow's commodity.
    site, period : numpy.ndarray of str
        Where and when it is; "" where that is free.
    local : numpy.ndarray of bool
        Reached from its own site alone: a market without a site, disposal.
    coefficient : numpy.ndarray
        Units of the commodity per activity, > 0, of facilities and builds; NaN for other kinds.
    holder : numpy.ndarray of str
        Whose quality, or limit, counts: the id, or the process of a unit.
    """

    kind: Texts
    id: Texts
    row: Ints
    known: Bools
    site: Texts
    period: Texts
    local: Bools
    coefficient: Floats
    holder: Texts


def ends_of(dataset: Dataset, flows: pd.DataFrame, side: str) -> Ends:
    """Return the outlets or inlets of flows.

    Parameters
    ----------
    dataset : Dataset
        The tables.
    flows : pandas.DataFrame
        Flows of `Decisions`.
    side : str
        ``outlet`` or ``inlet``.

    Returns
    -------
    Ends
    """
    kind, ids, goods = texts(flows[f"{side}_kind"]), texts(flows[f"{side}_id"]), texts(flows["commodity"])
    market_side, sign = _SIDES[side]
    rows = {name: rows_of_kind(dataset, kind, ids, name) for name in END_TABLES}
    told: dict[str, dict[str, Any]] = {name: _columns(dataset, name, row) for name, row in rows.items()}
    process, build_site = split_build(ids)
    process = np.where(kind == "build", process, take_text(dataset["facilities"]["process"], rows["facility"]))
    recipes = dataset["recipes"]
    recipe = find([process, goods], [recipes["process"], recipes["commodity"]])
    coefficient = sign * take(recipes["coefficient"], recipe)
    unit = np.isin(kind, ["facility", "build"])
    made = unit & (coefficient > 0)
    traded = {name: told[name]["commodity"] == goods for name in ("offer", "need", "store", "market")}
    traded["market"] &= take_text(dataset["markets"]["side"], rows["market"]) == market_side
    named = np.isin(kind, INLET_KINDS if side == "inlet" else OUTLET_KINDS)
    known = made & ((kind == "build") | (rows["facility"] != MISSING)) | (kind == "disposal") & (ids == "")
    for name, right in traded.items():
        known |= (kind == name) & (rows[name] != MISSING) & right
    site = np.where(kind == "build", build_site, "")
    for name in END_TABLES:
        site = np.where(kind == name, told[name]["site"], site)
    period = np.full(len(kind), "", dtype=object)
    for name in ("offer", "need", "market"):
        period = np.where(kind == name, told[name]["period"], period)
    return Ends(
        kind=kind,
        id=ids,
        row=np.max(list(rows.values()), axis=0) if len(kind) else np.zeros(0, dtype=np.int64),
        known=known & named,
        site=site,
        period=period,
        local=(kind == "disposal") | ((kind == "market") & (site == "")),
        coefficient=np.where(unit, coefficient, np.nan),
        holder=np.where(unit, process, ids),
    )


def _columns(dataset: Dataset, kind: str, rows: Ints) -> dict[str, Texts]:
    """Return site, commodity and period of the ends of one kind, "" where their table has no such column."""
    table = dataset[END_TABLES[kind][0]]
    blank = np.full(len(rows), "", dtype=object)
    names = ("site", "commodity", "period")
    return {name: take_text(table[name], rows) if name in table else blank for name in names}
