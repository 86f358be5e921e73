"""Trade: what leaves offers and units, what arrives at needs and units, what markets allow, what a mix contains."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from synergy.accounts.keys import Floats, find, take, take_text, texts
from synergy.dataset.dataset import Dataset
from synergy.verify.findings import Book, Rows
from synergy.verify.view import View

UNITS = ("facility", "build")


def period_amounts(dataset: Dataset, table: str, column: str) -> pd.DataFrame:
    """Return id, period and amount of each offer, need or market in each period in which it is there.

    Parameters
    ----------
    dataset : Dataset
        The tables.
    table : str
        ``offers``, ``needs`` or ``markets``.
    column : str
        The column of the amount; a blank is infinite.

    Returns
    -------
    pandas.DataFrame
        Columns row (in the table), period, amount.
    """
    rows, periods = dataset[table], texts(dataset["periods"]["period"])
    row = np.repeat(np.arange(len(rows)), len(periods))
    period, share = np.tile(periods, len(rows)), np.tile(dataset.shares, len(rows))
    own = texts(rows["period"])[row]
    year = np.nan_to_num(rows[column].to_numpy(float), nan=np.inf)[row]
    amount = np.where(own == "", year * share, year)
    frame = pd.DataFrame({"row": row, "period": period, "amount": amount})
    there: pd.DataFrame = frame[(own == "") | (own == period)]
    return there.reset_index(drop=True)


def totals(keys: dict[str, Any], amount: Floats) -> pd.Series[float]:
    """Return sums of amounts by several keys."""
    frame = pd.DataFrame({**keys, "amount": amount})
    return frame.groupby(list(keys), sort=False)["amount"].sum()


def amounts(sums: pd.Series[float]) -> Floats:
    """Return sums as an array."""
    return np.asarray(sums.to_numpy(), dtype=np.float64)


def looked_up(sums: pd.Series[float], keys: dict[str, Any]) -> Floats:
    """Return the sum of each key, 0 where there is none."""
    index = pd.MultiIndex.from_arrays([np.asarray(values, dtype=object) for values in keys.values()])
    if not len(sums):
        return np.zeros(len(index))
    return np.asarray(sums.reindex(index).fillna(0.0).to_numpy(float))


def check_offers(book: Book, view: View) -> None:
    """Offers give what they have, all of it where it must clear, and keep what has to stay."""
    _check_ends(book, view, "offers", "offer", "must_clear")
    offers = view.dataset["offers"]
    hit = view.outlets.kind == "offer"
    row = np.where(hit, view.outlets.row, 0)
    keep = np.where(hit, take(offers["keep"], row), 0.0) if len(offers) else np.zeros(len(hit))
    leaves = (view.giver != view.taker) | (view.taker == "")
    leaves &= ~np.isin(view.inlets.kind, ["disposal"]) & ~(view.inlets.local & (view.inlets.kind == "market"))
    leaves |= view.inlets.kind == "store"
    moving = hit & leaves & (keep > 0)
    keys = {"row": row[moving], "period": texts(view.decisions.flows["period"])[moving]}
    sums = totals(keys, view.quantity[moving])
    known = period_amounts(view.dataset, "offers", "quantity").set_index(["row", "period"])["amount"]
    if len(sums):
        amount = known.reindex(sums.index).to_numpy(float)
        part = 1.0 - offers["keep"].to_numpy(float)[sums.index.get_level_values(0).to_numpy(int)]
        left = amounts(sums)
        names = [f"{offers['offer'].iloc[row]} {period}" for row, period in sums.index]
        book.at_most("keep", Rows(left, part * amount, left, amount, names.__getitem__))


def check_needs(book: Book, view: View) -> None:
    """Needs take what they want at most, all of it where that is required."""
    _check_ends(book, view, "needs", "need", "required")


def _check_ends(book: Book, view: View, table: str, kind: str, compulsory: str) -> None:
    """Amounts of offers or needs by period."""
    side, amount = ("outlets", view.quantity) if kind == "offer" else ("inlets", view.arrived)
    ends = getattr(view, side)
    hit = ends.kind == kind
    periods = texts(view.decisions.flows["period"])
    sums = totals({"row": ends.row[hit], "period": periods[hit]}, amount[hit])
    wanted = period_amounts(view.dataset, table, "quantity")
    left = looked_up(sums, {"row": wanted["row"], "period": wanted["period"]})
    right = wanted["amount"].to_numpy(float)
    ids = texts(view.dataset[table][kind])
    names = (ids[wanted["row"].to_numpy(int)] + " " + texts(wanted["period"])).tolist()
    book.at_most(kind, Rows(left, right, left, right, names.__getitem__))
    must = view.dataset[table][compulsory].to_numpy(bool)[wanted["row"].to_numpy(int)]
    due = [name for name, flag in zip(names, must, strict=True) if flag]
    book.equal(compulsory, Rows(left[must], right[must], left[must], right[must], due.__getitem__))


def check_units(book: Book, view: View) -> None:
    """What leaves an output and what arrives at an input is the coefficient times the activity."""
    runs, flows, recipes = view.decisions.runs, view.decisions.flows, view.dataset["recipes"]
    process = take_text(view.dataset["processes"]["process"], view.units.process)
    active = pd.DataFrame(
        {
            "kind": texts(runs["kind"]),
            "id": texts(runs["id"]),
            "period": texts(runs["period"]),
            "activity": runs["activity"].to_numpy(float),
            "process": process,
        }
    )
    recipe = recipes[["process", "commodity", "coefficient"]].astype({"process": object, "commodity": object})
    made = active.merge(recipe, on="process", how="inner")
    keys = ["kind", "id", "commodity", "period"]
    for side, ends, amount, sign in (
        ("output", view.outlets, view.quantity, 1.0),
        ("input", view.inlets, view.arrived, -1.0),
    ):
        hit = np.isin(ends.kind, UNITS)
        period, goods = texts(flows["period"])[hit], texts(flows["commodity"])[hit]
        moved = pd.DataFrame({"kind": ends.kind[hit], "id": ends.id[hit], "commodity": goods, "period": period})
        moved = moved.assign(moved=amount[hit]).groupby(keys, sort=False)[["moved"]].sum().reset_index()
        due = made[np.sign(made["coefficient"]) == sign]
        due = due.assign(due=sign * due["coefficient"] * due["activity"])[[*keys, "due"]]
        both = due.merge(moved, on=keys, how="outer").fillna({"due": 0.0, "moved": 0.0})
        left, right = both["moved"].to_numpy(float), both["due"].to_numpy(float)
        peak = view.peak[find([both["commodity"]], [view.dataset["commodities"]["commodity"]])]
        names = [" ".join(key) for key in zip(*(texts(both[key]) for key in keys), strict=True)]
        book.equal(side, Rows(left, right, left, peak, names.__getitem__))


def check_markets(book: Book, view: View) -> None:
    """A market's limit is each enterprise's own, or that of its place."""
    markets, flows = view.dataset["markets"], view.decisions.flows
    period, sited = texts(flows["period"]), texts(markets["site"]) != ""
    for ends, amount, firm in ((view.outlets, view.quantity, view.giver), (view.inlets, view.arrived, view.taker)):
        hit = (ends.kind == "market") & (ends.row >= 0)
        row = ends.row[hit]
        account = np.where(sited[row], "", firm[hit]) if len(row) else texts([])
        sums = totals({"row": row, "account": account, "period": period[hit]}, amount[hit])
        if not len(sums):
            continue
        limits = period_amounts(view.dataset, "markets", "limit").set_index(["row", "period"])["amount"]
        known = pd.MultiIndex.from_arrays([sums.index.get_level_values(level) for level in (0, 2)])
        right = limits.reindex(known).fillna(0.0).to_numpy(float)
        left = amounts(sums)
        market = texts(markets["market"])[sums.index.get_level_values(0).to_numpy(int)]
        account, time = (texts(sums.index.get_level_values(level)) for level in (1, 2))
        names = [" ".join(key) for key in zip(market, account, time, strict=True)]
        book.at_most("market", Rows(left, right, left, left, names.__getitem__))


def check_qualities(book: Book, view: View) -> None:
    """The mix that arrives at each inlet with limits keeps them; every outlet states what is limited."""
    limits, stated = view.dataset["limits"], view.dataset["qualities"]
    if not len(limits):
        return
    flows = view.decisions.flows
    arrivals = pd.DataFrame(
        {
            "holder": view.inlets.holder,
            "inlet": view.inlets.kind + ":" + view.inlets.id + "@" + texts(flows["to_site"]),
            "source": view.outlets.holder,
            "commodity": texts(flows["commodity"]),
            "period": texts(flows["period"]),
            "arrived": view.arrived,
        }
    )
    plain = dict.fromkeys(("holder", "commodity", "property"), object)
    limit = limits[["holder", "commodity", "property", "minimum", "maximum"]].astype(plain)
    value = stated[["holder", "commodity", "property", "value"]].astype(plain).rename(columns={"holder": "source"})
    both = arrivals.merge(limit, on=["holder", "commodity"]).merge(
        value, on=["source", "commodity", "property"], how="left"
    )
    silent = both["value"].isna().to_numpy(bool)
    book.flag(
        "quality", silent, lambda row: f"{both['source'].iloc[row]} {both['property'].iloc[row]}", "is not stated"
    )
    for name, sign in (("maximum", 1.0), ("minimum", -1.0)):
        some = both[both[name].notna() & ~silent]
        amount = some["arrived"].to_numpy(float)
        over = sign * (some["value"] - some[name]).to_numpy(float) * amount
        size = (some["value"].abs() + some[name].abs()).to_numpy(float) * amount
        key = {part: some[part] for part in ("inlet", "commodity", "property", "period")}
        left, scale = totals(key, over), totals(key, size)
        names = [" ".join(map(str, index)) for index in left.index]
        zero = np.zeros(len(left))
        book.at_most("quality", Rows(amounts(left), zero, amounts(scale), 0.0, names.__getitem__))
