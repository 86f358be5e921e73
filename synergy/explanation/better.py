"""Better: the least improvement of a quality with which an exchange enters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from synergy.explanation.facts import Change, Fact
from synergy.explanation.obstacles import outlet_holder
from synergy.explanation.searches import smallest
from synergy.explanation.sides import quality_facts
from synergy.explanation.trial import Exchange, Way
from synergy.network.places import Floats, Ints


def better(exchange: Exchange, way: Way) -> Iterator[Change]:
    """Yield the least improvement of the outlet's quality with which its exchange enters.

    Parameters
    ----------
    exchange : Exchange
        Kept out by a limit on quality.
    way : Way
        How it is brought in.

    Yields
    ------
    Change
        At most one; amount in the property's unit.
    """
    facts, held = quality_facts(exchange), exchange.trial.held
    if not facts or not len(exchange.sources) or facts["number"].value <= 0:
        return
    value, over, name = facts["value"].value, facts["number"].value, str(facts["property"].value)
    sign = -1.0 if value > facts["limit"].value else 1.0
    rows, columns, arrives = _places(exchange, name)

    def tried(amount: float) -> Way | None:
        with held.trying():
            held.reweigh(rows, columns, -amount * arrives)
            return exchange.enters(way)

    amount = smallest(lambda one: tried(one) is not None, over / 64, 4 * over)
    entered = None if amount is None else tried(amount)
    if amount is None or entered is None:
        return
    holder = outlet_holder(exchange.trial.network, int(exchange.trial.network.sources.first[exchange.sources[0]]))
    row: dict[str, Any] = {"holder": holder, "commodity": exchange.question.commodity, "property": name}
    figures = {"amount": amount, "property": name, "quantity": entered.quantity, "value": entered.rest.value}
    told = {key: Fact(one) for key, one in figures.items()}
    tables = {"qualities": [{**row, "value": value + sign * amount}]}
    yield Change("quality", told, tables, whole=tuple(entered.whole.tolist()))


def _places(exchange: Exchange, name: str) -> tuple[Ints, Ints, Floats]:
    """Return where the quality of the outlets stands: rows, columns, and what part of each flow arrives."""
    network, model = exchange.trial.network, exchange.trial.model
    flow = model.column("flow")
    arc = flow.key["arc"]
    mine = flow.start + np.flatnonzero(np.isin(network.arcs.outlet[arc], exchange.sources))
    kept = 1.0 - network.arcs.over(network.links.loss, 0.0)[arc]
    found: list[tuple[Ints, Ints]] = [(np.empty(0, np.int64), np.empty(0, np.int64))]
    for family in ("quality_max", "quality_min"):
        block = model.rows.get(family)
        if block is None:
            continue
        row = block.start + np.flatnonzero(network.qualities.properties[block.key["property"]] == name)
        part = model.matrix[row][:, mine].tocoo()
        found.append((row[part.row], mine[part.col]))
    rows, columns = (np.concatenate(part) for part in zip(*found, strict=True))
    return rows, columns, kept[columns - flow.start]
