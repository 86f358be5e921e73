"""Terminal tables of a plan and its settlement."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
from synergy.texts import LANGUAGES, MARKS, figure, gain_note, proof_text, text, unit, years

FIRST = 30  # proposals shown unless all are asked for
FIRST_ENTERPRISES = 30  # enterprises shown unless all are asked for
Settlement = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Page:
    """Output of the tables, display names of the enterprises with their evidence marks, and units of money."""

    talk: Talk
    names: Mapping[str, str]
    currency: str
    yearly: str
    once: str


def print_plan(talk: Talk, dataset: Dataset, plan: Plan, *, every: bool = False, settlement: str = "none") -> None:
    """Print the first proposals of a plan, or all, the legend of evidence marks, the settlement and the totals.

    `settlement` is the one asked for: a plan without comparison was stopped early unless it is ``none``.
    """
    lang, currency = talk.lang, dataset.settings.currency
    firms: Mapping[str, Mapping[str, str]] = labels(dataset)["enterprises"]
    evidence = {ident: label.get("evidence", "") for ident, label in firms.items()}
    names = {ident: label[f"name_{lang}"] + MARKS.get(evidence[ident], "") for ident, label in firms.items()}
    page = _Page(talk, names, currency, unit("money_year", lang, currency), unit("money", lang, currency))
    shown = plan.proposals if every else plan.proposals[:FIRST]
    if shown:
        talk.line(talk.say("proposals_of", count=len(plan.proposals), name=dataset.name), "bold")
        if plan.emissions["baseline_co2"] is None and plan.gain is None:  # no baseline
            shown = tuple(replace(proposal, co2_saved=math.nan) for proposal in shown)
        talk.out.print(_proposals(page, shown))
        used = {evidence.get(name) for proposal in shown for name in proposal.enterprises}
        told = (one for one in ("estimate", "synthetic") if one in used)
        if marks := "   ".join(f"{MARKS[one]} {text(f'evidence.{one}', lang)}" for one in told):
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
    _print_totals(page, plan)
    note = "" if plan.gain is None else gain_note(plan.scenario, len(dataset["enterprises"]), lang)
    if note:
        talk.line(note)


def _proposals(page: _Page, proposals: Sequence[Proposal]) -> Table:
    lang, table = page.talk.lang, Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("#", justify="right")
    table.add_column(text("head.proposal", lang), ratio=5, overflow="fold")
    table.add_column(text("head.kind", lang), overflow="fold")
    table.add_column(text("head.enterprises", lang), ratio=3, overflow="fold")
    heads = {"gain": page.yearly, "capex": page.once, "payback": unit("years", lang), "co2": unit("co2_year", lang)}
    for head, of in heads.items():
        table.add_column(f"{text(f'head.{head}', lang)}\n{of}", justify="right", no_wrap=True)
    for place, proposal in enumerate(proposals, 1):
        names = (page.names.get(name, name) for name in proposal.enterprises)
        kind = f"{text(f'kind.{proposal.kind}', lang)}, {text(f'state.{proposal.state}', lang)}"
        table.add_row(
            str(place),
            Text(proposal.title_zh if lang == "zh" else proposal.title_en),
            Text(kind.replace(", ", "，") if lang == "zh" else kind),
            Text(("、" if lang == "zh" else ", ").join(names)),
            figure(proposal.gain, "money", lang),
            figure(proposal.capex or None, "money", lang),
            years(proposal.payback_years if proposal.capex else None),
            figure(None if math.isnan(proposal.co2_saved) else proposal.co2_saved, "co2", lang),
        )
    return table


def _print_totals(page: _Page, plan: Plan) -> None:
    """Print name, value and unit of each total of a plan."""
    talk, lang = page.talk, page.talk.lang
    proof = proof_text({name: getattr(plan, name) for name in ("value", "bound", "proof", "solver")}, lang)
    said = f"{text(f'status.{plan.status}', lang)}{talk.say('colon')}{proof}"
    money: dict[str, float | None] = {"value": plan.value, "bound": plan.bound}
    if plan.standalone is not None:
        alone = [value for value in plan.standalone.values() if value is not None]
        money["alone"] = sum(alone) if len(alone) == len(plan.standalone) else None
        money |= {"gain": plan.gain, "remainder": plan.remainder, "today": plan.today}
        money["capex"] = sum(proposal.capex for proposal in plan.proposals)
    co2, baseline = (figure(plan.emissions.get(name), "co2", lang) for name in ("co2", "baseline_co2"))
    emitted = co2 if plan.emissions.get("baseline_co2") is None else f"{co2} ({baseline})"
    rows = [("status", plan.status, said), ("gap", f"{plan.gap:.3%}", "")]
    for name, amount in money.items():
        rows.append((name, figure(amount, "money", lang), page.once if name == "capex" else page.yearly))
    rows.append(("co2", emitted, unit("co2_year", lang)))
    rows.append(("seconds", f"{plan.solver.get('run_seconds', plan.solver.get('seconds', 0)):.1f}", ""))
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column()
    for name, value, of in rows:
        table.add_row(talk.say(f"total.{name}"), value, of)
    talk.out.print(table)


def _print_settlement(page: _Page, settlement: Settlement, *, every: bool) -> None:
    """Print the first payoffs by gain, or all, the stability verdict, the minimum subsidy and the notes."""
    talk, lang = page.talk, page.talk.lang
    talk.line(talk.say("settled.head", method=RULES[settlement["method"]].title[LANGUAGES.index(lang)]), "bold")
    payoffs = settlement["payoffs"]
    gains = {name: float(row["payoff"] if row["gain"] is None else row["gain"]) for name, row in payoffs.items()}
    ranked = sorted(payoffs, key=lambda name: (-gains[name], name))
    shown = ranked if every else ranked[:FIRST_ENTERPRISES]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(talk.say("settled.enterprise"), overflow="fold")
    keys = {"alone": "standalone", "payoff": "payoff", "gain": "gain", "transfer": "transfer"}
    for word in keys:
        table.add_column(f"{talk.say(f'settled.{word}')}\n{page.yearly}", justify="right", no_wrap=True)
    for name in shown:
        row = payoffs[name]
        table.add_row(Text(page.names.get(name, name)), *(figure(row[key], "money", lang) for key in keys.values()))
    talk.out.print(table)
    if len(shown) < len(ranked):
        talk.line(talk.say("settled.more", count=len(ranked) - len(shown)))
    binding, subsidy = settlement["binding"], settlement["subsidy"] or {"to": {}, "total": 0.0}
    coalition, paid = (
        named(tuple(page.names.get(name, name) for name in part), lang)
        for part in (binding[0]["enterprises"] if binding else (), subsidy["to"])
    )
    sums = {"bound": settlement["excess_bound"], "excess": settlement["excess"], "subsidy": subsidy["total"]}
    sums["lump"] = sum(amount for amount in settlement["lump_sums"].values() if amount > 0)
    money = {name: f"{figure(amount, 'money', lang)} {page.yearly}" for name, amount in sums.items()}
    bound = "∞" if sums["bound"] is None else money["bound"]
    verdict, count = f"settled.{settlement['verdict']}", settlement["coalitions_tested"]
    talk.line(talk.say(verdict, count=count, bound=bound, excess=money["excess"], names=coalition))
    if subsidy["to"]:
        talk.line(talk.say("settled.subsidy", total=money["subsidy"], names=paid))
    talk.line(talk.say("settled.prices", count=len(settlement["prices"]), lump=money["lump"]))
    for note in settlement["notes"]:
        told = RuleNote(note["code"], float(note["number"]), tuple(note["enterprises"]))
        names = {name: page.names.get(name, name) for name in note["enterprises"]}
        talk.line(f"- {told.sentence(lang, page.currency, names)}")
