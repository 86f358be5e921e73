"""Weighing: why a possible exchange is not in a plan, each cause confirmed by taking it away and solving again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synergy.candidates.dominance import beaten_by_market
from synergy.explanation.facts import PUBLIC, Fact, Reason
from synergy.explanation.lifts import Lift, lifts
from synergy.explanation.scale import scale_facts
from synergy.explanation.searches import noise, smallest, subsidy
from synergy.explanation.sides import cost_facts, larger_link, link_privacy, quality_facts
from synergy.explanation.trial import Exchange, Way
from synergy.network.ends import OutletClass
from synergy.network.places import PUBLIC as PUBLIC_PLACE


@dataclass(frozen=True, slots=True)
class Cause:
    """A lift that lets an exchange in.

    Parameters
    ----------
    lift : Lift
    way : Way
        The plan in which it is exchanged then.
    amount : float or None
        Smallest amount of the lift that suffices; None where it is lifted whole.
    """

    lift: Lift
    way: Way
    amount: float | None


@dataclass(frozen=True, slots=True)
class Weighed:
    """What was found about a possible exchange.

    Parameters
    ----------
    forced : Way or None
        The best plan in which it is forced in; None where no plan has it.
    reasons : tuple of Reason
        The first is the main one.
    causes : tuple of Cause
        What lets it in, one by one.
    subsidy : (float, Way) or None
        Smallest payment per unit that brings it in.
    """

    forced: Way | None
    reasons: tuple[Reason, ...]
    causes: tuple[Cause, ...] = ()
    subsidy: tuple[float, Way] | None = None


def weigh(exchange: Exchange) -> Weighed:
    """Return why a possible exchange is not in the plan.

    Parameters
    ----------
    exchange : Exchange
        With at least one flow, none of which the plan uses.

    Returns
    -------
    Weighed
    """
    trial, forced = exchange.trial, exchange.forced()
    if forced is None:
        causes = _causes(exchange, None)
        reasons = tuple(_reason(exchange, cause, None) for cause in causes) or (Reason("several"),)
        return Weighed(None, reasons, causes)
    gain = forced.rest.value - trial.value
    if gain > trial.tie:
        return Weighed(forced, (Reason("within_gap", {"number": Fact(gain)}),))
    paid = subsidy(exchange, forced)
    lost = {"number": Fact(None if paid is None else paid[0])}
    if gain >= -trial.tie and paid is not None and noise(exchange, paid[0]):
        return Weighed(forced, (Reason("tie"),), subsidy=paid)
    causes = _causes(exchange, forced)
    found = [*_outside(exchange), *(_reason(exchange, cause, forced) for cause in causes)]
    if not found and exchange.needs(forced).any():
        found = [Reason("cost_open", lost | {"opened": Fact(_annual(exchange, forced))})]
    elif not found:
        found = [Reason("cost", lost | cost_facts(exchange))]
    return Weighed(forced, tuple(found), causes, paid)


def _causes(exchange: Exchange, forced: Way | None) -> tuple[Cause, ...]:
    """Return the lifts that let the exchange in; where none does, those that make it possible at all."""
    held, found, possible = exchange.trial.held, [], []
    for lift in lifts(exchange):
        with held.trying():
            lift.apply(lift.full)
            way = forced or exchange.forced()
            entered = None if way is None else exchange.enters(way)
        if entered is not None:
            found.append(Cause(lift, entered, _amount(exchange, lift, entered)))
        elif forced is None and way is not None:
            possible.append(Cause(lift, way, None))
    return tuple(found or possible)


def _annual(exchange: Exchange, way: Way) -> float:
    """Return what a year costs of all that a way opens or builds whole."""
    return -float(exchange.trial.model.cost[exchange.own] @ exchange.needs(way))


def _amount(exchange: Exchange, lift: Lift, way: Way) -> float | None:
    """Return the smallest amount of a lift that suffices."""
    if lift.step <= 0:
        return None
    held = exchange.trial.held

    def test(amount: float) -> bool:
        with held.trying():
            lift.apply(amount)
            return exchange.enters(way) is not None

    return smallest(test, lift.step, lift.full)


def _reason(exchange: Exchange, cause: Cause, forced: Way | None) -> Reason:
    """Return a cause as a reason with its figures."""
    code = cause.lift.code
    facts = {} if cause.amount is None else {"number": Fact(cause.amount)}
    if code == "quality":
        facts |= quality_facts(exchange)
    elif code in ("min_scale", "build_cost", "least_load"):
        facts |= scale_facts(exchange, cause.way)
    if code in ("capex", "build_cost") and forced is not None:
        alone = exchange.along(forced)
        short = exchange.trial.value - (alone if alone.quantity > 0 else forced).rest.value
        facts |= {"number": Fact(short)}
    return Reason(code, facts)


def _outside(exchange: Exchange) -> Sequence[Reason]:
    """Return what follows from prices outside and from rival links alone."""
    trial, network = exchange.trial, exchange.trial.network
    if not len(exchange.links):
        return ()
    larger = larger_link(exchange)
    flow = trial.model.column("flow")
    place = exchange.flows - flow.start
    arc, period = flow.key["arc"][place], flow.key["period"][place]
    beaten = beaten_by_market(network)[arc, period]
    if not (beaten >= 0).all():
        return (larger,) if larger is not None else ()
    owner = network.places.owner
    private = set()
    for groups, group, place_rank in (
        (network.sources, network.arcs.outlet[arc], OutletClass.PLACE),
        (network.sinks, network.arcs.inlet[arc], 2),
    ):
        sited = groups.site[group[groups.rank[group] == place_rank]]
        private |= {str(network.places.enterprises[one]) for one in owner[sited] if one != PUBLIC_PLACE}
    own, shared = link_privacy(exchange)
    if own and private:
        shared = PUBLIC  # a price at a member's place and a link of the two ends: nobody knows both
    number = Fact(float(np.min(beaten)), own | frozenset(private), shared)
    return (Reason("market", {"number": number}),)
