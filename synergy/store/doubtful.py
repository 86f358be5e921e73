"""Declared rows that a planner should see before a round is frozen: compulsory, far from the last, beyond all money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from synergy.dataset.dataset import Dataset
from synergy.dataset.ids import folded
from synergy.dataset.typed import YES
from synergy.store.access import Action, Actor, Resource, require
from synergy.store.archives import archive, dataset_of
from synergy.store.commit import Record
from synergy.store.declaring import stored
from synergy.store.exact import written
from synergy.store.names import Sheet
from synergy.store.overlay import COLUMNS, Entry, beside, overlaid
from synergy.store.planning import list_members
from synergy.store.rounds import round_row
from synergy.store.store import Store
from synergy.store.turnover import MOST_MONEY, turnovers

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
        the same row already, ``checked``: far from what was expected, and marked as right, and ``large``: at its own
        price and the market's it is more money than one row may move.
    """
    require(actor, Action.SEE_PLANS, Resource("declaration"))
    members = [one["enterprise"] for one in list_members(store, actor, round_id) if one["submitted"]]
    with store.database.read() as connection:
        base = dataset_of(archive(connection, round_row(connection, round_id).base))
        declared = [(firm, entry) for firm in members for entry in stored(connection, round_id, firm)]
    demanded, heavy = _demanded(base), _heavy(base, declared)
    found = []
    for firm, entry in declared:
        why = []
        column = COMPULSORY[entry.sheet]
        if _marked(entry, column) and float(entry.amount) > demanded.get((entry.sheet, entry.ident), 0.0):
            why.append(column)
        if entry.other.get("checked"):
            why.append("checked")
        if (str(entry.sheet), entry.ident) in heavy:
            why.append("large")
        if why:
            names = ("ident", "site", "subject", "period")
            row = {"enterprise": firm, "sheet": str(entry.sheet), **{name: getattr(entry, name) for name in names}}
            found.append({**row, "amount": written(entry.amount), "price": written(entry.price), "why": why})
    return found


def _marked(entry: Entry, column: str) -> bool:
    return folded(str(beside(entry).get(column, ""))) in YES


def _heavy(base: Dataset, declared: Sequence[tuple[str, Entry]]) -> set[tuple[str, str]]:
    """Rows whose amount moves more money, at their own price or at a market's, than one row may."""
    owned: dict[str, list[Entry]] = {firm: [] for firm, _ in declared}
    for firm, entry in declared:
        owned[firm].append(entry)
    return {(one.table, one.ident) for one in turnovers(overlaid(base, owned)) if one.money > MOST_MONEY}


def _demanded(base: Dataset) -> dict[tuple[Any, str], float]:
    """Amounts of the compulsory rows of a dataset, by table and name."""
    found: dict[tuple[Any, str], float] = {}
    for sheet, column in COMPULSORY.items():
        name, _, amount, _ = COLUMNS[sheet]
        rows = base[sheet].loc[base[sheet][column].astype(bool)]
        found |= {(sheet, str(ident)): float(most) for ident, most in zip(rows[name], rows[amount], strict=True)}
    return found
