"""Views of a proposal, for planners and for each of its parties.

A party sees its own lines, the partners at their other ends (once all have shown interest, in an anonymous round),
their prices, builds on its own site, legal requirements, its own gain, and its own part of the settlement. It never
sees the gain of the proposal (less its own part that is the partner's), lines between others, duals, totals or the
bound.

An own gain is the loss of the enterprise in its own accounts without the proposal (`synergy.coalitions.loss`), plus
the payments by the terms: its own figures, prices that it sees anyway, nothing of its partner's costs. It is rounded to
a few digits, and to one while the partner is anonymous, so that freight does not reveal the route.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from synergy.plan import Kind
from synergy.records.documents import (
    BuildJSON,
    CounterJSON,
    LabelsJSON,
    NoteJSON,
    PartJSON,
    PlanJSON,
    ProposalJSON,
    RoundJSON,
)
from synergy.records.figures import Measures, Money, Number, Quantity, exact
from synergy.records.names import Answer
from synergy.records.proposals import (
    Built,
    CounterLine,
    LaidLine,
    Line,
    OwnLine,
    OwnMoney,
    OwnProposal,
    Partner,
    Party,
    ProposalLabels,
    ProposalNote,
    Share,
    WholeLine,
    WholeProposal,
)
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
from synergy.store.rows import LineRow, PartyRow, ProposalRow, RoundRow
from synergy.texts import text

_SHOWN = (Answer.INTERESTED, Answer.ACCEPTED, Answer.COUNTERED)
Label = TypeVar("Label")
_NOTES = frozenset({"policy_min", "permit", "lead_time"})  # about what is built
FIGURES = 3  # significant ones of an own figure
NOISE = 1e-6  # of what is lost and paid: a gain below is the rounding of the prices


@dataclass(frozen=True, slots=True)
class Reader:
    """Enterprise that a proposal is shown to, with what its view is made of.

    `record` is that of the round, for names and the party's part of the settlement; by the secret of the store partners
    without a name are numbered.
    """

    enterprise: str
    record: RoundJSON = field(repr=False)
    secret: bytes = field(repr=False)
    units: Measures = field(repr=False)


def whole(
    round_id: int, one: ProposalRow, said: Sequence[PartyRow], exchanged: Sequence[LineRow], units: Measures
) -> WholeProposal:
    """Return a proposal with its parties and lines in full, for planners and auditors."""
    told = one.record
    goods = {line.number: line.commodity for line in exchanged}
    made = {
        "proposal": one.code,
        "round": round_id,
        "answer": one.answer,
        "version": one.version,
        "parties": [Party.of(party, counter=_countered(party.counter, goods, units)) for party in said],
        "lines": [
            WholeLine.of(line, quantity=units.amount(line.commodity, line.quantity), price=units.money_if(line.price))
            for line in exchanged
        ],
        "built": [build | _sized(build, units) for build in told["built"]],
        "terms": [
            {"km": None, **term}
            | {"quantity": units.amount(term["commodity"], term["quantity"]), "price": units.money_if(term["price"])}
            for term in told["terms"]
        ],
        "own": {
            name: {
                "value": units.money_if(part["value"]),
                "capex": units.money_if(part["capex"]),
                "annual": units.money_if(part["annual"]),
                "co2": _co2(part["co2"]),
            }
            for name, part in told.get("own", {}).items()
        },
        "co2_saved": _co2(told["co2_saved"]),
    }
    money = {
        "gain": units.money_if(told["gain"]),
        "marginal_gain": units.money_if(told["marginal_gain"]),
        "capex": units.money_if(told["capex"]),
    }
    return WholeProposal.model_validate(told | made | money)


def own_part(
    held: RoundRow, one: ProposalRow, said: Sequence[PartyRow], exchanged: Sequence[LineRow], reader: Reader
) -> OwnProposal:
    """Return the view of a proposal of a round for one of its parties.

    While partners are anonymous, figures are rounded (`synergy.store.anonymity`), and route data are left out.
    """
    enterprise, units = reader.enterprise, reader.units
    labels, plan = reader.record["labels"], reader.record["plan"]
    mine = [line for line in exchanged if enterprise in (line.from_enterprise, line.to_enterprise)]
    near = {name for line in mine for name in (line.from_enterprise, line.to_enterprise)} - {enterprise, ""}
    hidden = bool(held.anonymous) and not all(party.answer in _SHOWN for party in said)
    alias = aliases(reader.secret, (one.code, enterprise), near) if hidden else {}
    most = greatest(reader.record, enterprise) if hidden else None
    own = next(party for party in said if party.enterprise == enterprise)
    goods = list(dict.fromkeys(line.commodity for line in mine))
    km = {} if hidden else _ways(one.record)
    shown = [_shown(line, km, units) if most is None else _hidden(line, reader, alias, most) for line in mine]
    host = {site: label["enterprise"] for site, label in labels["sites"].items()}
    builds = [build for build in one.record["built"] if host[build["site"]] == enterprise]
    built = [Built.model_validate(build | _sized(build, units, hidden=hidden)) for build in builds]
    processes = {build.process for build in built}
    settled = plan["settlement"]
    return OwnProposal(
        proposal=one.code,
        round=held.id,
        kind=Kind(one.kind),
        state=None if hidden else one.record["state"],
        title_en=_title(one.kind, goods, labels, "en"),
        title_zh=_title(one.kind, goods, labels, "zh"),
        answer=Answer(own.answer),
        version=own.version,
        reason=own.reason,
        counter=_countered(own.counter, {line.number: line.commodity for line in mine}, units),
        standing=Answer(one.answer),
        partners=[_partner(name, labels, alias) for name in alias or sorted(near)],
        lines=shown,
        built=built,
        links=[] if hidden else _laid(plan, one.record, mine, units),
        notes=_notes(one.record["notes"], (enterprise, labels), shown, processes if hidden else None),
        own=own_money(one.record, shown, enterprise, units, most),
        # without a ladder an exact payoff would give away what the partner gains
        settlement=_settlement(reader, anonymous=bool(held.anonymous)) if held.options.get("ladder") else None,
        firmness=None if settled is None else settled["verdict"],
        labels=_labels(labels, shown, built),
        currency=reader.record["currency"],
    )


def _countered(
    counter: Sequence[CounterJSON] | None, goods: Mapping[int, str], units: Measures
) -> list[CounterLine] | None:
    """Return a stored counter-offer in the units of the round; `goods` are the commodities of the lines."""
    if counter is None:
        return None
    return [
        CounterLine(
            number=item["number"],
            quantity=units.amount_if(goods.get(item["number"], ""), item["quantity"]),
            price=units.money_if(item["price"]),
        )
        for item in counter
    ]


def _co2(value: Number | None) -> Quantity | None:
    return None if value is None else Quantity(value=exact(value), unit="t")


def _sized(build: BuildJSON, units: Measures, *, hidden: bool = False) -> dict[str, Quantity | Money | None]:
    """Return size and costs of a build, rounded while partners are anonymous."""
    figures: list[float | None] = [build["capacity"], build["capex"], build["annual_cost"]]
    size, capex, annual = (coarse(value, QUANTITY_FIGURES) if hidden else value for value in figures)
    return {
        "capacity": units.amount_if(build["process"], size),
        "capex": units.money_if(capex),
        "annual_cost": units.money_if(annual),
    }


def _ways(proposal: ProposalJSON) -> Mapping[tuple[str, str, str], float | None]:
    """Return the route length in km of each exchange of a proposal."""
    return {(one["from"], one["to"], one["commodity"]): one.get("km") for one in proposal["terms"]}


def _shown(line: LineRow, km: Mapping[tuple[str, str, str], float | None], units: Measures) -> OwnLine:
    return OwnLine.of(
        line,
        quantity=units.amount(line.commodity, line.quantity),
        price=units.money_if(line.price),
        km=km.get((line.from_site, line.to_site, line.commodity)),
    )


def _hidden(line: LineRow, reader: Reader, alias: Mapping[str, str], most: Greatest) -> OwnLine:
    """Return a line with an anonymous partner replaced by its alias, figures rounded, and nothing of the route."""
    ends: dict[str, str] = {}
    for side, owner in (("from", line.from_enterprise), ("to", line.to_enterprise)):
        if owner != reader.enterprise and owner in alias:
            # a mode is a public way between two sites, or as wide as its quantity
            ends |= {f"{side}_enterprise": alias[owner], f"{side}_site": alias[owner], "mode": ""}
    count = quantity(float(line.quantity), most.goods.get(line.commodity, 0.0))
    price = None if line.price is None else coarse(float(line.price), PRICE_FIGURES)
    units = reader.units
    return OwnLine.of(line, quantity=units.amount(line.commodity, count), price=units.money_if(price), km=None, **ends)


def _title(kind: str, goods: Sequence[str], labels: LabelsJSON, lang: str) -> str:
    """Return a title made of the party's own commodities, so that no other party is named."""
    names = [labels["commodities"].get(good, {}).get(f"name_{lang}", good) for good in goods]
    return f"{text(f'kind.{kind}', lang)}: {', '.join(names)}" if names else text(f"kind.{kind}", lang)


def _partner(name: str, labels: LabelsJSON, alias: Mapping[str, str]) -> Partner:
    if name in alias:
        return Partner(enterprise=alias[name], name_en=alias[name], name_zh=alias[name])
    label = labels["enterprises"].get(name, {})
    return Partner(enterprise=name, name_en=label.get("name_en", name), name_zh=label.get("name_zh", name))


def _laid(plan: PlanJSON, proposal: ProposalJSON, mine: Sequence[LineRow], units: Measures) -> list[LaidLine]:
    """Return the new links that carry exchanges of a party; they follow from public tables."""
    ends = {(line.from_site, line.to_site, line.commodity, line.mode) for line in mine}
    opened = (plan["links"][place] for place in proposal["links"])
    found = (LaidLine.model_validate(link | {"capex": units.money_if(link["capex"])}) for link in opened)
    return [link for link in found if (link.from_site, link.to_site, link.commodity, link.mode) in ends]


def _notes(
    notes: Sequence[NoteJSON],
    seen: tuple[str, LabelsJSON],
    exchanged: Sequence[Line],
    built: Collection[str] | None,
) -> list[ProposalNote]:
    """Return the notes that concern a party: its builds, the commodities it exchanges, and quality limits.

    The distance of a blend from a limit is shown to the holder of the limit alone: it depends on deliveries of others.
    While partners are anonymous (`built`: processes on the own sites), notes on their builds and limits are left out.
    """
    enterprise, labels = seen
    goods = {line.commodity for line in exchanged}
    ends = {(line.to_site, line.commodity) for line in exchanged}
    found: list[NoteJSON] = []
    for note in notes:
        if note["code"] == "hazard":
            found += [note] if note["subject"] in goods else []
        elif note["code"] in _NOTES:
            found += [note] if built is None or note["subject"] in built else []
        elif note["code"] == "quality" and (note["site"], note["subject"]) in ends:
            mine = labels["sites"][note["site"]]["enterprise"] == enterprise
            asks: NoteJSON = {**note, "text": note["asks"], "text_zh": note["asks_zh"], "value": None}
            found += [note if mine else asks] if mine or built is None else []
    return [ProposalNote.model_validate(note) for note in found]


def _settlement(reader: Reader, *, anonymous: bool) -> Share | None:
    """Return the party's own payoff in the settlement, rounded in an anonymous round."""
    settled = reader.record["plan"]["settlement"]
    own = None if settled is None else settled["payoffs"].get(reader.enterprise)
    if settled is None or own is None:
        return None
    told = {"payoff": own["payoff"], "gain": own["gain"], "transfer": own["transfer"]}
    told["lump_sum"] = settled["lump_sums"].get(reader.enterprise)
    if anonymous:
        told = {name: coarse(value, QUANTITY_FIGURES) for name, value in told.items()}
    money = reader.units.money_if
    return Share(standalone=money(own["standalone"]), **{name: money(value) for name, value in told.items()})


def own_money(
    proposal: ProposalJSON, mine: Sequence[Line], enterprise: str, units: Measures, most: Greatest | None = None
) -> OwnMoney:
    """Return the financial and CO2 result of a proposal for one party, whose lines are as it is shown them.

    The gain is at the prices of the terms. The capex is that of builds on its sites and of lines that lead to it; none
    is told while partners have no name (`most`: its greatest figures in the round): a line costs by the kilometre.
    """
    part = proposal.get("own", {}).get(enterprise)
    paid = _paid(mine, enterprise)
    told = units.money_if(coarse(paid, FIGURES if most is None else MONEY_FIGURES))
    if part is None:
        return OwnMoney(gain=None, paid=told, capex=None, payback_years=None, co2_saved=None)
    value = part["value"]
    gain = None if paid is None or value is None else value + paid
    if gain is not None and abs(gain) <= NOISE * (abs(value or 0.0) + abs(paid or 0.0)):
        gain = 0.0
    saved = -part["co2"]
    return OwnMoney(
        gain=units.money_if(coarse(gain) if most is None else cut(gain, most.gain)),
        paid=told,
        capex=units.money_if(coarse(part["capex"])) if most is None else None,
        payback_years=coarse(_payback(part, gain), 2) if most is None else None,
        co2_saved=_co2(coarse(saved) if most is None else cut(saved, most.co2)),
    )


def _paid(mine: Sequence[Line], enterprise: str) -> float | None:
    """Return the net payment to a party from the terms, None where one between enterprises has no price."""
    total = 0.0
    for line in mine:
        if line.from_enterprise == line.to_enterprise or not (line.from_enterprise and line.to_enterprise):
            continue
        if line.price is None:
            return None
        sign = 1.0 if line.from_enterprise == enterprise else -1.0
        total += sign * float(line.price) * float(line.quantity)
    return total


def _payback(part: PartJSON, gain: float | None) -> float | None:
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


def _labels(labels: LabelsJSON, lines: Sequence[Line], built: Sequence[Built]) -> ProposalLabels:
    """Return the names and units of the sites, commodities and processes in a party's lines and builds."""
    sites = {site for line in lines for site in (line.from_site, line.to_site)} | {one.site for one in built}
    return ProposalLabels.model_validate(
        {
            "sites": _some(labels["sites"], sites),
            "commodities": _some(labels["commodities"], {line.commodity for line in lines}),
            "processes": _some(labels["processes"], {one.process for one in built}),
        }
    )


def _some(known: Mapping[str, Label], names: Collection[str]) -> dict[str, Label]:
    return {name: known[name] for name in sorted(names) if name in known}
