"""View model of a proposal from the viewpoint of one of its parties, in one language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from synergy.web.texts import word
from synergy.web.texts.modes import mode

from synergy.texts import figure, text, unit, years
from synergy.units import amount, label

Record = Mapping[str, Any]
CLOSED = ("accepted", "declined")
LATE = "late"
_SMALL = 50.0  # money a year: less is nothing
TONES = {"accepted": "good", "declined": "bad", "countered": "warn", "interested": "good"}


def standing(round_: Record, now: datetime) -> str:
    """Return the state of a round, or `LATE` if its deadline for answers has passed.

    Parameters
    ----------
    round_ : mapping
        Round from `synergy.store.queries.see_round`.
    now : datetime.datetime
    """
    over = round_["state"] == "responding" and passed(round_["answer_by"], now)
    return LATE if over else str(round_["state"])


def passed(until: str | None, now: datetime) -> bool:
    """Return whether an ISO 8601 deadline has passed; False for None."""
    return until is not None and now > datetime.fromisoformat(until)


class Own:
    """Proposal as presented to one of its parties.

    Parameters
    ----------
    record : mapping
        Proposal from `synergy.store.queries.see_proposal` for a party.
    state : str
        State of the round, or `LATE`, see `standing`.
    enterprise : str
        Id of the party.
    lang : str
        ``en`` or ``zh``.
    """

    def __init__(self, record: Record, state: str, enterprise: str, lang: str) -> None:
        self.record, self.state_of_round, self.enterprise, self.lang = record, state, enterprise, lang
        self.code = str(record["proposal"])
        self.lines: Sequence[Record] = record["lines"]
        self._partners = {one["enterprise"]: one for one in record["partners"]}

    @property
    def looker(self) -> str:
        """Return the id of the viewing enterprise."""
        return self.enterprise

    @property
    def open(self) -> bool:
        """Return whether the proposal can be answered now."""
        answered = self.record["answer"] in CLOSED or self.record["standing"] in CLOSED
        return self.state_of_round == "responding" and not answered

    @property
    def late(self) -> bool:
        """Return whether the deadline for answers has passed."""
        return self.state_of_round == LATE

    @property
    def hidden(self) -> bool:
        """Return whether the names of some partners are still hidden."""
        return any(name.startswith("?") for name in self._partners)

    @property
    def tone(self) -> str:
        """Return the colour class of the answer."""
        return TONES.get(str(self.record["answer"]), "")

    @property
    def gain(self) -> float | None:
        """Return the annual gain of the party, or None if unknown."""
        value = self.record["own"]["gain"]
        return None if value is None else float(value)

    def title(self) -> str:
        """Return the summary sentence for lists: the action followed by its outcome."""
        return word("own.stop_comma", self.lang).join([self.deed(), *self.outcome()]) + word("own.end_comma", self.lang)

    def deed(self) -> str:
        """Return the action: a build of the party, if any, the first exchange, and the number of further ones."""
        first = self.line(self.lines[0]) if self.lines else ""
        built = [self._word("own.build", what=self.built(one), where=self.site(one["site"])) for one in self._built()]
        parts = [built[0], first[:1].lower() + first[1:]] if built and first else [*built[:1], first]
        more = len(self.lines) - 1
        said = word("own.stop_comma", self.lang).join(part for part in parts if part) or self.plain_title()
        return said + (self._word("own.more", count=more) if more > 0 else "")

    def outcome(self) -> list[str]:
        """Return the known outcomes for the party: gain, investment and payback."""
        parts = []
        if self.gain is not None:
            parts.append(self._gained(self.gain))
        if self.record["own"]["capex"]:
            parts.append(self._word("own.invest", capex=self.money(self.record["own"]["capex"], "money")))
            if self.record["own"]["payback_years"] is not None:
                parts.append(self._word("own.pays", years=f"{self.record['own']['payback_years']:.2g}"))
        return parts

    def _gained(self, value: float) -> str:
        if abs(value) < _SMALL:
            return word("own.even", self.lang)
        return self._word("own.gain" if value > 0 else "own.cost", money=self.money(abs(value)))

    def line(self, line: Record) -> str:
        """Return one exchange as a sentence: direction, quantity, partner, distance and price."""
        selling = line["from_enterprise"] == self.enterprise
        other = line["to_enterprise" if selling else "from_enterprise"]
        key = "own.sell" if selling else "own.buy"
        if other == self.enterprise:
            key = "own.move"
        elif not other:
            key = "own.send" if selling else "own.take"
        where = (
            self.partner(other)
            if other and other != self.enterprise
            else self.site(line["to_site" if selling else "from_site"])
        )
        said = self._word(key, what=self.good(line["commodity"]), amount=self.amount(line), where=where)
        far = line.get("km")
        if far and line["mode"] not in ("", "transfer"):
            said += self._word("own.away", km=self.km(far))
        return said + (self._word("own.at", price=self.price(line)) if line["price"] is not None else "")

    def plain_title(self) -> str:
        """Return the localized title stored with the proposal."""
        return str(self.record[f"title_{self.lang}"])

    def kind(self) -> str:
        """Return the localized kind of the proposal."""
        return text(f"kind.{self.record['kind']}", self.lang)

    def sort(self) -> str:
        """Return the kind of the proposal, followed by its state (new, changed, running) if known."""
        state = self.record["state"]
        return self.kind() if state is None else f"{self.kind()} · {text(f'state.{state}', self.lang)}"

    def partner(self, name: str) -> str:
        """Return the name of a partner, or its number while the name is hidden."""
        if name.startswith("?"):
            return self._word("own.nameless", number=name[1:])
        return str(self._partners.get(name, {}).get(f"name_{self.lang}", name))

    def partners(self) -> str:
        """Return the names of all partners."""
        return word("own.list_comma", self.lang).join(self.partner(name) for name in self._partners)

    def who(self, name: str) -> str:
        """Return the label of an end of a line: the party itself, a partner, or a public site."""
        if name == self.enterprise:
            return word("own.you", self.lang)
        return self.partner(name) if name else word("own.public", self.lang)

    def site(self, ident: str) -> str:
        """Return the name of a site, or of its partner while the site is hidden."""
        return self._name("sites", ident) if not ident.startswith("?") else self.partner(ident)

    def good(self, ident: str) -> str:
        """Return the name of a commodity for use inside a sentence, in lower case in English."""
        name = self._name("commodities", ident)
        head = name.split(" ", 1)[0]
        plain = self.lang == "en" and len(head) > 1 and not any(c.isupper() or c.isdigit() for c in head[1:])
        return name[:1].lower() + name[1:] if plain else name

    def good_name(self, ident: str) -> str:
        """Return the name of a commodity for use on its own."""
        return self._name("commodities", ident)

    def _name(self, table: str, ident: str) -> str:
        return str(self.record["labels"][table].get(ident, {}).get(f"name_{self.lang}", ident))

    def unit(self, commodity: str) -> str:
        """Return the unit of a commodity."""
        return label(str(self.record["labels"]["commodities"].get(commodity, {}).get("unit", "")), self.lang)

    def price_unit(self, commodity: str) -> str:
        """Return the unit of a price."""
        return f"{label(self.record['currency'], self.lang)}/{self.unit(commodity)}"

    def amount(self, line: Record) -> str:
        """Return the formatted annual quantity of a line."""
        measure = str(self.record["labels"]["commodities"].get(line["commodity"], {}).get("unit", ""))
        return amount(float(line["quantity"]), measure, self.lang)

    def price(self, line: Record) -> str:
        """Return the price of a line per unit of its commodity, or a dash if there is none."""
        if line["price"] is None:
            return "–"
        return f"{float(line['price']):,.2f} {self.price_unit(line['commodity'])}"

    def paid(self, line: Record) -> str:
        """Return the annual revenue (positive) or cost (negative) of a line."""
        if line["price"] is None:
            return "–"
        sign = 1.0 if line["from_enterprise"] == self.enterprise else -1.0
        return self.money(sign * float(line["price"]) * float(line["quantity"]))

    def km(self, value: float | None) -> str:
        """Return a formatted distance, or a dash for None."""
        return "–" if value is None else f"{value:.0f} km" if value >= 10 else f"{value:.1f} km".replace(".0 ", " ")

    def mode(self, name: str) -> str:
        """Return the localized name of a mode of transport."""
        return mode(name, self.lang) if name else "–"

    def money(self, value: float | None, what: str = "money_year") -> str:
        """Return a formatted amount of money; amounts below 10 000 are shown in whole currency units."""
        if value is not None and 0 < abs(value) < 1e4:
            tail = "" if what == "money" else word("own.a_year", self.lang)
            return f"{value:,.0f} {label(self.record['currency'], self.lang)}{tail}"
        shown = figure(value, "money", self.lang)
        return shown if value is None else f"{shown} {unit(what, self.lang, self.record['currency'])}"

    def payback(self) -> str:
        """Return the payback time of the party's investment, or a dash if there is none."""
        value = self.record["own"]["payback_years"]
        return "–" if value is None else f"{years(value)} {unit('years', self.lang)}"

    def co2(self) -> str:
        """Return the CO2 savings of the party."""
        value = self.record["own"]["co2_saved"]
        return "–" if value is None else f"{figure(value, 'co2', self.lang)} {unit('co2_year', self.lang)}"

    def _built(self) -> Iterable[Record]:
        found: Iterable[Record] = self.record["built"]
        return found

    def built(self, build: Record) -> str:
        """Return the name and capacity of a build."""
        known = self.record["labels"]["processes"].get(build["process"], {})
        measure, _, what = str(known.get("activity_unit", "")).partition(" ")
        size = amount(float(build["capacity"]), measure, self.lang)
        said = f"{size} {what}".strip() if self.lang == "en" else size
        return self._word("own.built", what=known.get(f"name_{self.lang}", build["process"]), size=said)

    def notes(self) -> list[str]:
        """Return the localized notes of the proposal."""
        key = "text_zh" if self.lang == "zh" else "text"
        return [str(note.get(key) or note.get("text")) for note in self.record["notes"]]

    def stability(self) -> str:
        """Return the stability verdict of the plan as text, or "" if it was not evaluated."""
        verdict = self.record["firmness"]
        return word(f"own.firm.{verdict}", self.lang) if verdict else ""

    def _word(self, key: str, **fields: object) -> str:
        return word(key, self.lang, **fields)


def by_gain(found: Iterable[Own]) -> list[Own]:
    """Sort proposals by descending gain, with unknown gains last."""
    return sorted(found, key=lambda one: (one.gain is None, -(one.gain or 0.0), one.code))
