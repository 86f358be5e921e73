"""Comparison of two runs: differences in proposals, and the differences in inputs that explain them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd
from sqlalchemy import Connection

from synergy.dataset.schema import TABLES
from synergy.dataset.sheet import Dataset
from synergy.plan import Kind
from synergy.records.documents import PlanJSON, ProposalJSON
from synergy.records.figures import Measures
from synergy.records.names import Sheet
from synergy.records.runs import ChangeCause, ComparedInputs, ComparedProposal, ComparedTerm, Comparison, RunInput
from synergy.scenario import JSON, Cell
from synergy.store.access import Actor
from synergy.store.datasets import archive, dataset_of, measures_of
from synergy.store.queries import match_input
from synergy.store.rounds import round_row
from synergy.store.store import Store

SAME = 1e-6  # quantities that differ by less than this part are the same
_Terms = dict[tuple[str, str, str], float]


@dataclass(frozen=True, slots=True)
class _ComparedRun:
    """One of two compared runs: its plan, its dataset with the scenario applied, and its units."""

    plan: PlanJSON | None
    dataset: Dataset
    units: Measures

    @classmethod
    def of(cls, connection: Connection, given: RunInput) -> _ComparedRun:
        """Return the side of a run."""
        dataset = dataset_of(archive(connection, given.snapshot), given.scenario)
        plan = None if given.record is None else given.record["plan"]
        return cls(plan, dataset, measures_of(connection, round_row(connection, given.round).base))

    @property
    def proposals(self) -> dict[str, ProposalJSON]:
        """Return the proposals by id; a run without a plan made none."""
        return {} if self.plan is None else {one["id"]: one for one in self.plan["proposals"]}


_Pair = tuple[_ComparedRun, _ComparedRun]
_Found = tuple[ProposalJSON | None, ProposalJSON | None]  # a proposal before and after


def compare(store: Store, actor: Actor, first: int, second: int) -> Comparison:
    """Compare two runs that have plans, of the same round or of different ones.

    Settings, rulings and rows are compared with the scenarios applied. A cause names an input that differs and touches
    the proposal: ``ruling``, ``declaration``, ``dataset`` (of its sites, goods or processes), ``setting``, ``others``
    where only what touches others differs, and ``search`` where nothing does. Where more than one input differs, none
    is known to be the sole cause without solving with each.
    """
    one, other = match_input(store, actor, first), match_input(store, actor, second)
    with store.database.read() as connection:
        sides = _ComparedRun.of(connection, one), _ComparedRun.of(connection, other)
    inputs = _inputs(sides)
    plans = [side.plan for side in sides]
    before, after = (side.proposals for side in sides)
    table = sides[1].dataset["sites"]
    owner = dict(zip(table["site"], table["enterprise"], strict=True))
    found: dict[str, list[ComparedProposal]] = {"new": [], "lost": [], "changed": []}
    unproposed = [plan is None or (not plan["proposals"] and plan["standalone"] is None) for plan in plans]
    for ident in () if any(unproposed) else sorted(before.keys() | after.keys()):
        pair = before.get(ident), after.get(ident)
        word = "new" if pair[0] is None else "lost" if pair[1] is None else "changed"
        if word != "changed" or not _same(_terms(pair[0]), _terms(pair[1])):
            found[word].append(_told(ident, pair, sides, _why(pair, inputs, owner)))
    return Comparison(
        value=[side.units.money_if(side.plan["value"] if side.plan else None) for side in sides],
        gain=[side.units.money_if(side.plan["gain"] if side.plan else None) for side in sides],
        apart=_apart(*plans),
        sole=_sole(inputs),
        unproposed=unproposed,
        inputs=inputs,
        **found,
    )


def _apart(one: PlanJSON | None, other: PlanJSON | None) -> bool:
    """Return whether the optimal values of two plans provably differ, from their values and bounds."""
    if one is None or other is None or one["bound"] is None or other["bound"] is None:
        return False
    return max(one["value"], other["value"]) > min(one["bound"], other["bound"])


def _sole(inputs: ComparedInputs) -> ChangeCause | None:
    """Return the only input that differs: a setting, a ruling or one table; None unless exactly one does."""
    found = [ChangeCause(cause="setting", what=name) for name in inputs.settings]
    found += [ChangeCause(cause="ruling", what=ruling) for ruling in inputs.rulings]
    tables = dict.fromkeys(row["table"] for row in inputs.rows)
    found += [ChangeCause(cause="declaration" if table in set(Sheet) else "dataset", what=table) for table in tables]
    return found[0] if len(found) == 1 else None


def _terms(proposal: ProposalJSON | None) -> _Terms:
    if proposal is None:
        return {}
    return {(term["from"], term["to"], term["commodity"]): float(term["quantity"]) for term in proposal["terms"]}


def _same(before: _Terms, after: _Terms) -> bool:
    return before.keys() == after.keys() and all(
        abs(before[key] - after[key]) <= SAME * max(1.0, abs(before[key])) for key in before
    )


def _told(ident: str, pair: _Found, sides: _Pair, why: list[ChangeCause]) -> ComparedProposal:
    shown = [one for one in pair if one is not None][-1]
    before, after = (
        [
            ComparedTerm(from_site=giver, to_site=taker, commodity=good, quantity=side.units.amount(good, quantity))
            for (giver, taker, good), quantity in _terms(proposal).items()
        ]
        for proposal, side in zip(pair, sides, strict=True)
    )
    kind, firms = Kind(shown["kind"]), shown["enterprises"]
    return ComparedProposal(proposal=ident, kind=kind, enterprises=firms, before=before, after=after, why=why)


def _inputs(sides: _Pair) -> ComparedInputs:
    """Return the differences in inputs, with the scenarios applied: settings, rulings, rows of the tables."""
    sets = [side.dataset for side in sides]
    before, after = (each.settings.record() for each in sets)
    names = sorted(before.keys() - {"forbid", "fix"})
    settings = [name for name in names if before[name] != after[name]]
    rulings: list[dict[str, object]] = []
    for kind in ("forbid", "fix"):
        old, new = before[kind], after[kind]
        rulings += [{"kind": kind, "given": True, **pattern} for pattern in new if pattern not in old]
        rulings += [{"kind": kind, "given": False, **pattern} for pattern in old if pattern not in new]
    tables = [each.scenario.tables for each in sets]
    ruled = set()
    for table in ("links", "build_options"):
        for row in tables[1].get(table, ()):
            if row not in tables[0].get(table, ()):
                rulings.append({"kind": table, "given": True, **row})
                ruled.add((table, *(str(row.get(name, "")) for name in TABLES[table].key)))
    found = ((table, *one) for table in TABLES for one in _rows(table, sets[0][table], sets[1][table]))
    rows = [{"table": table, "key": list(key)} | row for table, key, row in found if (table, *key) not in ruled]
    return ComparedInputs(settings=settings, rulings=rulings, rows=rows)


def _rows(table: str, before: pd.DataFrame, after: pd.DataFrame) -> Iterator[tuple[tuple[str, ...], dict[str, JSON]]]:
    """Yield the rows of a table that differ: keys, places, and on which sides there is one."""
    key = [name for name in TABLES[table].key if name in before and name in after]
    if not key or before.equals(after):
        return
    old, new = (
        {tuple(row[name] for name in key): row for row in frame.to_dict("records")} for frame in (before, after)
    )
    for place in sorted(old.keys() | new.keys(), key=str):
        one, other = old.get(place), new.get(place)
        if one is None or other is None or any(not _equal(one[name], other.get(name)) for name in one):
            shown = other or one or {}
            told = {name: shown[name] for name in ("site", "commodity", "process", "holder") if name in shown}
            yield tuple(map(str, place)), told | {"before": one is not None, "after": other is not None}


def _equal(one: Cell, other: Cell) -> bool:
    return bool(one == other) or bool(pd.isna(one) and pd.isna(other))


def _why(pair: _Found, inputs: ComparedInputs, owner: Mapping[str, str]) -> list[ChangeCause]:
    """Return the input differences that affect a proposal, else ``others``, or ``search`` where inputs are equal."""
    shown = [one for one in pair if one is not None]
    sites = {end for one in shown for term in one["terms"] for end in (term["from"], term["to"])}
    exchanges = {(term["from"], term["to"], term["commodity"]) for one in shown for term in one["terms"]}
    firms = {name for one in shown for name in one["enterprises"]}
    goods = {name for one in shown for name in one["commodities"]}
    why = [
        ChangeCause(cause="ruling", what=ruling)
        for ruling in inputs.rulings
        if any(_touches(ruling, exchange, owner) for exchange in exchanges) or ruling.get("site") in sites
    ]
    for row in inputs.rows:
        own = owner.get(row.get("site", ""), "") in firms
        if own or (row.get("commodity") in goods and row["table"] not in set(Sheet)):
            declared = own and row["table"] in set(Sheet)
            why.append(ChangeCause(cause="declaration" if declared else "dataset", what=row))
    why += [ChangeCause(cause="setting", what=name) for name in inputs.settings]
    differ = inputs.settings or inputs.rulings or inputs.rows
    return why or [ChangeCause(cause="others" if differ else "search", what=None)]


def _touches(ruling: Mapping[str, JSON], exchange: tuple[str, str, str], owner: Mapping[str, str]) -> bool:
    """Return whether a ruling pattern matches an exchange; a missing key matches any value."""
    giver, taker, good = exchange
    asked = {"from_site": giver, "to_site": taker, "commodity": good}
    asked |= {"from_enterprise": owner.get(giver, ""), "to_enterprise": owner.get(taker, "")}
    return "process" not in ruling and all(ruling.get(name) in (None, value) for name, value in asked.items())
