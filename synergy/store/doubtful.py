"""Declared rows that a planner should see before a round is frozen: compulsory ones, and figures far from the last."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from synergy.dataset.dataset import Dataset
from synergy.store.access import Action, Actor, Resource, require
from synergy.store.archives import archive, dataset_of
from synergy.store.commit import Record
from synergy.store.declaring import stored
from synergy.store.exact import written
from synergy.store.names import Sheet
from synergy.store.overlay import COLUMNS, Entry
from synergy.store.planning import list_members
from synergy.store.rounds import round_row
from synergy.store.store import Store

# columns that bind the plan of all to one row
COMPULSORY: Mapping[Sheet, str] = MappingProxyType(
    {Sheet.OFFERS: "must_clear", Sheet.NEEDS: "required", Sheet.FACILITIES: "must_run"}
)


def doubtful(store: Store, actor: Actor, round_id: int) -> list[Record]:
    """List what enterprises declared that may leave a round without a plan, or that a reader would doubt.

    Parameters
    ----------
    store : Store
    actor : Actor
        A planner or auditor.
    round_id : int

    Returns
    -------
    list of dict
        ``{enterprise, sheet, ident, site, subject, period, amount, price, why}``, by enterprise and name. Why is of
        ``required``, ``must_clear`` and ``must_run``, where the dataset of the association does not demand as much of
        the same row already, and ``checked``: far from what was expected, and marked as right.
    """
    require(actor, Action.SEE_PLANS, Resource("declaration"))
    members = [one["enterprise"] for one in list_members(store, actor, round_id) if one["submitted"]]
    with store.database.read() as connection:
        base = dataset_of(archive(connection, round_row(connection, round_id).base))
        declared = [(firm, entry) for firm in members for entry in stored(connection, round_id, firm)]
    demanded = _demanded(base)
    found = []
    for firm, entry in declared:
        why = []
        column = COMPULSORY[entry.sheet]
        if _marked(entry, column) and float(entry.amount) > demanded.get((entry.sheet, entry.ident), 0.0):
            why.append(column)
        if _marked(entry, "checked"):
            why.append("checked")
        if why:
            names = ("ident", "site", "subject", "period")
            row = {"enterprise": firm, "sheet": str(entry.sheet), **{name: getattr(entry, name) for name in names}}
            found.append({**row, "amount": written(entry.amount), "price": written(entry.price), "why": why})
    return found


def _marked(entry: Entry, column: str) -> bool:
    return str(entry.other.get(column, "")).strip().casefold() == "true"


def _demanded(base: Dataset) -> dict[tuple[Any, str], float]:
    """Amounts of the compulsory rows of a dataset, by table and name."""
    found: dict[tuple[Any, str], float] = {}
    for sheet, column in COMPULSORY.items():
        name, _, amount, _ = COLUMNS[sheet]
        rows = base[sheet].loc[base[sheet][column].astype(bool)]
        found |= {(sheet, str(ident)): float(most) for ident, most in zip(rows[name], rows[amount], strict=True)}
    return found
