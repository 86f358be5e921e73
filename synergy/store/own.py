"""What a proposal is to one of its parties: its own money, how far things go, which lines are laid, how firm it is.

An own gain is what the enterprise would lose at its own accounts without the proposal (`synergy.coalitions.loss`), and
what the terms pay: figures of its own, prices that it sees anyway, nothing of its partner's costs. It is told to a few
figures, and to one where the partner has no name yet, so that freight does not tell the way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from synergy.store.anonymity import MONEY_FIGURES, Greatest, cut
from synergy.store.commit import Record

FIGURES = 3  # significant ones of an own figure
NOISE = 1e-6  # of what is lost and paid: a gain below is the rounding of the prices
FIRMNESS = ("stable", "beaten", "open")
_LAID = ("from_site", "to_site", "commodity", "mode", "km", "capex")


def own_money(
    proposal: Mapping[str, Any], mine: Sequence[Mapping[str, Any]], enterprise: str, most: Greatest | None = None
) -> Record:
    """Return what a party has of a proposal.

    Parameters
    ----------
    proposal : mapping
        Record of the proposal.
    mine : sequence of mapping
        Lines that the party is an end of, as it is shown them.
    enterprise : str
        The party.
    most : Greatest, optional
        Its greatest figures in the round, where its partners have no name yet.

    Returns
    -------
    dict
        ``{gain, paid, capex, payback_years, co2_saved}``: gain in money a year at the prices of the terms, None where
        one of them has no price or the enterprise cannot do without the proposal; paid, what the terms bring it, less
        what they cost it; capex of what stands on its sites and of lines that lead to it, money, None while partners
        have no name: a line costs by the kilometre; co2_saved in t a year against what it does alone.
    """
    part = proposal.get("own", {}).get(enterprise)
    paid = _paid(mine, enterprise)
    digits = FIGURES if most is None else MONEY_FIGURES
    if part is None:
        return {"gain": None, "paid": coarse(paid, digits), "capex": None, "payback_years": None, "co2_saved": None}
    gain = None if paid is None or part["value"] is None else part["value"] + paid
    if gain is not None and abs(gain) <= NOISE * (abs(part["value"]) + abs(paid or 0.0)):
        gain = 0.0
    saved = -part["co2"]
    return {
        "gain": coarse(gain) if most is None else cut(gain, most.gain),
        "paid": coarse(paid, digits),
        "capex": coarse(part["capex"]) if most is None else None,
        "payback_years": coarse(_payback(part, gain), 2) if most is None else None,
        "co2_saved": coarse(saved) if most is None else cut(saved, most.co2),
    }


def _paid(mine: Sequence[Mapping[str, Any]], enterprise: str) -> float | None:
    """Return what the terms bring a party, None where one between enterprises has no price."""
    total = 0.0
    for line in mine:
        ends = line["from_enterprise"], line["to_enterprise"]
        if ends[0] == ends[1] or not all(ends):
            continue
        if line["price"] is None:
            return None
        sign = 1.0 if ends[0] == enterprise else -1.0
        total += sign * float(line["price"]) * float(line["quantity"])
    return total


def _payback(part: Mapping[str, Any], gain: float | None) -> float | None:
    """Return the years in which what a party earns before annuities pays its capex; None where it never does."""
    if gain is None or part["capex"] <= 0:
        return None
    earned = gain + part["annual"]
    return part["capex"] / earned if earned > 0 else None


def coarse(value: float | None, digits: int = FIGURES) -> float | None:
    """Return a figure to a few significant digits; None stays None.

    Examples
    --------
    >>> coarse(123456.0), coarse(123456.0, 1), coarse(None)
    (123000.0, 100000.0, None)
    """
    return None if value is None else float(f"{value:.{digits}g}") + 0.0


def ways(proposal: Mapping[str, Any]) -> Mapping[tuple[str, str, str], float | None]:
    """Return the length in km of each exchange of a proposal."""
    return {(one["from"], one["to"], one["commodity"]): one.get("km") for one in proposal["terms"]}


def laid(plan: Mapping[str, Any], proposal: Mapping[str, Any], mine: Sequence[Row[Any]]) -> list[Record]:
    """Return the lines that are opened for exchanges of a party: they follow from public tables.

    Parameters
    ----------
    plan, proposal : mapping
        Records.
    mine : sequence of sqlalchemy.Row
        Lines that the party is an end of.

    Returns
    -------
    list of dict
        ``{from_site, to_site, commodity, mode, km, capex}``.
    """
    ends = {(line.from_site, line.to_site, line.commodity, line.mode) for line in mine}
    opened = [plan["links"][place] for place in proposal["links"]]
    return [{name: link[name] for name in _LAID} for link in opened if tuple(link[name] for name in _LAID[:4]) in ends]


def firmness(plan: Mapping[str, Any]) -> str | None:
    """Return whether a group could do better by itself (`FIRMNESS`): in a word, no figure; None where not asked."""
    said = (plan.get("settlement") or {}).get("verdict")
    return said if said in FIRMNESS else None


def told_names(labels: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], built: Sequence[Record]) -> Record:
    """Return names and units of the places, goods and processes that a party's lines and builds speak of."""
    sites = {str(line[end]) for line in lines for end in ("from_site", "to_site")} | {str(one["site"]) for one in built}
    wanted = {
        "sites": sites,
        "commodities": {str(line["commodity"]) for line in lines},
        "processes": {str(one["process"]) for one in built},
    }
    return {
        table: {name: dict(labels[table][name]) for name in sorted(names) if name in labels[table]}
        for table, names in wanted.items()
    }
