"""Scenario of a run: the scenario of the round, with rulings of planners and answers of enterprises applied."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from synergy.records.documents import PatternJSON, PriceJSON, ScenarioJSON
from synergy.scenario import Cell, Settings

_ENDS = ("from_site", "to_site", "commodity")
_Ends = tuple[str | None, str | None, str | None]
_Firms = tuple[str | None, str | None]
_Row = dict[str, Cell]  # of a table


def composed(scenario: ScenarioJSON, rulings: Iterable[tuple[str, PatternJSON]], own: Settings) -> ScenarioJSON:
    """Return the scenario of a run: the scenario of the round with rulings, given by kind, the earliest first.

    `own` are the settings of the dataset, whose `forbid` and `fix` stand where the scenario has none: rulings are added
    to them.

    A later fix of the same exchange replaces an earlier one, and a fix lifts a forbid or cap of the same; of caps the
    latest of each party stands, and the least of them holds. A build is forbidden at its site.
    """
    forbids, fixes, caps, builds = _sorted(rulings)
    settings = dict(scenario.get("settings", {}))
    stated = own.record() | settings
    settings["forbid"] = [*stated["forbid"], *forbids]
    settings["fix"] = [*stated["fix"], *fixes]
    tables = {table: list(rows) for table, rows in scenario.get("tables", {}).items()}
    links = [row for cap in caps for row in _links(cap)]
    for table, key, rows in (("links", (*_ENDS, "mode"), links), ("build_options", ("process", "site"), builds)):
        if rows:
            tables[table] = _merged(tables.get(table, []), rows, key)
    return {**scenario, "settings": settings, "tables": tables}


def _sorted(
    rulings: Iterable[tuple[str, PatternJSON]],
) -> tuple[list[PatternJSON], list[PatternJSON], list[PatternJSON], list[_Row]]:
    """Return the effective forbids, fixes and caps, and the rows of builds, without duplicates."""
    forbids: dict[tuple[_Firms, _Ends], PatternJSON] = {}
    fixes: dict[tuple[_Firms, _Ends], PatternJSON] = {}
    caps: dict[_Ends, dict[str, PatternJSON]] = {}
    builds: dict[tuple[str, str], _Row] = {}
    for kind, one in rulings:
        ends = (one.get("from_site"), one.get("to_site"), one.get("commodity"))
        key = ((one.get("from_enterprise"), one.get("to_enterprise")), ends)
        if kind == "fix":
            fixes[key] = one
            forbids.pop(key, None)
            caps.pop(ends, None)
        elif kind == "forbid":
            forbids[key] = one
            fixes.pop(key, None)
        elif kind == "cap":
            caps.setdefault(ends, {})[one.get("by", "")] = one
        elif kind == "build":
            process, site = one["process"], one["site"]
            builds[process, site] = {"process": process, "site": site, "max_capacity": 0}
    least = [min(each.values(), key=lambda cap: float(cap["quantity"])) for each in caps.values()]
    return list(forbids.values()), list(fixes.values()), least, list(builds.values())


def prices_of(rulings: Iterable[tuple[str, PatternJSON]]) -> list[PriceJSON]:
    """Return the price constraints of a run; of each side of an exchange the latest ruling stands.

    They have the ``least`` that the seller asks for, the ``most`` that the buyer offers (rulings with ``side``), or the
    price ``agreed`` that all accepted.
    """
    found: dict[tuple[str, str, str], PriceJSON] = {}
    for kind, one in rulings:
        if kind != "price" or ("by" in one and "side" not in one):
            continue
        key = (one["from_site"], one["to_site"], one["commodity"])
        ends: PriceJSON = {"from_site": key[0], "to_site": key[1], "commodity": key[2]}
        price = float(one["price"])
        if "side" not in one:
            found[key] = {**ends, "agreed": price}
            continue
        record = found.setdefault(key, ends)
        record.pop("agreed", None)
        if one["side"] == "seller":
            record["least"] = price
        else:
            record["most"] = price
    return list(found.values())


def _links(cap: PatternJSON) -> list[_Row]:
    """Return the rows of links that cap an exchange: one mode limited, the other modes forbidden."""
    ends: _Row = {"from_site": cap["from_site"], "to_site": cap["to_site"], "commodity": cap["commodity"]}
    open_ = {**ends, "mode": cap["mode"], "capacity": float(cap["quantity"])}
    return [open_, *({**ends, "mode": mode, "forbidden": True} for mode in cap["others"])]


def _merged(old: Sequence[_Row], news: Sequence[_Row], key: Sequence[str]) -> list[_Row]:
    """Return rows merged by key, columns of later rows overriding those of earlier ones."""
    rows: dict[tuple[Cell, ...], _Row] = {}
    for row in [*old, *news]:
        place = tuple(row.get(name, "") for name in key)
        rows[place] = {**rows.get(place, {}), **row}
    return list(rows.values())
