"""View model of a proposal from the viewpoint of one of its parties, in one language."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import SupportsFloat

from synergy.web.texts import word
from synergy.web.texts.results import mode

from synergy.records.figures import Label, Quantity, bare
from synergy.records.names import Answer, State
from synergy.records.proposals import Built, OwnLine, OwnProposal
from synergy.records.rounds import Round
from synergy.store import queries
from synergy.store.access import Actor
from synergy.store.messages import refusal
from synergy.store.store import Store
from synergy.texts import figure, say, text, unit, years
from synergy.units import amount, label

CLOSED = (Answer.ACCEPTED, Answer.DECLINED)
LATE = "late"
_SMALL = 50.0  # money a year: less is nothing
TONES = {Answer.ACCEPTED: "good", Answer.DECLINED: "bad", Answer.COUNTERED: "warn", Answer.INTERESTED: "good"}


def standing(round_: Round, now: datetime) -> str:
    """Return the state of a round, or `LATE` if its deadline for answers has passed."""
    return LATE if round_.state is State.RESPONDING and passed(round_.answer_by, now) else round_.state


def passed(until: datetime | None, now: datetime) -> bool:
    """Return whether a deadline has passed; False for None."""
    return until is not None and now > until


def own_proposal(store: Store, actor: Actor, code: str) -> OwnProposal:
    """Return a proposal from the view of the enterprise of an account.

    Raises
    ------
    NotFoundError
        There is no such proposal, or the account sees it from another view.
    """
    found = queries.see_proposal(store, actor, code)
    if not isinstance(found, OwnProposal):
        raise refusal("not_found", what="proposal")
    return found


class Own:
    """Proposal as presented to one of its parties; `state` is that of the round, or `LATE`, see `standing`."""

    def __init__(self, record: OwnProposal, state: str, enterprise: str, lang: str) -> None:
        self.record, self.state_of_round, self.enterprise, self.lang = record, state, enterprise, lang
        self.code, self.lines = record.proposal, record.lines
        self._partners = {one.enterprise: one for one in record.partners}
        answered = record.answer in CLOSED or record.standing in CLOSED
        self.open, self.late = state == State.RESPONDING and not answered, state == LATE  # for answers
        self.hidden = any(name.startswith("?") for name in self._partners)
        self.tone = TONES.get(record.answer, "")  # colour class of the answer
        # annual gain and net payment, None if unknown or a price is missing; investment, None if there is none
        self.gain, self.received, self.capex = (
            bare(record.own.gain),
            bare(record.own.paid),
            bare(record.own.capex) or None,
        )

    def title(self) -> str:
        """Return the summary sentence for lists: the action followed by its outcome."""
        return word("own.stop_comma", self.lang).join([self.deed(), *self.outcome()]) + word("own.end_comma", self.lang)

    def deed(self) -> str:
        """Return the action: a build of the party, if any, the first exchange, and the number of further ones."""
        first = self.line(self.lines[0]) if self.lines else ""
        built = [self._word("own.build", what=self.built(one), where=self.site(one.site)) for one in self.record.built]
        parts = [built[0], first[:1].lower() + first[1:]] if built and first else [*built[:1], first]
        more = len(self.lines) - 1
        said = word("own.stop_comma", self.lang).join(part for part in parts if part) or self.plain_title()
        return said + (self._word("own.more", count=more) if more > 0 else "")

    def outcome(self) -> list[str]:
        """Return the known outcomes for the party: gain, investment and payback."""
        parts = []
        if self.gain is not None and abs(self.gain) < _SMALL:
            parts.append(word("own.even", self.lang))
        elif self.gain is not None:
            parts.append(self._word("own.gain" if self.gain > 0 else "own.cost", money=self.money(abs(self.gain))))
        if self.capex:
            parts.append(self._word("own.invest", capex=self.money(self.capex, "money")))
            if self.record.own.payback_years is not None:
                parts.append(self._word("own.pays", years=f"{self.record.own.payback_years:.2g}"))
        return parts

    def line(self, line: OwnLine) -> str:
        """Return one exchange as a sentence: direction, quantity, partner, distance and price."""
        selling = line.from_enterprise == self.enterprise
        other = line.to_enterprise if selling else line.from_enterprise
        key = "own.sell" if selling else "own.buy"
        if other == self.enterprise:
            key = "own.move"
        elif not other:
            key = "own.send" if selling else "own.take"
        where = (
            self.partner(other)
            if other and other != self.enterprise
            else self.site(line.to_site if selling else line.from_site)
        )
        said = self._word(key, what=self.good(line.commodity), amount=self.amount(line.quantity), where=where)
        if line.km and line.mode not in ("", "transfer"):
            said += self._word("own.away", km=self.km(line.km))
        return said + (self._word("own.at", price=self.price(line)) if line.price is not None else "")

    def plain_title(self) -> str:
        """Return the localized title stored with the proposal."""
        return say((self.record.title_en, self.record.title_zh), self.lang)

    def sort(self) -> str:
        """Return the kind of the proposal, followed by its state (new, changed, running) if known."""
        kind, state = text(f"kind.{self.record.kind}", self.lang), self.record.state
        return kind if state is None else f"{kind} · {text(f'state.{state}', self.lang)}"

    def partner(self, name: str) -> str:
        """Return the name of a partner, or its number while the name is hidden."""
        if name.startswith("?"):
            return self._word("own.nameless", number=name[1:])
        found = self._partners.get(name)
        return say((found.name_en, found.name_zh), self.lang) if found else name

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
        return self.partner(ident) if ident.startswith("?") else self._name(self.record.labels.sites.get(ident), ident)

    def good(self, ident: str) -> str:
        """Return the name of a commodity for use inside a sentence, in lower case in English."""
        name = self.good_name(ident)
        head = name.split(" ", 1)[0]
        plain = self.lang == "en" and len(head) > 1 and not any(c.isupper() or c.isdigit() for c in head[1:])
        return name[:1].lower() + name[1:] if plain else name

    def good_name(self, ident: str) -> str:
        """Return the name of a commodity for use on its own."""
        return self._name(self.record.labels.commodities.get(ident), ident)

    def _name(self, found: Label | None, ident: str) -> str:
        return say((found.name_en, found.name_zh), self.lang) if found else ident

    def unit(self, commodity: str) -> str:
        """Return the unit of a commodity."""
        found = self.record.labels.commodities.get(commodity)
        return label(found.unit if found else "", self.lang)

    def price_unit(self, commodity: str) -> str:
        """Return the unit of a price."""
        return f"{label(self.record.currency, self.lang)}/{self.unit(commodity)}"

    def amount(self, quantity: Quantity) -> str:
        """Return a formatted quantity with its unit."""
        return amount(float(quantity), quantity.unit, self.lang)

    def price(self, line: OwnLine) -> str:
        """Return the price of a line per unit of its commodity, or a dash if there is none."""
        return "–" if line.price is None else f"{float(line.price):,.2f} {self.price_unit(line.commodity)}"

    def paid(self, line: OwnLine) -> str:
        """Return the annual revenue (positive) or cost (negative) of a line."""
        if line.price is None:
            return "–"
        sign = 1.0 if line.from_enterprise == self.enterprise else -1.0
        return self.money(sign * float(line.price) * float(line.quantity))

    def km(self, value: float | None) -> str:
        """Return a formatted distance, or a dash for None."""
        return "–" if value is None else f"{value:.0f} km" if value >= 10 else f"{value:.1f} km".replace(".0 ", " ")

    def mode(self, name: str) -> str:
        """Return the localized name of a mode of transport."""
        return mode(name, self.lang) if name else "–"

    def money(self, value: SupportsFloat | None, what: str = "money_year") -> str:
        """Return a formatted amount of money; amounts below 10 000 are shown in whole currency units."""
        plain = bare(value)
        if plain is not None and 0 < abs(plain) < 1e4:
            tail = "" if what == "money" else word("own.a_year", self.lang)
            return f"{plain:,.0f} {label(self.record.currency, self.lang)}{tail}"
        shown = figure(plain, "money", self.lang)
        return shown if plain is None else f"{shown} {unit(what, self.lang, self.record.currency)}"

    def payback(self) -> str:
        """Return the payback time of the party's investment, or a dash if there is none."""
        value = self.record.own.payback_years
        return "–" if value is None else f"{years(value)} {unit('years', self.lang)}"

    def co2(self) -> str:
        """Return the CO2 savings of the party."""
        value = bare(self.record.own.co2_saved)
        return "–" if value is None else f"{figure(value, 'co2', self.lang)} {unit('co2_year', self.lang)}"

    def built(self, build: Built) -> str:
        """Return the name and capacity of a build."""
        name = self._name(self.record.labels.processes.get(build.process), build.process)
        if build.capacity is None:
            return self._word("own.built", what=name, size="–")
        measure, _, what = build.capacity.unit.partition(" ")
        size = amount(float(build.capacity), measure, self.lang)
        return self._word("own.built", what=name, size=f"{size} {what}".strip() if self.lang == "en" else size)

    def notes(self) -> list[str]:
        """Return the localized notes of the proposal."""
        return [say((note.text, note.text_zh or note.text), self.lang) for note in self.record.notes]

    def stability(self) -> str:
        """Return the stability verdict of the plan as text, or "" if it was not evaluated."""
        verdict = self.record.firmness
        return word(f"own.firm.{verdict}", self.lang) if verdict else ""

    def _word(self, key: str, **fields: object) -> str:
        return word(key, self.lang, **fields)


def by_gain(found: Iterable[Own]) -> list[Own]:
    """Sort proposals by descending gain, with unknown gains last."""
    return sorted(found, key=lambda one: (one.gain is None, -(one.gain or 0.0), one.code))
