"""Counter-offers: what may be asked for, and what partners hear of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, select

from synergy.dataset.dataset import Dataset
from synergy.store.archives import archive, dataset_of
from synergy.store.exact import decimal
from synergy.store.tables import lines
from synergy.store.words import refusal

Record = dict[str, Any]


def own_lines(connection: Connection, proposal: int, enterprise: str | None) -> dict[int, Row[Any]]:
    """Return the lines of a proposal that an enterprise is an end of, by number."""
    found = connection.execute(select(lines).where(lines.c.proposal == proposal).order_by(lines.c.number))
    return {line.number: line for line in found if enterprise in (line.from_enterprise, line.to_enterprise)}


def countered(
    connection: Connection, row: Row[Any], part: tuple[int, str | None], asked: Sequence[Mapping[str, Any]]
) -> list[Record]:
    """Return a counter-offer as it is stored, its figures exact and as texts.

    Parameters
    ----------
    connection : sqlalchemy.Connection
    row : sqlalchemy.Row
        The round.
    part : tuple of int and str
        The proposal, and the enterprise that asks.
    asked : sequence of mapping
        ``{number, quantity, price}`` by line, either figure may be missing.

    Raises
    ------
    NotFoundError
        A line that is none of the proposal's, or one between others.
    RefusedError
        No figure, or one that means nothing: a quantity above what the enterprise declared at its end of the exchange,
        a price by which it would get no more, or pay no less, than proposed. Nothing is said of the other side.
    """
    proposal, enterprise = part
    mine = own_lines(connection, proposal, enterprise)
    made = []
    for item in asked:
        line = mine.get(item.get("number", -1))
        if line is None:
            raise refusal("not_found", what="term")
        figures = {name: _figure(name, item.get(name)) for name in ("quantity", "price")}
        if all(one is None for one in figures.values()):
            raise refusal("bad_value", what="counter", value="-", expected="quantity, price")
        _better(line, enterprise, figures["price"])
        quantity = figures["quantity"]
        if quantity is not None and quantity > line.quantity:
            most = _room(dataset_of(archive(connection, row.frozen), row.scenario), line, enterprise)
            if quantity > max(most, line.quantity):
                raise refusal("bad_value", what="quantity", value=quantity, expected=f"<= {most.normalize():f}")
        texts = {name: None if one is None else str(one) for name, one in figures.items()}
        made.append({"number": line.number, **texts})
    return made


def _figure(name: str, value: Any) -> Decimal | None:
    if value is None:
        return None
    try:
        number = decimal(value)
    except ValueError as error:
        raise refusal("bad_value", what=name, value=value, expected=str(error)) from error
    if name == "quantity" and number < 0:
        raise refusal("bad_value", what=name, value=value, expected=">= 0")
    return number


def _better(line: Row[Any], enterprise: str | None, price: Decimal | None) -> None:
    """Refuse a price that asks for nothing: a seller asks for more than proposed, a buyer for less."""
    if price is None or line.price is None:
        return
    sells = line.from_enterprise == enterprise
    if price <= line.price if sells else price >= line.price:
        raise refusal(
            "bad_value", what="price", value=price, expected=f"{'>' if sells else '<'} {line.price.normalize():f}"
        )


def _room(dataset: Dataset, line: Row[Any], enterprise: str | None) -> Decimal:
    """Return what an enterprise declared at its end of a line, units a year; without limit where it declared none."""
    sells = line.from_enterprise == enterprise
    kind, name = (line.outlet_kind, line.outlet) if sells else (line.inlet_kind, line.inlet)
    most = math.inf
    if kind in ("offer", "need"):
        frame = dataset[f"{kind}s"]
        most = float(frame.loc[frame[kind] == name, "quantity"].sum())
    elif kind == "facility":
        frame, recipes = dataset["facilities"], dataset["recipes"]
        (found,) = frame.loc[frame["facility"] == name, ["process", "capacity"]].itertuples(index=False)
        own = (recipes["process"] == found.process) & (recipes["commodity"] == line.commodity)
        most = float(found.capacity) * float(recipes.loc[own, "coefficient"].abs().sum())
    return decimal(f"{most:.6f}") if math.isfinite(most) else Decimal("Infinity")


def shared(counter: Sequence[Mapping[str, Any]], mine: Mapping[int, Row[Any]], partner: str) -> list[Record]:
    """Return the part of a counter-offer that a partner hears: lines between the two.

    Parameters
    ----------
    counter : sequence of mapping
        As from `countered`.
    mine : mapping of int to sqlalchemy.Row
        Lines of who asks, by number.
    partner : str
    """
    ends = {number: (line.from_enterprise, line.to_enterprise) for number, line in mine.items()}
    return [dict(item) for item in counter if partner in ends[item["number"]]]
