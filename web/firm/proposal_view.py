"""One proposal as one of its parties sees it, in one language: sentences and figures."""

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
    """Return the state of a round, `LATE` where it takes no answers any more because its deadline is over.

    Parameters
    ----------
    round_ : mapping
        As from `synergy.store.queries.see_round`.
    now : datetime.datetime
    """
    over = round_["state"] == "responding" and passed(round_["answer_by"], now)
    return LATE if over else str(round_["state"])


def passed(until: str | None, now: datetime) -> bool:
    """Return whether a deadline, as a round tells it, is over."""
    return until is not None and now > datetime.fromisoformat(until)


class Own:
    """A proposal of an enterprise.

    Parameters
    ----------
    record : mapping
        As from `synergy.store.queries.see_proposal` for a party.
    state : str
        Of the round, `LATE` where answers are too late, see `standing`.
    enterprise : str
        The party.
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
        """Return to whom all this is said."""
        return self.enterprise

    @property
    def open(self) -> bool:
        """Return whether it can be answered now."""
        answered = self.record["answer"] in CLOSED or self.record["standing"] in CLOSED
        return self.state_of_round == "responding" and not answered

    @property
    def late(self) -> bool:
        """Return whether it could be answered before the deadline."""
        return self.state_of_round == LATE

    @property
    def hidden(self) -> bool:
        """Return whether the partners have no name yet."""
        return any(name.startswith("?") for name in self._partners)

    @property
    def tone(self) -> str:
        """Return how its answer is coloured."""
        return TONES.get(str(self.record["answer"]), "")

    @property
    def gain(self) -> float | None:
        """Return what it brings the party, money a year; None where that is unknown."""
        value = self.record["own"]["gain"]
        return None if value is None else float(value)

    def title(self) -> str:
        """Return the sentence that a list shows: what to do with whom, and what comes of it."""
        return word("own.stop_comma", self.lang).join([self.deed(), *self.outcome()]) + word("own.end_comma", self.lang)

    def deed(self) -> str:
        """Return what to do with whom: the line with most in it, a build of one's own before it."""
        first = self.line(self.lines[0]) if self.lines else ""
        built = [self._word("own.build", what=self.built(one), where=self.site(one["site"])) for one in self._built()]
        parts = [built[0], first[:1].lower() + first[1:]] if built and first else [*built[:1], first]
        more = len(self.lines) - 1
        said = word("own.stop_comma", self.lang).join(part for part in parts if part) or self.plain_title()
        return said + (self._word("own.more", count=more) if more > 0 else "")

    def outcome(self) -> list[str]:
        """Return what comes of it for the party, as far as that is known."""
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
        """Return one exchange as a sentence: sell or buy, how much, with whom, how far, at what price."""
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
        """Return the title of the store."""
        return str(self.record[f"title_{self.lang}"])

    def kind(self) -> str:
        """Return the kind of proposal."""
        return text(f"kind.{self.record['kind']}", self.lang)

    def sort(self) -> str:
        """Return the kind of proposal, and whether it is new, changed or running where that is told."""
        state = self.record["state"]
        return self.kind() if state is None else f"{self.kind()} · {text(f'state.{state}', self.lang)}"

    def partner(self, name: str) -> str:
        """Return the name of a partner; of one that has none yet, its number."""
        if name.startswith("?"):
            return self._word("own.nameless", number=name[1:])
        return str(self._partners.get(name, {}).get(f"name_{self.lang}", name))

    def partners(self) -> str:
        """Return the names of all partners."""
        return word("own.list_comma", self.lang).join(self.partner(name) for name in self._partners)

    def who(self, name: str) -> str:
        """Return who is at an end of a line: oneself, a partner, or nobody in particular."""
        if name == self.enterprise:
            return word("own.you", self.lang)
        return self.partner(name) if name else word("own.public", self.lang)

    def site(self, ident: str) -> str:
        """Return the name of a place."""
        return self._name("sites", ident) if not ident.startswith("?") else self.partner(ident)

    def good(self, ident: str) -> str:
        """Return the name of a commodity, in English as it stands inside a sentence."""
        name = self._name("commodities", ident)
        head = name.split(" ", 1)[0]
        plain = self.lang == "en" and len(head) > 1 and not any(c.isupper() or c.isdigit() for c in head[1:])
        return name[:1].lower() + name[1:] if plain else name

    def good_name(self, ident: str) -> str:
        """Return the name of a commodity as it stands alone."""
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
        """Return how much a year."""
        measure = str(self.record["labels"]["commodities"].get(line["commodity"], {}).get("unit", ""))
        return amount(float(line["quantity"]), measure, self.lang)

    def price(self, line: Record) -> str:
        """Return the price by the commodity's unit."""
        if line["price"] is None:
            return "–"
        return f"{float(line['price']):,.2f} {self.price_unit(line['commodity'])}"

    def paid(self, line: Record) -> str:
        """Return what a line brings or costs a year."""
        if line["price"] is None:
            return "–"
        sign = 1.0 if line["from_enterprise"] == self.enterprise else -1.0
        return self.money(sign * float(line["price"]) * float(line["quantity"]))

    def km(self, value: float | None) -> str:
        """Return a distance."""
        return "–" if value is None else f"{value:.0f} km" if value >= 10 else f"{value:.1f} km".replace(".0 ", " ")

    def mode(self, name: str) -> str:
        """Return the name of a mode of transport."""
        return mode(name, self.lang) if name else "–"

    def money(self, value: float | None, what: str = "money_year") -> str:
        """Return money with its unit; small sums in whole units."""
        if value is not None and 0 < abs(value) < 1e4:
            tail = "" if what == "money" else word("own.a_year", self.lang)
            return f"{value:,.0f} {label(self.record['currency'], self.lang)}{tail}"
        shown = figure(value, "money", self.lang)
        return shown if value is None else f"{shown} {unit(what, self.lang, self.record['currency'])}"

    def payback(self) -> str:
        """Return the payback of what the party pays; a dash where it pays nothing."""
        value = self.record["own"]["payback_years"]
        return "–" if value is None else f"{years(value)} {unit('years', self.lang)}"

    def co2(self) -> str:
        """Return the CO2 that the party saves."""
        value = self.record["own"]["co2_saved"]
        return "–" if value is None else f"{figure(value, 'co2', self.lang)} {unit('co2_year', self.lang)}"

    def _built(self) -> Iterable[Record]:
        found: Iterable[Record] = self.record["built"]
        return found

    def built(self, build: Record) -> str:
        """Return what is built and how large."""
        known = self.record["labels"]["processes"].get(build["process"], {})
        measure, _, what = str(known.get("activity_unit", "")).partition(" ")
        size = amount(float(build["capacity"]), measure, self.lang)
        said = f"{size} {what}".strip() if self.lang == "en" else size
        return self._word("own.built", what=known.get(f"name_{self.lang}", build["process"]), size=said)

    def notes(self) -> list[str]:
        """Return what has to be minded."""
        key = "text_zh" if self.lang == "zh" else "text"
        return [str(note.get(key) or note.get("text")) for note in self.record["notes"]]

    def stability(self) -> str:
        """Return in words whether the plan holds together; "" where that was not asked."""
        verdict = self.record["firmness"]
        return word(f"own.firm.{verdict}", self.lang) if verdict else ""

    def _word(self, key: str, **fields: object) -> str:
        return word(key, self.lang, **fields)


def by_gain(found: Iterable[Own]) -> list[Own]:
    """Return proposals in the order of what they bring; those of which that is unknown come last."""
    return sorted(found, key=lambda one: (one.gain is None, -(one.gain or 0.0), one.code))
