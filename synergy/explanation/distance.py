"""Distance: how much nearer two sites would have to be, solved with the shorter link."""

from __future__ import annotations

from collections.abc import Iterator

from synergy.explanation.facts import Change, Fact
from synergy.explanation.mend import changed
from synergy.explanation.trial import Exchange, Trial, Way

HALVINGS = 4


def nearer(exchange: Exchange, link: int, amount: float) -> Iterator[Change]:
    """Yield the greatest length of a link at which an exchange enters, where its length decides.

    Parameters
    ----------
    exchange : Exchange
    link : int
        Link that carries it.
    amount : float
        Money per unit by which it would have to be cheaper.

    Yields
    ------
    Change
        At most one; amount in km.
    """
    trial = exchange.trial
    links, question = trial.network.links, exchange.question
    rate = _rate(exchange, str(links.mode[link]))
    km = float(links.km[link])
    if rate <= 0 or not km > 0:
        return
    row = {"from_site": question.origin, "to_site": question.target, "commodity": question.commodity}
    row["mode"] = str(links.mode[link])
    good, bad = km - amount / rate, km
    way = entering(exchange, row, good) if good > 0 else None
    if way is None:
        good, bad = 0.0, max(good, 0.0) or km
        way = entering(exchange, row, good)
        if way is None:
            return
    for _ in range(HALVINGS):
        middle = (good + bad) / 2
        found = entering(exchange, row, middle)
        good, bad, way = (good, middle, way) if found is None else (middle, bad, found)
    facts = {"amount": km - good, "km": good, "quantity": way.quantity, "value": way.rest.value}
    told = {name: Fact(value) for name, value in facts.items()}
    yield Change("distance", told, {"links": [{**row, "km": good}]}, whole=tuple(way.whole.tolist()))


def entering(exchange: Exchange, row: dict[str, str], km: float) -> Way | None:
    """Return the plan in which the exchange is made over a link of another length, None where it is not."""
    trial = exchange.trial
    other = Trial(changed(trial.dataset, {"links": [{**row, "km": km}]}), trial.decisions)
    shorter = Exchange(other, exchange.question)
    if not len(shorter.flows):
        return None
    way = shorter.forced()
    return None if way is None else shorter.enters(way)


def _rate(exchange: Exchange, mode: str) -> float:
    """Return what a kilometre costs a unit, 0 where a row of links says the cost itself."""
    dataset, question = exchange.trial.dataset, exchange.question
    links, rows = dataset["links"], dataset["transport"]
    mine = (links["from_site"] == question.origin) & (links["to_site"] == question.target)
    mine &= (links["commodity"] == question.commodity) & (links["mode"] == mode)
    if links.loc[mine, "cost_per_unit"].notna().any():
        return 0.0
    rows = rows[(rows["mode"] == mode) & (rows["commodity"] == question.commodity)]
    if not len(rows):
        return 0.0
    carbon = dataset.settings.carbon_price * float(rows["co2_per_unit_km"].fillna(0.0).iloc[0])
    return float(rows["cost_per_unit_km"].fillna(0.0).iloc[0]) + carbon
