"""Wider: more to give, to take or to leave, as rows of the tables that say it."""

from __future__ import annotations

from typing import Any

from synergy.explanation.trial import Exchange
from synergy.network.ends import EndKind

Rows = dict[str, list[dict[str, Any]]]


def wider_rows(exchange: Exchange, kind: str, amount: float, total: float) -> Rows:
    """Return the rows with which an end has, takes or leaves more; none where the tables cannot say it.

    Parameters
    ----------
    exchange : Exchange
    kind : str
        ``supply``, ``need`` or ``keep``; others change no rows.
    amount, total : float
        Units of the commodity a year: how much more, of how much.
    """
    if kind == "keep":
        return _keep(exchange, amount)
    if kind not in ("supply", "need") or exchange.question.period or total <= 0:
        return {}
    network, dataset = exchange.trial.network, exchange.trial.dataset
    supply, factor = kind == "supply", 1 + amount / total
    ends, members = (network.outlets, exchange.outlets) if supply else (network.inlets, exchange.inlets)
    table, key, own = ("offers", "offer", EndKind.OFFER) if supply else ("needs", "need", EndKind.NEED)
    stated = dataset[table].iloc[ends.ref[members[ends.kind[members] == own]]]
    units = exchange.units(ends, members)
    units = units[~network.units.is_build[units]]
    markets = dataset["markets"].iloc[ends.ref[members[ends.kind[members] == EndKind.MARKET]]]
    if (markets["site"] == "").any():
        return {}  # its row is every site's
    markets = markets[markets["limit"].notna()]
    rows: Rows = {
        table: [
            {key: str(one), "quantity": q * factor} for one, q in zip(stated[key], stated["quantity"], strict=True)
        ],
        "facilities": [
            {"facility": str(network.units.ids[one]), "capacity": float(network.units.capacity[one]) * factor}
            for one in units
        ],
        "markets": [
            {"market": str(one), "limit": most * factor}
            for one, most in zip(markets["market"], markets["limit"], strict=True)
        ],
    }
    return {name: listed for name, listed in rows.items() if listed}


def _keep(exchange: Exchange, amount: float) -> Rows:
    """Return the kept offers with less to keep."""
    ends, offers = exchange.trial.network.outlets, exchange.trial.dataset["offers"]
    mine = exchange.outlets[ends.kind[exchange.outlets] == EndKind.OFFER]
    rows = offers.iloc[ends.ref[mine]]
    rows = rows[rows["keep"] > 0]
    free = (1 - rows["keep"]) * rows["quantity"]
    part = free / free.sum() if free.sum() > 0 else rows["quantity"] / rows["quantity"].sum()
    keep = (rows["keep"] - amount * part / rows["quantity"]).clip(lower=0.0)
    return {"offers": [{"offer": str(one), "keep": float(k)} for one, k in zip(rows["offer"], keep, strict=True)]}
