"""Comparison of two runs: differences in proposals, and the differences in inputs that explain them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from synergy.dataset.schema import TABLES
from synergy.dataset.sheet import Dataset
from synergy.store.access import Actor
from synergy.store.backup import archive, dataset_of
from synergy.store.column_types import rounded, written
from synergy.store.commit import Record
from synergy.store.names import Sheet
from synergy.store.queries import match_input
from synergy.store.store import Store

SAME = 1e-6  # quantities that differ by less than this part are the same
_ENDS = ("from_site", "to_site", "commodity")
_Terms = dict[tuple[str, str, str], float]


def compare(store: Store, actor: Actor, first: int, second: int) -> Record:
    """Compare two runs, of the same round or of different ones.

    Parameters
    ----------
    store : Store
    actor : Actor
        A planner or auditor.
    first, second : int
        Runs that brought a plan.

    Returns
    -------
    dict
        ``{value, gain, apart, sole, unproposed, inputs, new, lost, changed}``: value and gain as ``[before, after]``
        exact texts; apart: whether the values differ by more than the gaps leave open; sole: the input that alone
        differs and so is proven to be what keeps the values apart, as ``{cause, what}``, None where none does or
        several do, of which none can be told apart without solving with each; unproposed: which of the two made no
        proposals, with which nothing is compared; inputs, with the scenarios applied, ``{settings: [...],
        rulings: [...], rows: [{table, key, before, after}]}``; each proposal as ``{proposal, kind, enterprises, before,
        after, why: [{cause, what}]}`` with quantities by exchange. Why names what went in differently and touches the
        proposal: ``ruling``, ``declaration``, ``dataset`` (of its sites, goods or processes), ``setting``, ``others``
        where only what touches others differs, and ``search`` where nothing does.
    """
    one, other = match_input(store, actor, first), match_input(store, actor, second)
    with store.database.read() as connection:
        sets = [dataset_of(archive(connection, each["snapshot"]), each["scenario"]) for each in (one, other)]
    inputs = _inputs(sets)
    plans = [each["record"]["plan"] if each["record"] else {"proposals": []} for each in (one, other)]
    before, after = ({item["id"]: item for item in plan["proposals"]} for plan in plans)
    owner = dict(zip(sets[1]["sites"]["site"], sets[1]["sites"]["enterprise"], strict=True))
    found: Record = {"new": [], "lost": [], "changed": []}
    unproposed = [not plan["proposals"] and plan.get("standalone") is None for plan in plans]
    for ident in () if any(unproposed) else sorted(before.keys() | after.keys()):
        old, new = before.get(ident), after.get(ident)
        word = "new" if old is None else "lost" if new is None else "changed"
        terms = (_terms(old), _terms(new))
        if word == "changed" and _same(*terms):
            continue
        found[word].append(_told(ident, (old, new), terms, _why((old, new), inputs, owner)))
    money = {name: [_money(plan.get(name)) for plan in plans] for name in ("value", "gain")}
    return {
        **money,
        "apart": _apart(*plans),
        "sole": _sole(inputs),
        "unproposed": unproposed,
        "inputs": inputs,
        **found,
    }


def _apart(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether the optimal values of two plans provably differ, from their values and bounds."""
    figures = [plan.get(name) for name in ("value", "bound") for plan in (one, other)]
    known = [float(figure) for figure in figures if figure is not None]
    return len(known) == len(figures) and max(known[:2]) > min(known[2:])


def _sole(inputs: Mapping[str, Any]) -> Record | None:
    """Return the only input that differs: a setting, a ruling or one table; None unless exactly one does."""
    found = [{"cause": "setting", "what": name} for name in inputs["settings"]]
    found += [{"cause": "ruling", "what": ruling} for ruling in inputs["rulings"]]
    tables = list(dict.fromkeys(row["table"] for row in inputs["rows"]))
    found += [{"cause": "declaration" if table in set(Sheet) else "dataset", "what": table} for table in tables]
    return found[0] if len(found) == 1 else None


def _money(value: float | None) -> str | None:
    return None if value is None else written(rounded(value))


def _terms(proposal: Mapping[str, Any] | None) -> _Terms:
    if proposal is None:
        return {}
    return {(term["from"], term["to"], term["commodity"]): float(term["quantity"]) for term in proposal["terms"]}


def _same(before: _Terms, after: _Terms) -> bool:
    return before.keys() == after.keys() and all(
        abs(before[key] - after[key]) <= SAME * max(1.0, abs(before[key])) for key in before
    )


def _told(ident: str, pair: tuple[Any, Any], terms: tuple[_Terms, _Terms], why: list[Record]) -> Record:
    shown = pair[1] or pair[0]
    listed = [[dict(zip(_ENDS, key, strict=True)) | {"quantity": one} for key, one in side.items()] for side in terms]
    return {
        "proposal": ident,
        "kind": shown["kind"],
        "enterprises": list(shown["enterprises"]),
        "before": listed[0],
        "after": listed[1],
        "why": why,
    }


def _inputs(sets: list[Dataset]) -> Record:
    """Return the differences in inputs, with the scenarios applied: settings, rulings, rows of the tables."""
    before, after = (each.settings.record() for each in sets)
    names = sorted(before.keys() - {"forbid", "fix"})
    settings = [name for name in names if before[name] != after[name]]
    rulings: list[Record] = []
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
    rows = [row for table in TABLES for row in _rows(table, sets[0][table], sets[1][table])]
    return {"settings": settings, "rulings": rulings, "rows": [one for one in rows if _mark(one) not in ruled]}


def _mark(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the table and key of a row, by which the ruling that changed it is found."""
    return (row["table"], *row["key"])


def _rows(table: str, before: pd.DataFrame, after: pd.DataFrame) -> Iterable[Record]:
    """Yield the rows of a table that differ, by key."""
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
            where = {str(name): shown[name] for name in ("site", "commodity", "process", "holder") if name in shown}
            told = {"table": table, "key": [str(part) for part in place], **where}
            yield told | {"before": one is not None, "after": other is not None}


def _equal(one: Any, other: Any) -> bool:
    return bool(one == other) or bool(pd.isna(one) and pd.isna(other))


def _why(pair: tuple[Any, Any], inputs: Mapping[str, Any], owner: Mapping[str, str]) -> list[Record]:
    """Return the input differences that affect a proposal, else ``others``, or ``search`` where inputs are equal."""
    shown = [one for one in pair if one is not None]
    sites = {term[end] for one in shown for term in one["terms"] for end in ("from", "to")}
    exchanges = {(term["from"], term["to"], term["commodity"]) for one in shown for term in one["terms"]}
    firms = {name for one in shown for name in one["enterprises"]}
    goods = {name for one in shown for name in one["commodities"]}
    why = [
        {"cause": "ruling", "what": ruling}
        for ruling in inputs["rulings"]
        if any(_touches(ruling, exchange, owner) for exchange in exchanges) or ruling.get("site") in sites
    ]
    for row in inputs["rows"]:
        own = owner.get(row.get("site", ""), "") in firms
        if own or (row.get("commodity") in goods and row["table"] not in set(Sheet)):
            declared = own and row["table"] in set(Sheet)
            why.append({"cause": "declaration" if declared else "dataset", "what": row})
    why += [{"cause": "setting", "what": name} for name in inputs["settings"]]
    return why or [{"cause": "others" if any(inputs.values()) else "search", "what": None}]


def _touches(ruling: Mapping[str, Any], exchange: tuple[str, str, str], owner: Mapping[str, str]) -> bool:
    """Return whether a ruling pattern matches an exchange; a missing key matches any value."""
    giver, taker, good = exchange
    asked = {"from_site": giver, "to_site": taker, "commodity": good}
    asked |= {"from_enterprise": owner.get(giver, ""), "to_enterprise": owner.get(taker, "")}
    return "process" not in ruling and all(ruling.get(name) in (None, value) for name, value in asked.items())
