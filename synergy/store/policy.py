"""Scenario of a run: the scenario of the round, with rulings of planners and answers of enterprises applied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Record = dict[str, Any]
_ENDS = ("from_site", "to_site", "commodity")


def composed(scenario: Mapping[str, Any], rulings: Iterable[tuple[str, Mapping[str, Any]]]) -> Record:
    """Return the scenario of a run: the scenario of the round with rulings applied.

    Parameters
    ----------
    scenario : mapping
        The round's: ``{name, settings, tables, scale}``.
    rulings : iterable of tuple of str and mapping
        Kind and pattern, the earliest first: ``forbid`` and ``fix`` patterns of the contract, ``cap``
        ``{from_site, to_site, commodity, mode, others, quantity, by}``, ``build`` ``{process, site}`` not to be built.

    Returns
    -------
    dict
        A later fix of the same exchange replaces an earlier one, and a fix lifts a forbid or cap of the same; of caps
        the latest of each party stands, and the least of them holds.
    """
    forbids, fixes, caps, builds = _sorted(rulings)
    settings = dict(scenario.get("settings", {}))
    settings["forbid"] = [*settings.get("forbid", []), *forbids]
    settings["fix"] = [*settings.get("fix", []), *fixes]
    tables = {table: list(rows) for table, rows in scenario.get("tables", {}).items()}
    links = [row for cap in caps for row in _links(cap)]
    for table, key, rows in (("links", (*_ENDS, "mode"), links), ("build_options", ("process", "site"), builds)):
        if rows:
            tables[table] = _merged(tables.get(table, []), rows, key)
    return {**scenario, "settings": settings, "tables": tables}


def _sorted(rulings: Iterable[tuple[str, Mapping[str, Any]]]) -> tuple[list[Record], ...]:
    """Return the effective rulings by kind (forbid, fix, cap, build), without duplicates."""
    forbids: dict[tuple[Any, ...], Record] = {}
    fixes: dict[tuple[Any, ...], Record] = {}
    caps: dict[tuple[Any, ...], dict[str, Record]] = {}
    builds: dict[tuple[Any, ...], Record] = {}
    for kind, pattern in rulings:
        record = dict(pattern)
        ends = tuple(record.get(name) for name in ("from_enterprise", "to_enterprise", *_ENDS))
        if kind == "fix":
            fixes[ends] = record
            forbids.pop(ends, None)
            caps.pop(ends[2:], None)
        elif kind == "forbid":
            forbids[ends] = record
            fixes.pop(ends, None)
        elif kind == "cap":
            caps.setdefault(ends[2:], {})[record.get("by", "")] = record
        elif kind == "build":
            builds[record["process"], record["site"]] = {**record, "max_capacity": 0}
    least = [min(each.values(), key=lambda cap: float(cap["quantity"])) for each in caps.values()]
    return list(forbids.values()), list(fixes.values()), least, list(builds.values())


def prices_of(rulings: Iterable[tuple[str, Mapping[str, Any]]]) -> list[Record]:
    """Return the price constraints of a run, in the form of `synergy.options.Options`.

    Parameters
    ----------
    rulings : iterable of tuple of str and mapping
        As of `composed`; those of prices are ``{from_site, to_site, commodity, price}`` where all accepted it, and with
        ``side`` (seller or buyer) where that side asked for it.

    Returns
    -------
    list of dict
        ``{from_site, to_site, commodity}`` with ``least`` that the seller asks for, ``most`` that the buyer offers, or
        ``agreed``; of each side the latest stands.
    """
    found: dict[tuple[Any, ...], Record] = {}
    for kind, pattern in rulings:
        if kind != "price" or ("by" in pattern and "side" not in pattern):
            continue
        ends = {name: pattern[name] for name in _ENDS}
        record = found.setdefault(tuple(ends.values()), ends)
        if "side" in pattern:
            record.pop("agreed", None)
            record["least" if pattern["side"] == "seller" else "most"] = float(pattern["price"])
        else:
            found[tuple(ends.values())] = ends | {"agreed": float(pattern["price"])}
    return list(found.values())


def _links(cap: Mapping[str, Any]) -> list[Record]:
    """Return the rows of links that cap an exchange: one mode limited, the other modes forbidden."""
    ends = {name: cap[name] for name in _ENDS}
    open_ = {**ends, "mode": cap["mode"], "capacity": float(cap["quantity"])}
    return [open_, *({**ends, "mode": mode, "forbidden": True} for mode in cap["others"])]


def _merged(old: Sequence[Mapping[str, Any]], news: Sequence[Record], key: Sequence[str]) -> list[Record]:
    """Return rows merged by key, columns of later rows overriding those of earlier ones."""
    rows: dict[tuple[Any, ...], Record] = {}
    for row in [*old, *news]:
        place = tuple(row.get(name, "") for name in key)
        rows[place] = {**rows.get(place, {}), **row}
    return list(rows.values())
