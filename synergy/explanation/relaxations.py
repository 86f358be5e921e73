"""Lifts: relaxations of each single constraint that may keep a feasible exchange out, in full or by an amount."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from synergy.explanation.trial import ROOM, Exchange
from synergy.model.assembly import Block
from synergy.network.ends import EndKind, Ends
from synergy.network.links import matches
from synergy.network.places import Bools, Floats, Ints

AMPLE = ROOM - 1.0  # times what an end has now: as good as without limit, and bounded


@dataclass(frozen=True, slots=True)
class Lift:
    """Relaxation of one constraint.

    `code` is that of the reason if this constraint blocks the exchange; `apply` relaxes it by an amount, within
    `Held.trying`. The amount `full` drops the constraint, `step` is the smallest worth trying, 0 where it can only be
    dropped entirely; `total` is all there is, where an amount is a fraction of it.
    """

    code: str
    apply: Callable[[float], None]
    full: float = np.inf
    step: float = 0.0
    total: float = 0.0


def lifts(exchange: Exchange) -> Iterator[Lift]:
    """Yield all relaxations that apply to an exchange, in the order in which they are reported."""
    yield from _rules(exchange)
    yield from _scales(exchange)
    yield from _capital(exchange)
    yield from _ends(exchange)
    yield from _compulsory(exchange)


def _rows(exchange: Exchange, name: str, hit: Callable[[Block], Bools] | None = None) -> Ints:
    """Return the rows of a constraint family, or the selected ones."""
    block = exchange.trial.model.rows.get(name)
    if block is None or not len(block):
        return np.empty(0, np.int64)
    return block.positions if hit is None else block.start + np.flatnonzero(hit(block))


def _wider(exchange: Exchange, rows: Ints, sign: float = 1.0) -> Callable[[float], None]:
    """Return the relaxation that raises the upper limits of some rows, or lowers their lower limits."""
    held = exchange.trial.held

    def apply(amount: float) -> None:
        low, high = held.row_limits(rows)
        held.limit(rows, low, high + amount) if sign > 0 else held.limit(rows, low - amount, high)

    return apply


def _more(exchange: Exchange, rows: Ints) -> Callable[[float], None]:
    """Return the relaxation that raises the upper limits of some rows by a total amount, each in proportion."""
    held = exchange.trial.held
    low, high = held.row_limits(rows)
    part = high / high.sum() if 0 < high.sum() < np.inf else np.full(len(rows), 1.0 / max(1, len(rows)))

    def apply(amount: float) -> None:
        held.limit(rows, low, high + amount * part)

    return apply


def _rules(exchange: Exchange) -> Iterator[Lift]:
    """Yield the relaxations of quality, keep, partner, budget, cap, mode-share and fixed-exchange constraints."""
    trial, question = exchange.trial, exchange.question
    network, settings = trial.network, trial.dataset.settings
    for name in ("quality_max", "quality_min"):
        rows = _rows(exchange, name, lambda block: np.isin(block.key["sink"], exchange.sinks))
        if len(rows):
            yield Lift("quality", _wider(exchange, rows))
    rows = _rows(exchange, "keep", lambda block: np.isin(block.key["end"], exchange.outlets))
    if len(rows):
        yield Lift("keep", _more(exchange, rows), step=exchange.most * 1e-3)
    rows = _rows(exchange, "max_partners", lambda block: np.isin(block.key["enterprise"], exchange.owners))
    if len(rows) and exchange.partnership:
        yield Lift("max_partners", _wider(exchange, rows), step=1.0)
    for name, step in (("capex_budget", settings.capex_budget), ("co2_cap", settings.co2_cap)):
        rows = _rows(exchange, name)
        if len(rows):
            yield Lift(name, _wider(exchange, rows), step=max(1.0, abs(step or 0.0)) * 1e-6)
    shared = np.array([rule.commodity == question.commodity for rule in settings.mode_share], dtype=bool)
    rows = _rows(exchange, "mode_share", lambda _: shared)
    if len(rows):
        yield Lift("mode_share", _wider(exchange, rows, -1.0))
    places = network.places
    ends = [np.flatnonzero(places.sites == site) for site in (question.origin, question.target)]
    good = np.flatnonzero(places.commodities == question.commodity)
    fixed: Bools = np.asarray(
        [matches(one, places, ends[0], ends[1], good).any() for one in settings.fix], dtype=np.bool_
    )
    rows = _rows(exchange, "fix", lambda _: fixed)
    if len(rows):
        yield Lift("fix", _between(exchange, rows))


def _between(exchange: Exchange, rows: Ints) -> Callable[[float], None]:
    """Return the relaxation that widens the limits of some rows on both sides."""

    def apply(amount: float) -> None:
        low, high = exchange.trial.held.row_limits(rows)
        exchange.trial.held.limit(rows, low - amount, high + amount)

    return apply


def _units(exchange: Exchange) -> Ints:
    """Return the units at both ends of the exchange."""
    network = exchange.trial.network
    sides = ((network.outlets, exchange.outlets), (network.inlets, exchange.inlets))
    return np.unique(np.concatenate([exchange.units(ends, members) for ends, members in sides]))


def _scales(exchange: Exchange) -> Iterator[Lift]:
    """Yield the relaxations of a facility's minimum load and of a step's minimum size."""
    units, steps = _units(exchange), exchange.trial.network.units.steps
    rows = _rows(exchange, "load_min", lambda block: np.isin(block.key["unit"], units))
    if len(rows):
        yield Lift("least_load", _wider(exchange, rows, -1.0))
    rows = _rows(exchange, "size_min", lambda block: np.isin(steps.unit[block.key["step"]], units))
    if len(rows):
        yield Lift("min_scale", _wider(exchange, rows, -1.0))


def _free(exchange: Exchange, columns: Ints) -> Callable[[float], None]:
    """Return the relaxation that sets the cost of some columns to zero."""

    def apply(_: float) -> None:
        held = exchange.trial.held
        held.price(columns, -exchange.trial.model.cost[columns])

    return apply


def _capital(exchange: Exchange) -> Iterator[Lift]:
    """Yield the relaxations that drop the capex of links and of builds."""
    trial, model = exchange.trial, exchange.trial.model
    own = exchange.own
    opened = model.column("open")
    links = own[(own >= opened.start) & (own < opened.stop)]
    if len(links):
        yield Lift("capex", _free(exchange, links))
    built, size, steps = model.column("built"), model.column("size"), trial.network.units.steps
    new = own[(own >= built.start) & (own < built.stop)]
    if len(new):
        step = built.key["step"][new - built.start]
        of = np.isin(steps.unit[size.key["step"]], steps.unit[step])
        yield Lift("build_cost", _free(exchange, np.concatenate([new, size.start + np.flatnonzero(of)])))


def _ends(exchange: Exchange) -> Iterator[Lift]:
    """Yield the relaxations of the supply at the outlets and of the demand at the inlets."""
    network = exchange.trial.network
    for code, name, ends, members in (
        ("supply_exhausted", "give", network.outlets, exchange.outlets),
        ("need_met", "take", network.inlets, exchange.inlets),
    ):
        traded, run = end_columns(exchange, name, members), _runs(exchange, ends, members)
        weight = np.concatenate([np.ones(len(traded)), _per_run(exchange, ends, members, run)])
        columns = np.concatenate([traded, run])
        if len(columns):
            yield _amounts(exchange, code, columns, weight)


def end_columns(exchange: Exchange, name: str, members: Ints, kinds: tuple[EndKind, ...] = ()) -> Ints:
    """Return the give or take columns of some ends in the periods asked about."""
    block, network = exchange.trial.model.column(name), exchange.trial.network
    if not len(block):
        return np.empty(0, np.int64)
    ends = network.outlets if name == "give" else network.inlets
    hit = np.isin(block.key["end"], members) & exchange.question.periods(network)[block.key["period"]]
    if kinds:
        hit &= np.isin(ends.kind[block.key["end"]], np.asarray(kinds))
    return block.start + np.flatnonzero(hit)


def _runs(exchange: Exchange, ends: Ends, members: Ints) -> Ints:
    """Return the run columns of the existing facilities among some ends, in the periods asked about."""
    run, network = exchange.trial.model.column("run"), exchange.trial.network
    if not len(run):
        return np.empty(0, np.int64)
    units = exchange.units(ends, members)
    units = units[~network.units.is_build[units]]
    hit = np.isin(run.key["unit"], units) & exchange.question.periods(network)[run.key["period"]]
    return run.start + np.flatnonzero(hit)


def _per_run(exchange: Exchange, ends: Ends, members: Ints, columns: Ints) -> Floats:
    """Return the amount of the commodity made or used per unit of activity of each run column."""
    units = np.zeros(len(exchange.trial.network.units.ids))
    unit = members[ends.kind[members] == EndKind.UNIT]
    np.add.at(units, ends.ref[unit], ends.coefficient[unit])
    run = exchange.trial.model.column("run")
    return np.asarray(units[run.key["unit"][columns - run.start]] if len(columns) else np.empty(0))


def _amounts(exchange: Exchange, code: str, columns: Ints, weight: Floats) -> Lift:
    """Return the relaxation that raises the upper bounds of some columns by the same factor."""
    held = exchange.trial.held
    low, high = held.bounds(columns)
    total = float((weight * np.where(np.isfinite(high), high, 0.0)).sum())

    def apply(amount: float) -> None:
        held.bound(columns, low, high * (1 + amount / total) if total > 0 else high)

    return Lift(code, apply, full=AMPLE * total, step=total * 1e-4, total=total)


def _compulsory(exchange: Exchange) -> Iterator[Lift]:
    """Yield the relaxation of all positive lower bounds: compulsory offers, needs and runs."""
    model, held = exchange.trial.model, exchange.trial.held
    columns = np.flatnonzero((model.lower > 0) & ~model.integer)
    if len(columns):
        _, high = held.bounds(columns)
        yield Lift("compulsory", lambda _: held.bound(columns, np.zeros(len(columns)), high))
