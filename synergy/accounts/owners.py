"""Cash flow of each enterprise under a plan at its own accounts, before side payments.

Goods are handed over at the supplier's gate: the supplier bears the cost of providing them, the recipient the cost of
transport, and the recipient earns their revenue. Public places have no accounts of their own: money there is booked to
the enterprise at the other end or, where there is none, to all enterprises by weight.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from synergy.accounts.facts import MISSING, take, unit_facts
from synergy.accounts.ledger import ledger
from synergy.dataset.sheet import Dataset, Ids
from synergy.network.places import Floats, Ints, positions
from synergy.plan import Decisions

GIVING = ("purchase", "offer", "disposal")
TAKING = ("need", "sale", "charge", "transport", "carbon")
PARTNERS = ("from_site", "to_site", "commodity")


def collected(dataset: Dataset, decisions: Decisions) -> pd.Series:
    """Return the cash flow of each enterprise, in the order of their table, money a year; the sum is the value."""
    books, flows, runs, links = ledger(dataset, decisions), decisions.flows, decisions.runs, decisions.links
    gives, takes = owner_of(dataset, flows["from_site"]), owner_of(dataset, flows["to_site"])
    source, target = owner_of(dataset, links["from_site"]), owner_of(dataset, links["to_site"])
    stores, firms = dataset["stores"], dataset["enterprises"]
    held = take(stores["site"], positions(decisions.levels["store"], stores["store"]), "")
    running = unit_facts(dataset, runs["kind"], runs["id"]).site
    lines = [
        (np.where(gives == MISSING, takes, gives), books.flows[list(GIVING)].sum(axis=1)),
        (np.where(takes == MISSING, gives, takes), books.flows[list(TAKING)].sum(axis=1)),
        (owner_of(dataset, running), books.runs["net"]),
        (owner_of(dataset, held), books.levels["net"]),
        (owner_of(dataset, decisions.builds["site"]), books.builds["net"]),
        (np.where(target == MISSING, source, target), books.links["net"]),
    ]
    owner = np.concatenate([line for line, _ in lines])
    money = np.concatenate([amount.to_numpy(float) for _, amount in lines])
    public, weight = owner == MISSING, firms["weight"].to_numpy(float)
    own: Floats = money[public].sum() * weight / weight.sum()
    np.add.at(own, owner[~public], money[~public])
    return pd.Series(own, index=firms["enterprise"].to_numpy(object))


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
    owner = take(table["enterprise"], positions(sites, table["site"]), "")
    return positions(owner, dataset["enterprises"]["enterprise"])
