"""The balances in which changed lines stand: what leaves an outlet, reaches an inlet, or stays in a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from synergy.proposals.ends import OUTSIDE
from synergy.proposals.prices import yardsticks

if TYPE_CHECKING:
    from synergy.dataset.dataset import Dataset
    from synergy.proposals.changes import Changes

NODE = ["kind", "id", "commodity", "period"]
FAINT = 1e-7  # a change below this part of the line's size is the solver's noise


def elements(dataset: Dataset, changed: Changes) -> pd.DataFrame:
    """Return what each changed line adds to each balance.

    A balance is one outlet or inlet (kind, id, commodity, period): its amounts sum to zero, an offer's or a need's to
    what is left unused. Markets and disposal take and give what they like and have none.

    Parameters
    ----------
    dataset : Dataset
        The tables.
    changed : Changes
        Flows, runs and levels that differ.

    Returns
    -------
    pandas.DataFrame
        `item` (position of the line: flows, then runs, then levels), `node` (number of the balance), `amount`
        (signed, units) and `weight` (which of its balances a line asks first).
    """
    flows, runs, levels = changed.flows, changed.runs, changed.levels
    frames = [
        _flow_ends(flows, "outlet"),
        _flow_ends(flows, "inlet"),
        _run_ends(dataset, runs, len(flows)),
        *_level_ends(dataset, levels, len(flows) + len(runs)),
    ]
    every = pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)
    every = every[every["amount"].abs() > FAINT * every["size"]]
    peak = every["amount"].abs().groupby([every[name] for name in NODE]).transform("max")
    every = every[every["amount"].abs() > FAINT * peak]
    node = every.groupby(NODE, sort=False).ngroup() if len(every) else pd.Series(dtype=int)
    return every.assign(node=node)[["item", "node", "amount", "weight"]].reset_index(drop=True)


def _flow_ends(flows: pd.DataFrame, end: str) -> pd.DataFrame:
    """Return one end of the flows: what leaves an outlet, what reaches an inlet."""
    amount = flows["quantity" if end == "outlet" else "arrived"]
    kind = flows[f"{end}_kind"]
    # what reaches a store stands against what leaves it
    signed = amount.where((kind != "store") | (end == "outlet"), -amount)
    frame = pd.DataFrame(
        {
            "kind": kind,
            "id": flows[f"{end}_id"],
            "commodity": flows["commodity"],
            "period": flows["period"],
            "item": np.arange(len(flows)),
            "amount": signed,
            "weight": 1.0,
            "size": flows["size"],
        }
    )
    return frame[~kind.isin(OUTSIDE)]


def _run_ends(dataset: Dataset, runs: pd.DataFrame, first: int) -> pd.DataFrame:
    """Return what the changed runs make and use, weighed by its yardstick price."""
    recipes = dataset["recipes"]
    frame = with_process(dataset, runs.assign(item=first + np.arange(len(runs))))
    frame = frame.astype({"process": object}).merge(recipes[["process", "commodity", "coefficient"]], on="process")
    used = frame["coefficient"].abs()
    price = frame["commodity"].map(yardsticks(dataset)).to_numpy(dtype=float)
    return frame.assign(amount=-used * frame["activity"], weight=used * price, size=used * frame["size"])[
        [*NODE, "item", "amount", "weight", "size"]
    ]


def with_process(dataset: Dataset, runs: pd.DataFrame) -> pd.DataFrame:
    """Return runs with the process of each unit: the facility's own, or what stands before the @ of a build."""
    process = dataset["facilities"].set_index("facility")["process"]
    built = runs["id"].astype(str).str.split("@").str[0]
    return runs.assign(process=runs["id"].map(process).where(runs["kind"] == "facility", built))


def _level_ends(dataset: Dataset, levels: pd.DataFrame, first: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what levels hold back from a period and bring into the next one, the first following the last."""
    stores = dataset["stores"].set_index("store")
    periods = dataset["periods"]["period"].to_numpy(dtype=object)
    following = pd.Series(np.roll(periods, -1), index=periods, dtype=object)
    held = pd.DataFrame(
        {
            "kind": "store",
            "id": levels["store"],
            "commodity": levels["store"].map(stores["commodity"]),
            "period": levels["period"],
            "item": first + np.arange(len(levels)),
            "amount": levels["level"],
            "weight": 1.0,
            "size": levels["size"],
        }
    )
    kept = 1.0 - levels["store"].map(stores["loss"]).to_numpy(dtype=float)
    brought = held.assign(
        period=levels["period"].map(following), amount=-kept * held["amount"], size=kept * held["size"]
    )
    return held, brought
