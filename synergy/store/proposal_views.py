"""Views of a proposal, for planners and for each of its parties.

A party sees its own lines, the partners at their other ends (once all have shown interest, in an anonymous round),
their prices, builds on its own site, legal requirements, its own gain, and its
own part of the settlement. It never sees the gain of the proposal (less its own part that is the partner's), lines
between others, duals, totals or the bound.

An own gain is the loss of the enterprise in its own accounts without the proposal (`synergy.coalitions.loss`), plus
the payments by the terms: its own figures, prices that it sees anyway, nothing of its partner's costs. It is rounded to
a few digits, and to one while the partner is anonymous, so that freight does not reveal the route.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from synergy.store.anonymity import (
    MONEY_FIGURES,
    PRICE_FIGURES,
    QUANTITY_FIGURES,
    Greatest,
    aliases,
    cut,
    greatest,
    quantity,
)
from synergy.store.column_types import written
from synergy.store.commit import Record
from synergy.store.names import Answer
from synergy.texts import text

_SHOWN = (Answer.INTERESTED, Answer.ACCEPTED, Answer.COUNTERED)
_LINE = ("number", "from_site", "to_site", "commodity", "mode")
_BUILT = ("process", "site", "capacity", "capex", "annual_cost")
_NOTES = frozenset({"policy_min", "permit", "lead_time"})  # about what is built
FIGURES = 3  # significant ones of an own figure
NOISE = 1e-6  # of what is lost and paid: a gain below is the rounding of the prices
FIRMNESS = ("stable", "beaten", "open")
_LAID = ("from_site", "to_site", "commodity", "mode", "km", "capex")


def whole(one: Row[Any], said: Sequence[Row[Any]], exchanged: Sequence[Row[Any]]) -> Record:
    """Return the full record of a proposal, for planners and auditors.

    Parameters
    ----------
    one : sqlalchemy.Row
        The proposal.
    said, exchanged : sequence of sqlalchemy.Row
        Its parties and lines.
    """
    names = ("enterprise", "answer", "version", "reason", "counter", "actor")
    return {
        "proposal": one.code,
        "answer": one.answer,
        "version": one.version,
        **one.record,
        "parties": [
            {name: party._mapping[name] for name in names} | {"at": None if party.at is None else party.at.isoformat()}
            for party in said
        ],
        "lines": [_line(line) | {"outlet": line.outlet, "inlet": line.inlet} for line in exchanged],
    }


def _line(line: Row[Any]) -> Record:
    figures = {name: written(line._mapping[name]) for name in ("quantity", "price")}
    ends = {name: line._mapping[name] for name in (*_LINE, "from_enterprise", "to_enterprise")}
    return ends | figures


def own_part(
    place: tuple[Row[Any], Row[Any]],
    said: Sequence[Row[Any]],
    exchanged: Sequence[Row[Any]],
    seen: tuple[str, Mapping[str, Any], bytes],
) -> Record:
    """Return the view of a proposal for one of its parties.

    Parameters
    ----------
    place : tuple of sqlalchemy.Row
        Round and proposal.
    said, exchanged : sequence of sqlalchemy.Row
        Its parties and lines.
    seen : tuple of str, mapping and bytes
        The enterprise, the record of the round, for names and its part of the settlement, and the secret of the store,
        by which partners without a name are numbered.

    Returns
    -------
    dict
        ``{proposal, kind, state, title_en, title_zh, answer, version, reason, counter, standing, partners, lines,
        built, links, notes, own, settlement, firmness, labels, currency}``; own: see `own_money`.
        While partners are anonymous, figures are rounded (`synergy.store.anonymity`), and route data are left out.
    """
    row, one = place
    enterprise, record, secret = seen
    labels, plan = record["labels"], record["plan"]
    mine = [line for line in exchanged if enterprise in (line.from_enterprise, line.to_enterprise)]
    near = {name for line in mine for name in (line.from_enterprise, line.to_enterprise)} - {enterprise, ""}
    hidden = bool(row.anonymous) and not all(party.answer in _SHOWN for party in said)
    alias = aliases(secret, (one.code, enterprise), near) if hidden else {}
    most, own = greatest(record, enterprise) if hidden else None, next(p for p in said if p.enterprise == enterprise)
    goods = list(dict.fromkeys(line.commodity for line in mine))
    host = {site: told["enterprise"] for site, told in labels["sites"].items()}
    built = [_built(build, hidden) for build in one.record["built"] if host[build["site"]] == enterprise]
    shown, km = [_hidden(_line(line), enterprise, alias, most) for line in mine], {} if hidden else ways(one.record)
    return {
        "proposal": one.code,
        "kind": one.kind,
        "state": None if hidden else one.record["state"],
        **{f"title_{lang}": _title(one.kind, goods, labels, lang) for lang in ("en", "zh")},
        "answer": own.answer,
        "version": own.version,
        "reason": own.reason,
        "counter": own.counter,
        "standing": one.answer,
        "partners": [_partner(name, labels, alias) for name in alias or sorted(near)],
        "lines": [line | {"km": km.get(_ends(line))} for line in shown],
        "built": built,
        "links": [] if hidden else laid(plan, one.record, mine),
        "notes": _notes(one.record["notes"], (enterprise, labels), shown, built if hidden else None),
        "own": own_money(one.record, shown, enterprise, most),
        # without a ladder an exact payoff would give away what the partner gains
        "settlement": _settlement(record, enterprise, bool(row.anonymous)) if row.options.get("ladder") else None,
        "firmness": firmness(plan),
        "labels": told_names(labels, shown, built),
        "currency": record["currency"],
    }


def _built(build: Mapping[str, Any], hidden: bool) -> Record:
    """Return a build on the party's own site, its size and costs rounded while partners are anonymous."""
    made = {name: build[name] for name in _BUILT}
    return made | {name: coarse(build[name], QUANTITY_FIGURES) for name in _BUILT[2:]} if hidden else made


def _ends(line: Mapping[str, Any]) -> tuple[str, str, str]:
    return line["from_site"], line["to_site"], line["commodity"]


def _notes(
    notes: Sequence[Mapping[str, Any]],
    seen: tuple[str, Mapping[str, Any]],
    exchanged: Sequence[Record],
    built: Sequence[Record] | None,
) -> list[Mapping[str, Any]]:
    """Return the notes that concern a party: its builds, the commodities it exchanges, and quality limits.

    The distance of a blend from a limit is shown to the holder of the limit alone: it depends on deliveries of others.
    While partners are anonymous (`built`: builds on the own sites), notes on their builds and limits are left out.
    """
    own = None if built is None else {one["process"] for one in built}
    enterprise, labels = seen
    goods = {line["commodity"] for line in exchanged}
    ends = {(line["to_site"], line["commodity"]) for line in exchanged}
    found: list[Mapping[str, Any]] = []
    for note in notes:
        if note["code"] == "hazard":
            found += [note] if note["subject"] in goods else []
        elif note["code"] in _NOTES:
            found += [note] if own is None or note["subject"] in own else []
        elif note["code"] == "quality" and (note["site"], note["subject"]) in ends:
            mine = labels["sites"][note["site"]]["enterprise"] == enterprise
            said = {"text": note["asks"], "text_zh": note["asks_zh"], "value": None}
            found += [note if mine else {**note, **said}] if mine or own is None else []
    return found


def _title(kind: str, goods: Sequence[str], labels: Mapping[str, Any], lang: str) -> str:
    """Return a title made of the party's own commodities, so that no other party is named."""
    names = [str(labels["commodities"].get(good, {}).get(f"name_{lang}", good)) for good in goods]
    return f"{text(f'kind.{kind}', lang)}: {', '.join(names)}" if names else text(f"kind.{kind}", lang)


def _partner(name: str, labels: Mapping[str, Any], alias: Mapping[str, str]) -> Record:
    if name in alias:
        return {"enterprise": alias[name], "name_en": alias[name], "name_zh": alias[name]}
    label = labels["enterprises"].get(name, {})
    return {"enterprise": name, "name_en": label.get("name_en", name), "name_zh": label.get("name_zh", name)}


def _hidden(line: Record, enterprise: str, alias: Mapping[str, str], most: Greatest | None) -> Record:
    """Return a line, with an anonymous partner replaced by its alias and figures rounded."""
    if most is None:
        return line
    told = quantity(float(line["quantity"]), most.goods.get(line["commodity"], 0.0))
    price = None if line["price"] is None else f"{coarse(float(line['price']), PRICE_FIGURES):.12g}"
    line |= {"quantity": f"{told:.12g}", "price": price}
    for side in ("from", "to"):
        owner = line[f"{side}_enterprise"]
        if owner != enterprise and owner in alias:
            # a mode is a public way between two sites, or as wide as its quantity
            line |= {f"{side}_enterprise": alias[owner], f"{side}_site": alias[owner], "mode": ""}
    return line


def _settlement(record: Mapping[str, Any], enterprise: str, anonymous: bool) -> Record | None:
    """Return the party's own payoff in the settlement, rounded in an anonymous round."""
    settled = record["plan"].get("settlement")
    own = None if not settled else settled["payoffs"].get(enterprise)
    if not settled or own is None:
        return None
    lump = settled.get("lump_sums", {}).get(enterprise)
    told = {name: own.get(name) for name in ("standalone", "payoff", "gain", "transfer")} | {"lump_sum": lump}
    if not anonymous:
        return told
    return told | {name: coarse(told[name], QUANTITY_FIGURES) for name in told if name != "standalone"}


def own_money(
    proposal: Mapping[str, Any], mine: Sequence[Mapping[str, Any]], enterprise: str, most: Greatest | None = None
) -> Record:
    """Return the financial and CO2 result of a proposal for one party.

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
    """Return the net payment to a party from the terms, None where one between enterprises has no price."""
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
    """Return the payback period of a party's capex in years, None where it is never recovered."""
    if gain is None or part["capex"] <= 0:
        return None
    earned = gain + part["annual"]
    return part["capex"] / earned if earned > 0 else None


def coarse(value: float | None, digits: int = FIGURES) -> float | None:
    """Return a figure rounded to a few significant digits; None stays None.

    Examples
    --------
    >>> coarse(123456.0), coarse(123456.0, 1), coarse(None)
    (123000.0, 100000.0, None)
    """
    return None if value is None else float(f"{value:.{digits}g}") + 0.0


def ways(proposal: Mapping[str, Any]) -> Mapping[tuple[str, str, str], float | None]:
    """Return the route length in km of each exchange of a proposal."""
    return {(one["from"], one["to"], one["commodity"]): one.get("km") for one in proposal["terms"]}


def laid(plan: Mapping[str, Any], proposal: Mapping[str, Any], mine: Sequence[Row[Any]]) -> list[Record]:
    """Return the new links that carry exchanges of a party; they follow from public tables.

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
    """Return the stability verdict of the settlement (one of `FIRMNESS`), None where there is none."""
    said = (plan.get("settlement") or {}).get("verdict")
    return said if said in FIRMNESS else None


def told_names(labels: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], built: Sequence[Record]) -> Record:
    """Return the names and units of the sites, commodities and processes in a party's lines and builds."""
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
