"""Own accounts: what each enterprise collects and pays under a plan before anybody pays anybody.

Prices of exchanges are at the gate: who takes bears transport, its carbon and the annuity of a link; who gives what was
bought or offered has paid for it; who sells or uses has the proceeds. Where one end is public the enterprise at the
other end has what the flow brings and costs; what public places do among themselves is everybody's, by weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from synergy.accounts.facts import split_build
from synergy.accounts.keys import Floats, Ints, Texts, find, texts
from synergy.accounts.ledger import ledger
from synergy.dataset.dataset import Dataset
from synergy.plan import Decisions

PUBLIC = -1  # position of the owner of public places

GIVER = ("purchase", "offer", "disposal")
TAKER = ("need", "sale", "charge", "transport", "carbon")


def owner_positions(dataset: Dataset, sites: Any) -> Ints:
    """Return the position of the enterprise of each site, `PUBLIC` for public places and what nobody knows.

    Parameters
    ----------
    dataset : Dataset
        Enterprises and sites.
    sites : array_like of str
        Ids, shape (n,).

    Returns
    -------
    numpy.ndarray of int64, shape (n,)
    """
    table = dataset["sites"]
    owner = np.append(texts(table["enterprise"]), "")[find([sites], [table["site"]])]
    return find([owner], [dataset["enterprises"]["enterprise"]])


def own_accounts(dataset: Dataset, decisions: Decisions) -> Floats:
    """Return what each enterprise has at its own accounts; the sum is the value.

    Parameters
    ----------
    dataset : Dataset
        Prices, costs and the settings in force.
    decisions : Decisions
        Of all enterprises together.

    Returns
    -------
    numpy.ndarray, shape (enterprises,)
        Money a year, in the order of the table.
    """
    book = ledger(dataset, decisions)
    flows = decisions.flows
    giver, taker = (owner_positions(dataset, flows[name]) for name in ("from_site", "to_site"))
    gives, takes = np.where(giver == PUBLIC, taker, giver), np.where(taker == PUBLIC, giver, taker)
    links = decisions.links
    start, end = (owner_positions(dataset, links[name]) for name in ("from_site", "to_site"))
    entries = (
        (gives, _sum(book.flows, GIVER)),
        (takes, _sum(book.flows, TAKER)),
        (owner_positions(dataset, _run_sites(dataset, decisions)), book.runs["net"].to_numpy(float)),
        (owner_positions(dataset, _store_sites(dataset, decisions)), book.levels["net"].to_numpy(float)),
        (owner_positions(dataset, decisions.builds["site"]), book.builds["net"].to_numpy(float)),
        (np.where(end == PUBLIC, start, end), book.links["net"].to_numpy(float)),
    )
    weight = dataset["enterprises"]["weight"].to_numpy(float)
    own = np.zeros(len(weight))
    for owner, amount in entries:
        inside = owner != PUBLIC
        own += np.bincount(owner[inside], weights=amount[inside], minlength=len(own))
        own += weight / weight.sum() * amount[~inside].sum()
    return own


def _sum(frame: pd.DataFrame, names: Sequence[str]) -> Floats:
    """Return the sum of some columns."""
    total: Floats = np.sum([frame[name].to_numpy(float) for name in names], axis=0)
    return total


def _run_sites(dataset: Dataset, decisions: Decisions) -> Texts:
    """Return the site of each run."""
    facilities, runs = dataset["facilities"], decisions.runs
    place = find([runs["id"]], [facilities["facility"]])
    standing = np.append(texts(facilities["site"]), "")[place]
    _, fresh = split_build(runs["id"])
    return np.where(texts(runs["kind"]) == "build", fresh, standing)


def _store_sites(dataset: Dataset, decisions: Decisions) -> Texts:
    """Return the site of each level."""
    stores = dataset["stores"]
    return np.append(texts(stores["site"]), "")[find([decisions.levels["store"]], [stores["store"]])]
