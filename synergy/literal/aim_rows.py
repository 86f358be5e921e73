"""Constraints of the round: partners, deals of today, budget, cap, mode shares and what is fixed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from synergy.literal.exchanges import deals_of, partnership
from synergy.literal.parts import Parts, enterprises_of
from synergy.literal.routes import matches
from synergy.literal.rows import Block, Entries, at_least, at_most, equal, grouped
from synergy.literal.scope import Variant, named
from synergy.literal.unit_rows import together
from synergy.literal.value import capex, emissions


def partners(parts: Parts) -> Iterator[Block]:
    """Enterprises exchange only as partners, and each has at most max_partners of them."""
    most = parts.scope.settings.max_partners
    if most is None:
        return
    exchanges, couples = parts.exchanges, parts.couples
    among = np.flatnonzero(partnership(parts.scope, parts.start(), parts.end()))
    one, other = enterprises_of(parts, among)
    pairs = pd.MultiIndex.from_frame(couples)
    couple = pairs.get_indexer(pd.MultiIndex.from_arrays([one, other], names=["one", "other"]))
    group, (pair, commodity, period) = grouped(couple, parts.commodity()[among], exchanges.period[among])
    flows = Entries(group, among, 1.0)
    switch = Entries(np.arange(len(pair)), parts.first["partner"] + pair, -1.0)
    names = named(couples["one"] + "|" + couples["other"], pair), parts.scope.goods(commodity)
    block = Block("partner", *names, parts.scope.when(period), *at_most(len(pair)), (flows, switch))
    yield together(parts, block, among, group)
    sides = pd.concat([couples["one"], couples["other"]], ignore_index=True)
    row, members = pd.factorize(sides, sort=True)
    chosen = Entries(row, parts.first["partner"] + np.tile(np.arange(len(couples)), 2), 1.0)
    yield Block("max_partners", np.asarray(members), "", "", *at_most(len(members), most), (chosen,))


def deals(parts: Parts) -> Iterator[Block]:
    """Today, what goes from an enterprise to another along a deal is at most its quantity * share(t)."""
    if parts.scope.variant is not Variant.TODAY:
        return
    exchanges, routes = parts.exchanges, parts.routes
    table = deals_of(parts.scope)
    known = routes.assign(route=np.arange(len(routes)))[["from", "to", "commodity", "route"]]
    found = known.merge(table.reset_index(names="deal"), on=["from", "to", "commodity"])
    deal = np.full(len(routes), -1, dtype=np.int64)
    deal[found["route"]] = found["deal"]
    among = np.flatnonzero(partnership(parts.scope, parts.start(), parts.end()))
    group, (which, period) = grouped(deal[exchanges.route[among]], exchanges.period[among])
    start, end = (parts.scope.place(table[side].to_numpy()[which]) for side in ("from", "to"))
    goods = parts.scope.goods(table["commodity"].to_numpy()[which])
    upper = table["quantity"].to_numpy(dtype=float)[which] * parts.scope.shares[period]
    flows = Entries(group, among, 1.0)
    yield Block("deal", start + ">" + end, goods, parts.scope.when(period), *at_most(len(which), upper), (flows,))


def aims(parts: Parts) -> Iterator[Block]:
    """Budget, cap, mode shares and what is fixed bind everyone together, and no smaller coalition."""
    if not parts.scope.aims:
        return
    settings, columns = parts.scope.settings, np.arange(parts.first[""])
    if settings.capex_budget is not None:
        spent = Entries(0, columns, capex(parts))
        yield Block("capex_budget", "", "", "", *at_most(1, settings.capex_budget), (spent,))
    if settings.co2_cap is not None:
        emitted = Entries(0, columns, emissions(parts))
        yield Block("co2_cap", "", "", "", *at_most(1, settings.co2_cap), (emitted,))
    yield from _mode_shares(parts)
    yield from _fixed(parts)


def _mode_shares(parts: Parts) -> Iterator[Block]:
    """Of what moves of a commodity between sites at least a part goes by some modes, by quantity leaving."""
    moved = np.flatnonzero(parts.exchanges.route > 0)
    route = parts.exchanges.route[moved]
    mode = parts.routes["mode"].to_numpy()[route]
    commodity = parts.scope.dataset["commodities"]["commodity"].to_numpy()[parts.commodity()[moved]]
    for index, rule in enumerate(parts.scope.settings.mode_share):
        counted = commodity == rule.commodity
        value = np.isin(mode[counted], list(rule.modes)) - rule.minimum
        entries = Entries(0, moved[counted], value)
        yield Block("mode_share", str(index), rule.commodity, "", *at_least(1), (entries,))


def _fixed(parts: Parts) -> Iterator[Block]:
    """What is fixed leaves in exactly that quantity over the year, whatever the mode."""
    moved = np.flatnonzero(parts.exchanges.route > 0)
    ends = pd.DataFrame({"from": parts.start(), "to": parts.end(), "commodity": parts.commodity()}).iloc[moved]
    for index, pattern in enumerate(parts.scope.settings.fix):
        entries = Entries(0, moved[matches(parts.scope, pattern, ends)], 1.0)
        bounds = equal(1, pattern.quantity or 0.0)
        yield Block("fix", str(index), pattern.commodity or "", "", *bounds, (entries,))
