"""Rows of a model that a conflict may hold, by the names and amounts that the tables and the scenario give them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from synergy.model.assembly import Block
from synergy.model.build import Model
from synergy.model.decode import names_of
from synergy.network.places import Ints

AIMS = ("capex_budget", "co2_cap", "mode_share", "fix")
ROWS = (*AIMS, "max_partners", "link", "keep", "quality_max", "quality_min", "market_take", "market_give")
COLUMNS = ("subject", "commodity", "amount")


def rows_told(model: Model, name: str, block: Block) -> pd.DataFrame:
    """Return what the rows of one of `ROWS` limit.

    Parameters
    ----------
    model : Model
        The problem.
    name : str
        Name of the family.
    block : Block
        Its rows.

    Returns
    -------
    pandas.DataFrame
        One line a row: `COLUMNS`; subject ends in the period where there are several, amount is 0 where none is said.
    """
    if name in AIMS:
        return _aims(model, name, block)
    network = model.candidates.network
    places = network.places
    if name == "max_partners":
        firms = places.enterprises[block.key["enterprise"]]
        return _table(firms, "", float(network.dataset.settings.max_partners or 0))
    if name == "link":
        links, link = network.links, block.key["link"]
        subject = places.sites[links.origin[link]] + ">" + places.sites[links.target[link]] + ":" + links.mode[link]
        goods = links.commodity[link]
    elif name.startswith("quality"):
        first = network.sinks.first[block.key["sink"]]
        properties = np.asarray(network.qualities.properties, dtype=object)[block.key["property"]]
        subject = names_of(network, network.inlets, first)[1] + "/" + properties
        goods = network.inlets.commodity[first]
    elif name == "keep":
        end = block.key["end"]
        subject, goods = names_of(network, network.outlets, end)[1], network.outlets.commodity[end]
    else:
        return _markets(model, block)
    subject = _when(model, subject, block.key["period"])
    return _table(subject, places.commodities[goods], 0.0)


def _markets(model: Model, block: Block) -> pd.DataFrame:
    """Return markets with a limit that several sites of an enterprise share, and what it leaves them in the period."""
    network = model.candidates.network
    rows = network.dataset["markets"].iloc[block.key["market"]]
    firms = np.append(network.places.enterprises.astype(object), "")[block.key["enterprise"]]
    subject = _when(model, rows["market"].to_numpy(object) + "@" + firms, block.key["period"])
    return _table(subject, rows["commodity"].to_numpy(object), model.row_upper[block.positions])


def _when(model: Model, subject: Any, period: Ints) -> Any:
    """Return subjects with their period behind them, where there are several."""
    names = model.candidates.network.places.periods
    return subject if len(names) == 1 else subject.astype(object) + " (" + names[period].astype(object) + ")"


def _aims(model: Model, name: str, block: Block) -> pd.DataFrame:
    """Return the aims of the round; those of a list by their place in it, from 1."""
    settings = model.candidates.network.dataset.settings
    if name == "mode_share":
        told = [("+".join(rule.modes), rule.commodity, rule.minimum) for rule in settings.mode_share]
    elif name == "fix":
        told = [(_pattern(one), one.commodity or "", one.quantity or 0.0) for one in settings.fix]
    else:
        told = [("", "", float(getattr(settings, name)))]
    return pd.DataFrame(told, columns=COLUMNS).iloc[block.key["aim"].astype(int)]


def _pattern(pattern: Any) -> str:
    """Return the two ends of what is fixed; an asterisk where any will do."""
    giver = pattern.from_site or pattern.from_enterprise or "*"
    return f"{giver}>{pattern.to_site or pattern.to_enterprise or '*'}"


def _table(subject: Any, commodity: Any, amount: Any) -> pd.DataFrame:
    size = len(subject)
    return pd.DataFrame(
        {
            "subject": subject,
            "commodity": np.broadcast_to(np.asarray(commodity, dtype=object), size),
            "amount": np.broadcast_to(amount, size),
        }
    )
