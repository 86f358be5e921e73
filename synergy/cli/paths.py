"""Pathways on the terminal: a tree of chains with margins, scale and who has the units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rich import box
from rich.table import Table
from rich.text import Text

from synergy.cli.show import Asked
from synergy.cli.talk import Talk
from synergy.dataset.dataset import Dataset
from synergy.dataset.ids import near
from synergy.errors import UsageError
from synergy.graph.pathways import Pathway, Pathways, pathways
from synergy.graph.record import pathways_record, products
from synergy.graph.search import Chain
from synergy.proposals.names import Names, amount, names
from synergy.texts import figure, unit

FIRST = 25  # chains shown unless all are asked for
OWNERS = 3  # enterprises named


def show_pathways(talk: Talk, asked: Asked, commodity: str, depth: int) -> int:
    """Print the chains that a commodity can take, as a table for people or one document."""
    dataset = asked.read()
    known = dataset["commodities"]["commodity"].to_list()
    if commodity not in known:
        raise UsageError(talk.say("no_commodity", name=commodity, near=", ".join(near(commodity, known) or known[:10])))
    found = pathways(dataset, commodity, depth=depth)
    if asked.as_json:
        talk.document(pathways_record(dataset, found))
    else:
        _print(talk, dataset, found, every=asked.every)
    return 0


@dataclass(frozen=True, slots=True)
class _Page:
    talk: Talk
    names: Names
    unit: str
    currency: str

    def amount(self, size: float) -> str:
        """Return an amount of the start in words."""
        return amount(size, self.unit, self.talk.lang)

    def listed(self, parts: list[str]) -> str:
        """Return parts side by side."""
        return ("、" if self.talk.lang == "zh" else ", ").join(parts)


def _print(talk: Talk, dataset: Dataset, found: Pathways, *, every: bool) -> None:
    said = names(dataset, talk.lang)
    page = _Page(talk, said, said.unit[found.commodity], dataset.settings.currency)
    own = said.commodity[found.commodity]
    ended = [one for one in found.chains if one.ends]
    talk.line(talk.say("paths.head", count=len(ended), name=own), "bold")
    there = sum(found.held.values())
    low, middle, high = (f"{size:,.0f}" for size in found.worth)
    talk.line(talk.say("paths.there", amount=page.amount(there), count=len(found.held)))
    talk.line(talk.say("paths.worth", low=low, middle=middle, high=high, unit=_per(page)))
    shown = ended if every else [one for one in ended if not one.minor][:FIRST]
    if shown:
        talk.out.print(_table(page, found, {one.chain for one in shown}))
    if len(shown) < len(ended):
        talk.line(talk.say("paths.more", count=len(ended) - len(shown)))
    for key, processes in (("aids", found.aids), ("closed", found.closed)):
        if processes:
            talk.line(talk.say(f"paths.{key}", names=page.listed([said.process[name] for name in processes])))
    talk.line(talk.say("paths.note"), "dim")


def _per(page: _Page) -> str:
    """Return money per unit of the start, as ``CNY/t``."""
    money = unit("money", page.talk.lang, page.currency).removeprefix("M ").removeprefix("万")
    return f"{money}/{'吨' if page.unit == 't' and page.talk.lang == 'zh' else page.unit}"


def _table(page: _Page, found: Pathways, shown: set[Chain]) -> Table:
    say = page.talk.say
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("#", justify="right")
    table.add_column(say("paths.chain"), ratio=5, overflow="fold")
    for level in ("low", "middle", "high", "standing"):
        table.add_column(f"{say(f'paths.{level}')}\n{_per(page)}", justify="right", no_wrap=True)
    capex = unit("money", page.talk.lang, page.currency)
    table.add_column(f"{page.talk.shared('head.capex')}\n{capex}", justify="right", no_wrap=True)
    table.add_column(say("paths.least"), ratio=2, overflow="fold")
    table.add_column(say("paths.units"), ratio=3, overflow="fold")
    table.add_column(say("paths.remark"), ratio=2, overflow="fold")
    rank = {one.chain: place for place, one in enumerate(found.chains, 1)}
    by_chain = {one.chain: one for one in found.chains}
    for chain in _tree(by_chain, shown):
        one = by_chain[chain]
        table.add_row(
            str(rank[chain]) if chain in shown else "", _step(page, one), *_figures(page, one, chain in shown)
        )
    return table


def _tree(by_chain: Mapping[Chain, Pathway], shown: set[Chain]) -> Iterator[Chain]:
    """Yield the chains to show and those that lead to them, each behind what it goes on from, the best branch first."""
    needed = {chain[: size + 1] for chain in shown for size in range(len(chain))}
    order = {chain: place for place, chain in enumerate(by_chain) if chain in shown}
    best = {chain: min(order[one] for one in shown if one[: len(chain)] == chain) for chain in needed}

    def below(chain: Chain) -> Iterator[Chain]:
        inner = [one for one in needed if one[:-1] == chain]
        for one in sorted(inner, key=lambda one: best[one]):
            yield one
            yield from below(one)

    yield from below(())


def _step(page: _Page, one: Pathway) -> Text:
    """Return the last step of a chain, indented by its place in it."""
    process, taken = one.chain[-1]
    made = page.listed([page.names.commodity[name] for name in products(one)])
    lead = "   " * (len(one.chain) - 1) + "└ " if len(one.chain) > 1 else ""
    source = f"{page.names.commodity[taken]} → " if len(one.chain) > 1 else ""
    return Text(lead + source + page.names.process[process] + (f" → {made}" if made else ""))


def _figures(page: _Page, one: Pathway, ends: bool) -> list[str | Text]:
    """Return margins, capex, least scale, who has units, and what is wrong; blank where a step only leads on."""
    say, technology = page.talk.say, one.line.technologies[-1]
    owners = list(dict.fromkeys(unit.owner for unit in technology.facilities))
    who = page.listed([page.names.owner[name] for name in owners[:OWNERS]])
    if len(owners) > OWNERS:
        who = say("paths.others", names=who, count=len(owners) - OWNERS)
    who = who or say("paths.nobody")
    if not ends:
        return [*[""] * 6, Text(who), ""]
    margins = [f"{size:,.0f}" for size in (*one.margins, float(one.best.standing[1]))]
    scale = "–" if not one.least else page.amount(one.least)
    if one.least and one.firms:
        scale = say("paths.firms", amount=scale, count=one.firms)
    return [*margins, figure(one.best.capex, "money", page.talk.lang), Text(scale), Text(who), Text(_remark(page, one))]


def _remark(page: _Page, one: Pathway) -> str:
    say, called = page.talk.say, page.names.commodity
    parts = [say("paths.lacking", amount=page.amount(one.lacking))] if one.lacking else []
    for key, lacking in (("short", one.best.short), ("unsold", one.best.unsold)):
        if lacking:
            parts.append(say(f"paths.{key}", names=page.listed([called[name] for name in lacking])))
    if one.loop:
        parts.append(say("paths.loop"))
    return "; ".join(parts) if page.talk.lang == "en" else "；".join(parts)
