"""Terminal tables of a plan and its settlement."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from synergy.cli.console import Talk
from synergy.dataset.sheet import Dataset
from synergy.plan import Plan, Proposal
from synergy.records.files import labels
from synergy.settlement.division import RuleNote
from synergy.settlement.game import named
from synergy.settlement.rules import RULES
from synergy.texts import figure, gain_note, mark, proof_text, say, unit, years

FIRST = 30  # proposals shown unless all are asked for
FIRST_ENTERPRISES = 30  # enterprises shown unless all are asked for
Settlement = Mapping[str, Any]


def print_plan(talk: Talk, dataset: Dataset, plan: Plan, *, every: bool = False, settlement: str = "none") -> None:
    """Print the first proposals of a plan, or all, the legend of evidence marks, the settlement and the totals.

    `settlement` is the one asked for: a plan without comparison was stopped early unless it is ``none``.
    """
    page = _Page(talk, dataset)
    shown = plan.proposals if every else plan.proposals[:FIRST]
    if shown:
        talk.line(talk.say("proposals_of", count=len(plan.proposals), name=dataset.name), "bold")
        if plan.emissions["baseline_co2"] is None and plan.gain is None:  # no baseline
            shown = tuple(replace(proposal, co2_saved=math.nan) for proposal in shown)
        talk.out.print(_proposals(page, shown))
        evidence = {page.label(name).get("evidence", "") for proposal in shown for name in proposal.enterprises}
        told = (one for one in ("estimate", "synthetic") if one in evidence)
        if marks := "   ".join(f"{mark(one)} {talk.shared(f'evidence.{one}')}" for one in told):
            talk.line(marks, "dim")
        if len(shown) < len(plan.proposals):
            talk.line(talk.say("more_proposals", count=len(plan.proposals) - len(shown)))
    else:
        bare = "no_comparison" if settlement == "none" else "uncompared"
        talk.line(talk.say(bare if plan.gain is None and plan.standalone is None else "no_proposals"))
    talk.line("")
    if plan.settlement is not None:
        _print_settlement(page, plan.settlement, every=every)
        talk.line("")
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column()
    for key, value, of in _sums(page, plan):
        table.add_row(talk.say(f"total.{key}"), value, of)
    talk.out.print(table)
    note = "" if plan.gain is None else gain_note(plan.scenario, len(dataset["enterprises"]), talk.lang)
    if note:
        talk.line(note)


class _Page:
    """Formatter of names and money in one language."""

    def __init__(self, talk: Talk, dataset: Dataset) -> None:
        self.talk, self.names = talk, labels(dataset)["enterprises"]
        self.currency = dataset.settings.currency
        self.yearly, self.once = (unit(key, talk.lang, self.currency) for key in ("money_year", "money"))

    def label(self, ident: str) -> Mapping[str, str]:
        """Return what is known of an enterprise."""
        return self.names.get(ident, {})

    def name(self, ident: str) -> str:
        """Return the localized name of an enterprise with its evidence mark."""
        label = self.label(ident)
        return label.get(f"name_{self.talk.lang}", ident) + mark(label.get("evidence", ""))

    def listed(self, idents: list[str]) -> str:
        """Join the names of enterprises; long lists are truncated with a count."""
        return named(tuple(self.name(ident) for ident in idents), self.talk.lang)

    def figure(self, amount: float | None) -> str:
        """Return a formatted amount of money without its unit."""
        return figure(amount, "money", self.talk.lang)

    def money(self, amount: float | None) -> str:
        """Return a formatted annual amount of money with its unit."""
        return f"{self.figure(amount)} {self.yearly}"


def _proposals(page: _Page, proposals: tuple[Proposal, ...]) -> Table:
    talk, table = page.talk, Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("#", justify="right")
    table.add_column(talk.shared("head.proposal"), ratio=5, overflow="fold")
    table.add_column(talk.shared("head.kind"), overflow="fold")
    table.add_column(talk.shared("head.enterprises"), ratio=3, overflow="fold")
    heads = {"gain": page.yearly, "capex": page.once}
    heads |= {"payback": unit("years", talk.lang), "co2": unit("co2_year", talk.lang)}
    for head, of in heads.items():
        table.add_column(f"{talk.shared(f'head.{head}')}\n{of}", justify="right", no_wrap=True)
    for place, proposal in enumerate(proposals, 1):
        names = map(page.name, proposal.enterprises)
        kind = f"{talk.shared(f'kind.{proposal.kind}')}, {talk.shared(f'state.{proposal.state}')}"
        table.add_row(
            str(place),
            Text(proposal.title_zh if talk.lang == "zh" else proposal.title_en),
            Text(kind.replace(", ", "，") if talk.lang == "zh" else kind),
            Text(("、" if talk.lang == "zh" else ", ").join(names)),
            page.figure(proposal.gain),
            page.figure(proposal.capex or None),
            years(proposal.payback_years if proposal.capex else None),
            figure(None if math.isnan(proposal.co2_saved) else proposal.co2_saved, "co2", talk.lang),
        )
    return table


def _sums(page: _Page, plan: Plan) -> Iterator[tuple[str, str, str]]:
    """Yield name, formatted value and unit of each total."""
    talk, lang = page.talk, page.talk.lang
    proof = proof_text({name: getattr(plan, name) for name in ("value", "bound", "proof", "solver")}, lang)
    yield "status", plan.status, f"{talk.shared(f'status.{plan.status}')}{talk.say('colon')}{proof}"
    yield "gap", f"{plan.gap:.3%}", ""
    yield "value", page.figure(plan.value), page.yearly
    yield "bound", page.figure(plan.bound), page.yearly
    if plan.standalone is not None:
        alone = [value for value in plan.standalone.values() if value is not None]
        known = len(alone) == len(plan.standalone)
        yield "alone", page.figure(sum(alone) if known else None), page.yearly
        yield "gain", page.figure(plan.gain), page.yearly
        yield "remainder", page.figure(plan.remainder), page.yearly
        yield "today", page.figure(plan.today), page.yearly
        yield "capex", page.figure(sum(proposal.capex for proposal in plan.proposals)), page.once
    baseline = plan.emissions.get("baseline_co2")
    shown = figure(plan.emissions.get("co2"), "co2", lang)
    yield "co2", shown if baseline is None else f"{shown} ({figure(baseline, 'co2', lang)})", unit("co2_year", lang)
    yield "seconds", f"{plan.solver.get('run_seconds', plan.solver.get('seconds', 0)):.1f}", ""


def _print_settlement(page: _Page, settlement: Settlement, *, every: bool) -> None:
    """Print the first payoffs by gain, or all, the stability verdict, the minimum subsidy and the notes."""
    talk = page.talk
    title = say(RULES[settlement["method"]].title, talk.lang)
    talk.line(talk.say("settled.head", method=title), "bold")
    rows = sorted(settlement["payoffs"].items(), key=lambda row: (-_gain(row[1]), row[0]))
    shown = rows if every else rows[:FIRST_ENTERPRISES]
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
        told = RuleNote(note["code"], float(note["number"]), tuple(note["enterprises"]))
        names = {name: page.name(name) for name in note["enterprises"]}
        talk.line(f"- {told.sentence(talk.lang, page.currency, names)}")


def _gain(row: Mapping[str, Any]) -> float:
    return float(row["payoff"] if row["gain"] is None else row["gain"])


def _table(page: _Page, rows: list[tuple[str, Mapping[str, Any]]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(page.talk.say("settled.enterprise"), overflow="fold")
    keys = {"alone": "standalone", "payoff": "payoff", "gain": "gain", "transfer": "transfer"}
    for word in keys:
        table.add_column(f"{page.talk.say(f'settled.{word}')}\n{page.yearly}", justify="right", no_wrap=True)
    for name, row in rows:
        table.add_row(Text(page.name(name)), *(page.figure(row[key]) for key in keys.values()))
    return table


def _verdict(page: _Page, settlement: Settlement) -> str:
    """Return the stability verdict of a settlement as one sentence."""
    bound, binding = settlement["excess_bound"], settlement["binding"]
    return page.talk.say(
        f"settled.{settlement['verdict']}",
        count=settlement["coalitions_tested"],
        bound=page.money(bound) if bound is not None else "∞",
        excess=page.money(settlement["excess"]),
        names=page.listed(list(binding[0]["enterprises"])) if binding else "",
    )
