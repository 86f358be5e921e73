"""A settlement as a table for people: who gets what, and how stable that is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from synergy.cli.talk import Talk
from synergy.dataset.dataset import Dataset
from synergy.records.rounds import labels
from synergy.settlement.division import Note, named
from synergy.settlement.rules import RULES
from synergy.texts import figure, mark, say, unit

FIRST = 30  # enterprises shown unless all are asked for

Settlement = Mapping[str, Any]


def print_settlement(talk: Talk, dataset: Dataset, settlement: Settlement, *, every: bool = False) -> None:
    """Print payoffs by gain, the verdict on stability, the least subsidy and what the rule has to say.

    Parameters
    ----------
    talk : Talk
        Where to, and in which language.
    dataset : Dataset
        For names and the currency.
    settlement : mapping
        Of a plan.
    every : bool
        All enterprises, not the first `FIRST`.
    """
    page = _Page(talk, dataset)
    title = say(RULES[settlement["method"]].title, talk.lang)
    talk.line(talk.say("settled.head", method=title), "bold")
    rows = sorted(settlement["payoffs"].items(), key=lambda row: (-_gain(row[1]), row[0]))
    shown = rows if every else rows[:FIRST]
    talk.out.print(_table(page, shown))
    if len(shown) < len(rows):
        talk.line(talk.say("settled.more", count=len(rows) - len(shown)))
    talk.line(_verdict(page, settlement))
    subsidy = settlement["subsidy"]
    if subsidy is not None and subsidy["to"]:
        who = page.listed(list(subsidy["to"]))
        talk.line(talk.say("settled.subsidy", total=page.money(subsidy["total"]), names=who))
    lump = sum(amount for amount in settlement["lump_sums"].values() if amount > 0)
    talk.line(talk.say("settled.prices", count=len(settlement["prices"]), lump=page.money(lump)))
    for note in settlement["notes"]:
        told = Note(note["code"], float(note["number"]), tuple(note["enterprises"]))
        names = {name: page.name(name) for name in note["enterprises"]}
        talk.line(f"- {told.sentence(talk.lang, page.currency, names)}")


class _Page:
    """Names and money in the language of a call."""

    def __init__(self, talk: Talk, dataset: Dataset) -> None:
        self.talk, self.names = talk, labels(dataset)["enterprises"]
        self.currency = dataset.settings.currency

    @property
    def unit(self) -> str:
        """Return the unit of money a year."""
        return unit("money_year", self.talk.lang, self.currency)

    def name(self, ident: str) -> str:
        """Return the name of an enterprise with the sign of its evidence."""
        label = self.names.get(ident, {})
        return str(label.get(f"name_{self.talk.lang}", ident)) + mark(label.get("evidence", ""))

    def listed(self, idents: list[str]) -> str:
        """Return some enterprises, many of them counted."""
        return named(tuple(self.name(ident) for ident in idents), self.talk.lang)

    def money(self, amount: float | None) -> str:
        """Return money a year with its unit."""
        return f"{figure(amount, 'money', self.talk.lang)} {self.unit}"


def _gain(row: Mapping[str, Any]) -> float:
    return float(row["payoff"] if row["gain"] is None else row["gain"])


def _table(page: _Page, rows: list[tuple[str, Mapping[str, Any]]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(page.talk.say("settled.enterprise"), overflow="fold")
    keys = {"alone": "standalone", "payoff": "payoff", "gain": "gain", "transfer": "transfer"}
    for word in keys:
        table.add_column(f"{page.talk.say(f'settled.{word}')}\n{page.unit}", justify="right", no_wrap=True)
    for name, row in rows:
        table.add_row(Text(page.name(name)), *(figure(row[key], "money", page.talk.lang) for key in keys.values()))
    return table


def _verdict(page: _Page, settlement: Settlement) -> str:
    """Return how stable the payoffs are, in one sentence."""
    bound, binding = settlement["excess_bound"], settlement["binding"]
    return page.talk.say(
        f"settled.{settlement['verdict']}",
        count=settlement["coalitions_tested"],
        bound=page.money(bound) if bound is not None else "∞",
        excess=page.money(settlement["excess"]),
        names=page.listed(list(binding[0]["enterprises"])) if binding else "",
    )
