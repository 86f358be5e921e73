"""Cash flow of each enterprise under a plan at its own accounts, before side payments.

Goods are handed over at the supplier's gate: the supplier bears the cost of providing them, the recipient the cost of
transport, and the recipient earns their revenue. Public places have no accounts of their own: money there is booked to
the enterprise at the other end or, where there is none, to all enterprises by weight.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from synergy.accounts.facts import MISSING, Floats, Ints, find, split_build, take_text, texts
from synergy.accounts.ledger import ledger
from synergy.dataset.sheet import Dataset, Ids
from synergy.plan import Decisions

GIVING = ("purchase", "offer", "disposal")
TAKING = ("need", "sale", "charge", "transport", "carbon")
PARTNERS = ("from_site", "to_site", "commodity")


def collected(dataset: Dataset, decisions: Decisions) -> pd.Series:
    """Return the cash flow of each enterprise, in the order of their table, money a year; the sum is the value."""
    books, flows = ledger(dataset, decisions), decisions.flows
    gives, takes = owner_of(dataset, flows["from_site"]), owner_of(dataset, flows["to_site"])
    runs, builds, links = decisions.runs, decisions.builds, decisions.links
    ends = [owner_of(dataset, links[name]) for name in ("to_site", "from_site")]
    stores, facilities, firms = dataset["stores"], dataset["facilities"], dataset["enterprises"]
    held = take_text(stores["site"], find([decisions.levels["store"]], [stores["store"]]))
    standing = take_text(facilities["site"], find([runs["id"]], [facilities["facility"]]))
    running = np.where(texts(runs["kind"]) == "build", split_build(runs["id"])[1], standing)
    lines = [
        (_either(gives, takes), books.flows[list(GIVING)].sum(axis=1)),
        (_either(takes, gives), books.flows[list(TAKING)].sum(axis=1)),
        (owner_of(dataset, running), books.runs["net"]),
        (owner_of(dataset, held), books.levels["net"]),
        (owner_of(dataset, builds["site"]), books.builds["net"]),
        (_either(*ends), books.links["net"]),
    ]
    owner = np.concatenate([line for line, _ in lines])
    money = np.concatenate([amount.to_numpy(float) for _, amount in lines])
    public, weight = owner == MISSING, firms["weight"].to_numpy(float)
    own: Floats = money[public].sum() * weight / weight.sum()
    np.add.at(own, owner[~public], money[~public])
    return pd.Series(own, index=texts(firms["enterprise"]))


def partnerships(dataset: Dataset, decisions: Decisions) -> pd.DataFrame:
    """Return the deliveries between enterprises, one row per pair of sites and commodity.

    Columns: `PARTNERS`, `quantity` (leaving, a year), `arrived`, `freight` (transport and its carbon, money a year,
    zero or more), `seller` and `buyer` (positions of the enterprises).
    """
    flows = decisions.flows
    freight = -ledger(dataset, decisions).flows[["transport", "carbon"]].sum(axis=1)
    ends = {"seller": owner_of(dataset, flows["from_site"]), "buyer": owner_of(dataset, flows["to_site"])}
    table = flows[[*PARTNERS, "quantity", "arrived"]].assign(freight=freight, **ends)
    between = (table["seller"] != table["buyer"]) & (table["seller"] >= 0) & (table["buyer"] >= 0)
    keys = [*PARTNERS, "seller", "buyer"]
    return table[between & (table["quantity"] > 0)].groupby(keys, sort=True, as_index=False).sum()


def owner_of(dataset: Dataset, sites: Ids) -> Ints:
    """Return the position of the enterprise of each site, `MISSING` for public places, shape (n,)."""
    table = dataset["sites"]
    owner = take_text(table["enterprise"], find([sites], [table["site"]]))
    return find([owner], [dataset["enterprises"]["enterprise"]])


def _either(first: Ints, second: Ints) -> Ints:
    """Return the first owner, or the second where the first place is public."""
    return np.where(first == MISSING, second, first)
