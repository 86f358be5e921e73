"""Freezing of a round: its declarations are merged into one immutable dataset, their costs put on a ladder.

All that comes out of a run (which proposals there are, prices, payoffs, reasons) is computed from what was frozen. So
whatever others ask, declare or compute, for as many rounds as they like, a cost stays hidden within its rungs: an
interval of at least ``step / (1 + step)`` of it. Costs go up to their rung and what somebody pays goes down to it, so
that a proposal that pays on the ladder pays in truth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from synergy.dataset.sheet import Dataset, subset
from synergy.errors import DatasetError
from synergy.records.names import Sheet
from synergy.records.rounds import Frozen
from synergy.store.access import Action, Actor, Resource, require
from synergy.store.commit import Step, Transaction, commit
from synergy.store.datasets import Snapshot, archive, dataset_of, keep, snapshot_of
from synergy.store.declarations import stored
from synergy.store.messages import refusal
from synergy.store.overlay import Entry, checked, overlaid
from synergy.store.rounds import StepOptions, fits, moved, round_row
from synergy.store.rows import RoundRow
from synergy.store.store import Store
from synergy.store.tables import declarations
from synergy.store.turnover import bounded

Floats = NDArray[np.float64]
DIGITS = 6  # of a rung
_SAME = 1e-9
# column of the cost, and whether it goes up
_COSTS: Mapping[Sheet, tuple[str, bool]] = MappingProxyType(
    {Sheet.OFFERS: ("price", True), Sheet.NEEDS: ("price", False), Sheet.FACILITIES: ("opex", True)}
)
_Heads = dict[str, tuple[int, bool]]  # version of each declaration, and whether it was submitted


def freeze(store: Store, actor: Actor, round_id: int, asked: StepOptions | None = None) -> Frozen:
    """Close the declarations of a round, and store the merged dataset under its digest.

    Members without a declaration count as in the dataset of the association; other enterprises are left out. Costs of
    enterprises are rounded to the ladder of the round (`on_ladder`).

    Raises
    ------
    DatasetError
        The merged declarations, or the scenario on them, are wrong.
    RefusedError
        The round is not declaring, or its money is more than can be stored.
    ConflictError
        A declaration came in meanwhile: freeze again.
    """
    require(actor, Action.RUN_ROUND, Resource("round"))
    asked = asked or StepOptions()
    with store.database.read() as connection:
        row = round_row(connection, round_id)
        before = None if row.frozen else _heads(connection, round_id)
        owned = {name: stored(connection, round_id, name) for name, (_, done) in (before or {}).items() if done}
        content = b"" if before is None else archive(connection, row.base)
    snapshot = None if before is None else _merged(row, dataset_of(content), before, owned)

    def body(change: Transaction) -> Frozen:
        now = round_row(change.connection, round_id)
        fits(now.state, "freeze")
        heads = _heads(change.connection, round_id)
        if before is None or snapshot is None or heads != before:
            raise refusal("stale", what="declaration", given="-", found="-")
        keep(change.connection, snapshot, change.at)
        absent = sorted(name for name, (_, submitted) in heads.items() if not submitted)
        detail = {"snapshot": snapshot.digest, "undeclared": absent}
        told = moved(change, now, "freeze", asked, detail, frozen=snapshot.digest)
        return Frozen(**dict(told), snapshot=snapshot.digest, undeclared=absent)

    return commit(store, actor, Step("round.freeze", {"round": round_id, **asked.given}, asked.key), Frozen, body)


def _heads(connection: Connection, round_id: int) -> _Heads:
    rows = connection.execute(select(declarations).where(declarations.c.round == round_id))
    return {row.enterprise: (row.version, row.submitted) for row in rows}


def _merged(row: RoundRow, base: Dataset, heads: _Heads, owned: Mapping[str, Sequence[Entry]]) -> Snapshot:
    """Return the merged dataset of all declarations as a snapshot, validated with the scenario."""
    whole = overlaid(base, owned)
    if set(heads) != set(base["enterprises"]["enterprise"]):
        whole = subset(whole, set(heads))
    found, problems = checked(whole)
    if found is None:
        raise DatasetError(problems)
    bounded(found, "sum")
    snapshot = snapshot_of(on_ladder(found, row.options.get("ladder", 0.0)))
    dataset_of(snapshot.archive, row.scenario)
    return snapshot


def rungs(values: Floats, step: float, *, up: bool) -> Floats:
    """Return values rounded to a geometric ladder, the powers of ``1 + step``; a value on a rung is unchanged.

    Values are money per unit of either sign, 0 and NaN stay; they go to the rung above or (`up` False) below. Step 0:
    no ladder.

    Examples
    --------
    >>> rungs(np.array([100.0, -100.0, 0.0]), 0.12, up=True)
    array([104.217, -93.051,   0.   ])
    """
    found = values.copy()
    put = np.isfinite(values) & (values != 0)
    if step <= 0 or not put.any():
        return found
    size, away = np.abs(values[put]), (values[put] > 0) == up
    level = np.log(size) / np.log1p(step)
    near = np.round(level)
    exact = np.abs(_rung(near, step) - size) <= _SAME * size
    found[put] = np.sign(values[put]) * _rung(
        np.where(exact, near, np.where(away, np.ceil(level), np.floor(level))), step
    )
    return found


def _rung(level: Floats, step: float) -> Floats:
    """Return the rungs of integer levels, rounded to `DIGITS` significant digits."""
    exact = np.exp(level * np.log1p(step))
    place = 10.0 ** (DIGITS - 1 - np.floor(np.log10(exact)))
    rung: Floats = np.round(exact * place) / place
    return rung


def on_ladder(dataset: Dataset, step: float) -> Dataset:
    """Return a dataset, without a scenario, with the costs of enterprises on the ladder; public costs are unchanged."""
    if step <= 0:
        return dataset
    sites = dataset["sites"]
    private = set(sites.loc[sites["enterprise"] != "", "site"])
    tables = dict(dataset.tables)
    for sheet, (column, up) in _COSTS.items():
        frame = dataset[sheet].copy()
        own = frame["site"].isin(private).to_numpy(dtype=bool)
        costs = frame[column].to_numpy(dtype=float)
        frame[column] = np.where(own, rungs(costs, step, up=up), costs)
        tables[sheet] = frame.drop(columns=[f"{column}_low", f"{column}_high"], errors="ignore")
    return replace(dataset, tables=tables)
