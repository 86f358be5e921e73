"""Feedstock: more of what a unit works up, solved with a changed dataset."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from synergy.explanation.facts import Change, Fact
from synergy.explanation.mend import changed
from synergy.explanation.searches import smallest
from synergy.explanation.trial import Exchange, Trial, Way
from synergy.explanation.weighing import Weighed
from synergy.network.ends import EndKind

SCALES = ("min_scale", "build_cost", "least_load")


def fed(exchange: Exchange, weighed: Weighed) -> Iterator[Change]:
    """Yield how much more feedstock at its host would bring in a unit that is too small, and the exchange with it.

    Parameters
    ----------
    exchange : Exchange
    weighed : Weighed
        Why the exchange is out.

    Yields
    ------
    Change
        At most one; amount in units of the scarcest input a year, free at the gate.
    """
    scale = next((one for one in weighed.reasons if one.code in SCALES and "input" in one.facts), None)
    if scale is None or not scale.facts["input"].value:
        return
    trial = exchange.trial
    ident, good = str(scale.facts["unit"].value), str(scale.facts["input"].value)
    network = trial.network
    unit = int(np.flatnonzero(network.units.ids == ident)[0])
    site = str(network.places.sites[network.units.site[unit]])
    most = 2 * float(scale.facts["least"].value) * _use(exchange, unit, good)
    if most <= 0 or (good == exchange.question.commodity and site == exchange.question.origin):
        return
    row: dict[str, Any] = {"offer": "what-if-feedstock", "site": site, "commodity": good}

    other = Trial(changed(trial.dataset, {"offers": [{**row, "quantity": most}]}), trial.decisions)
    more, part = Exchange(other, exchange.question), other.dataset.shares
    fresh = len(other.dataset["offers"]) - 1
    give, ends = other.model.column("give"), other.network.outlets
    hit = (ends.kind[give.key["end"]] == EndKind.OFFER) & (ends.ref[give.key["end"]] == fresh)
    columns = give.start + np.flatnonzero(hit)

    whole = more.forced() if len(more.flows) else None
    if whole is None:
        return

    def solved(amount: float) -> Way | None:
        with other.held.trying():
            other.held.bound(columns, np.zeros(len(columns)), amount * part[give.key["period"][columns - give.start]])
            return more.enters(whole)

    amount = smallest(lambda one: solved(one) is not None, most / 64, most)
    way = None if amount is None else solved(amount)
    if amount is not None and way is not None:
        facts = {"amount": amount, "input": good, "unit": ident, "quantity": way.quantity, "value": way.rest.value}
        told = {name: Fact(value) for name, value in facts.items()}
        tables = {"offers": [{**row, "quantity": amount}]}
        yield Change("feedstock", told, tables, whole=tuple(way.whole.tolist()))


def _use(exchange: Exchange, unit: int, good: str) -> float:
    """Return how much of an input a unit of activity uses."""
    network = exchange.trial.network
    ends = network.inlets
    hit = (ends.kind == EndKind.UNIT) & (ends.ref == unit) & (network.places.commodities[ends.commodity] == good)
    return float(ends.coefficient[hit].sum())
