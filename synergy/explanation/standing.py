"""Standing: what an exchange of the plan brings, what would take its place, and what would throw it out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from synergy.explanation.facts import Change, Fact
from synergy.explanation.lifts import end_columns
from synergy.explanation.searches import MARGINS, NEWTONS, smallest
from synergy.explanation.sides import disposed_flows, mixed, prices_of
from synergy.explanation.trial import Exchange
from synergy.model.held import Rest
from synergy.network.places import Floats, Ints

SHOWN = 3  # alternatives told on each side


@dataclass(frozen=True, slots=True)
class Alternative:
    """An exchange that takes the place of one that is left out.

    Parameters
    ----------
    end : str
        ``origin`` (the same goods go there instead) or ``target`` (they come from there instead).
    site : str
        The other site.
    mode : str
        "" inside a site.
    more : float
        How much more of it a year.
    """

    end: str
    site: str
    mode: str
    more: float


@dataclass(frozen=True, slots=True)
class Standing:
    """What an exchange of the plan is worth.

    Parameters
    ----------
    quantity : float
        A year, in the plan.
    without : Rest
        The best plan without it, what it alone needed given back.
    brings : float
        Money a year lost without it; infinite where there is no plan without it.
    alternatives : tuple of Alternative
    """

    quantity: float
    without: Rest
    brings: float
    alternatives: tuple[Alternative, ...]


def stand(exchange: Exchange, planned: float) -> Standing:
    """Return what an exchange of the plan brings.

    Parameters
    ----------
    exchange : Exchange
    planned : float
        What the plan exchanges; solved again, another plan of the same value may do without.

    Returns
    -------
    Standing
    """
    trial, held = exchange.trial, exchange.trial.held
    with held.trying():
        _leave_out(exchange)
        without = held.solve()
    brings = trial.value - without.value
    if abs(brings) <= trial.tie:
        brings = 0.0
    return Standing(planned, without, brings, _alternatives(exchange, without))


def _leave_out(exchange: Exchange) -> None:
    """Bar its flows, and close the links that it alone uses."""
    trial, held, flow = exchange.trial, exchange.trial.held, exchange.trial.model.column("flow")
    zero = np.zeros(len(exchange.flows))
    held.bound(exchange.flows, zero, zero)
    opened = trial.model.column("open")
    if not len(opened):
        return
    link = trial.network.arcs.link[flow.key["arc"]]
    used = trial.rest.x[flow.span] > 0
    used[exchange.flows - flow.start] = False
    mine = np.isin(opened.key["link"], exchange.links) & ~np.isin(opened.key["link"], link[used])
    columns = opened.start + np.flatnonzero(mine & (trial.whole[opened.span] > 0.5))
    held.bound(columns, np.zeros(len(columns)), np.zeros(len(columns)))


def _alternatives(exchange: Exchange, without: Rest) -> tuple[Alternative, ...]:
    """Return the exchanges of the same goods that grow most where it is left out."""
    if not len(without.x):
        return ()
    trial, network = exchange.trial, exchange.trial.network
    flow, places, arcs = trial.model.column("flow"), network.places, network.arcs
    more = (without.x - trial.rest.x)[flow.span]
    by_arc = np.bincount(flow.key["arc"], weights=more, minlength=len(arcs.link))
    modes = np.append(network.links.mode, "")
    found: list[Alternative] = []
    for end, same, other in (
        ("origin", np.isin(arcs.outlet, exchange.sources), network.sinks.site[arcs.inlet]),
        ("target", np.isin(arcs.inlet, exchange.sinks), network.sources.site[arcs.outlet]),
    ):
        grown: Floats = np.where(same, by_arc, 0.0)
        for arc in np.argsort(-grown, kind="stable")[:SHOWN]:
            if grown[arc] > 1e-3 * exchange.quantity(trial.rest):
                site = str(places.sites[other[arc]])
                found.append(Alternative(end, site, str(modes[arcs.link[arc]]), float(grown[arc])))
    return tuple(found)


def thrown_out(exchange: Exchange, standing: Standing) -> Iterator[Change]:
    """Yield what would throw an exchange out of the plan, the smallest change of each kind.

    Parameters
    ----------
    exchange : Exchange
    standing : Standing

    Yields
    ------
    Change
        ``charge`` (money per unit on the exchange), ``price_paid_less``, ``price_asked_more``.
    """
    charge = _charge(exchange, standing)
    if charge is None:
        return
    yield Change("charge", {"amount": Fact(charge)})
    held = exchange.trial.held
    for side, kind in (("take", "price_paid_less"), ("give", "price_asked_more")):
        members = prices_of(exchange, side)
        columns = end_columns(exchange, side, members)
        if not len(columns) or (side == "give" and mixed(exchange, members)):
            continue
        unpaid = disposed_flows(exchange.trial, members) if side == "give" else columns[:0]

        def gone(amount: float, columns: Ints = columns, unpaid: Ints = unpaid) -> bool:
            with held.trying():
                held.price(columns, -amount)
                held.price(unpaid, amount)
                return _out(exchange)

        amount = smallest(gone, max(charge, held.grain(columns)), 1e3 * max(charge, 1.0))
        if amount is not None:
            yield Change(kind, {"amount": Fact(amount)})


def _out(exchange: Exchange) -> bool:
    """Return whether the plan under what is asked now is better off without the exchange."""
    held = exchange.trial.held
    with_it = held.solve()
    if exchange.quantity(with_it) <= 0:
        return True
    with held.trying():
        _leave_out(exchange)
        return held.worth() > with_it.value


def _charge(exchange: Exchange, standing: Standing) -> float | None:
    """Return the smallest charge per unit that throws it out, None where none does (Newton from below)."""
    trial, held = exchange.trial, exchange.trial.held
    if not np.isfinite(standing.brings) or standing.quantity <= 0:
        return None
    amount = max(standing.brings, 0.0) / standing.quantity
    for _ in range(NEWTONS):
        with held.trying():
            held.price(exchange.flows, -amount)
            rest = held.solve()
        left, quantity = rest.value - standing.without.value, exchange.quantity(rest)
        if quantity <= 0 or left <= trial.tie:
            break
        more = left / quantity
        if more <= held.grain(exchange.flows):
            break
        amount += more
    for margin in MARGINS:
        more = amount + margin * max(held.grain(exchange.flows), 1e-6 * amount)
        with held.trying():
            held.price(exchange.flows, -more)
            if _out(exchange):
                return more
    return None
