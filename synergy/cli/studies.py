"""Implementation of the analysis commands: pathways, near-optimal alternatives, explanations and sensitivity."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan
from pathlib import Path

from rich import box
from rich.table import Table
from rich.text import Text

from synergy.cli.answers import unit_label
from synergy.cli.console import Talk
from synergy.cli.matching import CommandInput
from synergy.cli.options import refuse_value
from synergy.cli.progress import interruptible
from synergy.dataset.schema import TABLES
from synergy.dataset.sheet import Dataset
from synergy.dataset.typed import near
from synergy.explanation.explain import Explainer, nearest
from synergy.explanation.trial import Question
from synergy.graph.pathways import Chain, Pathway, Pathways, pathways, pathways_record, products
from synergy.model.solve_params import SolveParams
from synergy.near_optimal.alternatives import Alternatives, alternatives, alternatives_record, sentence
from synergy.proposals.names import Names, amount, names
from synergy.records.files import read_plan
from synergy.texts import CURRENCIES, figure, text, unit
from synergy.uncertainty.figures import SAID, Figure, subject
from synergy.uncertainty.sensitivity import End, Sensitivity, Uncertain, sensitivity, sensitivity_record

NEAREST_SCHEMA = "synergy/nearest/1"
FIRST = 25  # chains shown unless all are asked for
OWNERS = 3  # enterprises named
FIRST_UNCERTAIN = 15  # figures shown unless all are asked for


def show_pathways(talk: Talk, asked: CommandInput, commodity: str, depth: int) -> int:
    """Print the processing chains of a commodity as a table or a JSON document."""
    dataset = asked.read()
    known = dataset["commodities"]["commodity"].to_list()
    if commodity not in known:
        refuse_value("commodity", commodity, "expected.commodity", near=", ".join(near(commodity, known) or known[:10]))
    found = pathways(dataset, commodity, depth=depth)
    if asked.as_json:
        talk.document(pathways_record(dataset, found))
    else:
        _print(talk, dataset, found, every=asked.every)
    return 0


@dataclass(frozen=True, slots=True)
class _ChainPage:
    talk: Talk
    names: Names
    unit: str
    currency: str

    def amount(self, size: float) -> str:
        """Return a formatted amount of the initial commodity."""
        return amount(size, self.unit, self.talk.lang)

    @property
    def per(self) -> str:
        """Return the unit of money per unit of the initial commodity, such as ``CNY/t``."""
        known = "吨" if self.unit == "t" and self.talk.lang == "zh" else self.unit
        return f"{CURRENCIES[self.talk.lang].get(self.currency, self.currency)}/{known}"

    def listed(self, parts: list[str]) -> str:
        """Join parts with the list separator of the language."""
        return ("、" if self.talk.lang == "zh" else ", ").join(parts)


def _print(talk: Talk, dataset: Dataset, found: Pathways, *, every: bool) -> None:
    said = names(dataset, talk.lang)
    page = _ChainPage(talk, said, said.unit[found.commodity], dataset.settings.currency)
    own = said.commodity[found.commodity]
    ended = [one for one in found.chains if one.ends]
    talk.line(talk.say("paths.head", count=len(ended), name=own), "bold")
    low, middle, high = (f"{size:,.0f}" for size in found.worth)
    talk.line(talk.say("paths.there", amount=page.amount(sum(found.held.values())), count=len(found.held)))
    talk.line(talk.say("paths.worth", low=low, middle=middle, high=high, unit=page.per))
    shown = ended if every else [one for one in ended if not one.minor][:FIRST]
    if shown:
        talk.out.print(_table(page, found, {one.chain for one in shown}))
    if len(shown) < len(ended):
        talk.line(talk.say("paths.more", count=len(ended) - len(shown)))
    for key, processes in (("aids", found.aids), ("closed", found.closed)):
        if processes:
            talk.line(talk.say(f"paths.{key}", names=page.listed([said.process[name] for name in processes])))
    talk.line(talk.say("paths.note"), "dim")


def _table(page: _ChainPage, found: Pathways, shown: set[Chain]) -> Table:
    say = page.talk.say
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("#", justify="right")
    table.add_column(say("paths.chain"), ratio=5, overflow="fold")
    for level in ("low", "middle", "high", "standing"):
        table.add_column(f"{say(f'paths.{level}')}\n{page.per}", justify="right", no_wrap=True)
    capex = unit("money", page.talk.lang, page.currency)
    table.add_column(f"{text('head.capex', page.talk.lang)}\n{capex}", justify="right", no_wrap=True)
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


def _tree(by_chain: Mapping[Chain, Pathway], shown: set[Chain]) -> list[Chain]:
    """Return the selected chains and their prefixes in depth-first order, the best branch first."""
    needed = {chain[: size + 1] for chain in shown for size in range(len(chain))}
    order = {chain: place for place, chain in enumerate(by_chain) if chain in shown}
    best = {chain: min(order[one] for one in shown if one[: len(chain)] == chain) for chain in needed}
    return sorted(needed, key=lambda chain: [best[chain[: size + 1]] for size in range(len(chain))])


def _step(page: _ChainPage, one: Pathway) -> Text:
    """Return the last step of a chain, indented by its depth."""
    process, taken = one.chain[-1]
    made = page.listed([page.names.commodity[name] for name in products(one)])
    lead = "   " * (len(one.chain) - 1) + "└ " if len(one.chain) > 1 else ""
    source = f"{page.names.commodity[taken]} → " if len(one.chain) > 1 else ""
    return Text(lead + source + page.names.process[process] + (f" → {made}" if made else ""))


def _figures(page: _ChainPage, one: Pathway, ends: bool) -> list[str | Text]:
    """Return the cells for margins, capex, minimum scale, owners and remarks; only the owners for prefixes."""
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


def _remark(page: _ChainPage, one: Pathway) -> str:
    say, called = page.talk.say, page.names.commodity
    parts = [say("paths.lacking", amount=page.amount(one.lacking))] if one.lacking else []
    for key, lacking in (("short", one.best.short), ("unsold", one.best.unsold)):
        if lacking:
            parts.append(say(f"paths.{key}", names=page.listed([called[name] for name in lacking])))
    if one.loop:
        parts.append(say("paths.loop"))
    return "; ".join(parts) if page.talk.lang == "en" else "；".join(parts)


def show_alternatives(talk: Talk, asked: CommandInput, plan: Path, within: float, seconds: float) -> int:
    """Print near-optimal plans that differ substantially, as a table or a JSON document."""
    dataset, known = asked.read(), read_plan(plan)
    with interruptible(talk) as stop:
        found = alternatives(dataset, known, within=within, params=SolveParams(time_limit=seconds, stop=stop))
    if asked.as_json:
        talk.document(alternatives_record(dataset, found))
        return 0
    if found.better is not None:
        more = figure(found.better.value - known.value, "money", talk.lang)
        talk.line(talk.say("near.better", more=more, unit=unit("money_year", talk.lang, dataset.settings.currency)))
    if found.found:
        talk.line(talk.say("near.head", count=len(found.found), part=f"{within:.1%}"), "bold")
        talk.out.print(_alternatives_table(talk, dataset, found))
    else:
        talk.line(talk.say("near.none", part=f"{within:.1%}", tried=found.tried))
    if found.stopped is not None:
        talk.line(talk.say(f"study.{found.stopped}"))
    talk.line(talk.say("near.note", apart=found.apart), "dim")
    return 0


def _alternatives_table(talk: Talk, dataset: Dataset, found: Alternatives) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    currency = dataset.settings.currency
    yearly, once = unit("money_year", talk.lang, currency), unit("money", talk.lang, currency)
    table.add_column("#", justify="right")
    table.add_column(talk.say("near.what"), ratio=1, overflow="fold")
    for head, of in (("lost", yearly), ("capex", once), ("builds", ""), ("links", ""), ("partners", "")):
        table.add_column(f"{talk.say(f'near.{head}')}\n{of}".rstrip(), justify="right", no_wrap=True)
    table.add_column(f"CO2\n{unit('co2_year', talk.lang)}", justify="right", no_wrap=True)
    table.add_column(talk.say("near.distance"), justify="right", no_wrap=True)
    for place, one in enumerate(found.found, 1):
        now, before = one.features, found.features
        counts = ((len(getattr(now, name)), len(getattr(before, name))) for name in ("builds", "links", "partnerships"))
        co2 = (one.plan.emissions["co2"] or 0.0) - (found.plan.emissions["co2"] or 0.0)
        table.add_row(
            str(place),
            Text(sentence(dataset, found, one, talk.lang)),
            figure(-one.lost, "money", talk.lang),
            figure(now.capex - before.capex, "money", talk.lang),
            *(f"{left - right:+d}" for left, right in counts),
            figure(co2, "co2", talk.lang),
            f"{one.distance:.2f}",
        )
    return table


def show_sensitivity(talk: Talk, asked: CommandInput, plan: Path | None, seconds: float) -> int:
    """Print the uncertain figures in order of regret, as a table or a JSON document."""
    dataset = asked.read()
    known = None if plan is None else read_plan(plan)
    with interruptible(talk) as stop:
        found = sensitivity(dataset, known, params=SolveParams(time_limit=seconds, stop=stop))
    if asked.as_json:
        talk.document(sensitivity_record(dataset, found))
        return 0
    if not found.found:
        talk.line(talk.say("ask.none"))
        return 0
    first = found.found[0]
    key = "ask.first" if first.worst or first.worst is None else "ask.nothing"
    talk.line(talk.say(key, what=subject(dataset, first.figure, talk.lang)), "bold")
    rows = found.found if asked.every else found.found[:FIRST_UNCERTAIN]
    talk.out.print(_uncertain_table(talk, dataset, rows))
    if len(rows) < len(found.found):
        talk.line(talk.say("ask.more", count=len(found.found) - len(rows)))
    _notes(talk, dataset, found)
    return 0


def _notes(talk: Talk, dataset: Dataset, found: Sensitivity) -> None:
    if len(found.found) < found.known:
        talk.line(talk.say("ask.unseen", count=found.known - len(found.found)))
    if found.better is not None:
        value = figure(found.better, "money", talk.lang)
        talk.line(talk.say("ask.better", value=value, unit=unit("money_year", talk.lang, dataset.settings.currency)))
    if found.yearly:
        talk.line(talk.say("ask.yearly"))
    if found.stopped is not None:
        talk.line(talk.say(f"study.{found.stopped}"))
    talk.line(talk.say("ask.note"), "dim")


def _uncertain_table(talk: Talk, dataset: Dataset, rows: tuple[Uncertain, ...]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    yearly = unit("money_year", talk.lang, dataset.settings.currency)
    table.add_column("#", justify="right")
    table.add_column(talk.say("ask.what"), ratio=1, overflow="fold")
    table.add_column(talk.say("ask.origin"), no_wrap=True)
    table.add_column(talk.say("ask.interval"), justify="right", no_wrap=True)
    for head in ("value_low", "value_high", "gain_low", "gain_high", "worst", "expected"):
        table.add_column(f"{talk.say(f'ask.{head}')}\n{yearly}", justify="right", no_wrap=True)
    table.add_column(talk.say("ask.plan"), no_wrap=True)
    for place, one in enumerate(rows, 1):
        table.add_row(
            str(place), Text(subject(dataset, one.figure, talk.lang)), *_uncertain_figures(talk, dataset, one)
        )
    return table


def _uncertain_figures(talk: Talk, dataset: Dataset, one: Uncertain) -> list[str]:
    """Return the cells of an uncertain figure; values estimated from relaxations are marked with ``~``."""
    by_end = {end.end: end for end in one.ends}
    mark = "" if one.searched else "~"
    changes = [_money(talk, by_end.get(end), "change", mark) for end in ("low", "high")]
    gains = [_money(talk, by_end.get(end), "gain", mark) for end in ("low", "high")]
    regrets = [
        talk.say("ask.not_kept") if regret is None else mark + figure(regret, "money", talk.lang)
        for regret in (one.worst, one.expected)
    ]
    plan = talk.say("ask.changes" if one.changes else "ask.stays")
    return [
        SAID.say(one.figure.origin, talk.lang),
        _interval(talk, dataset, one.figure),
        *changes,
        *gains,
        *regrets,
        plan,
    ]


def _money(talk: Talk, end: End | None, name: str, mark: str) -> str:
    value = None if end is None else getattr(end, name)
    return "–" if value is None else mark + figure(value, "money", talk.lang)


def _interval(talk: Talk, dataset: Dataset, figure: Figure) -> str:
    """Return low, value and high of the first row of a figure with their unit, and a dash for missing values."""
    row = figure.rows[0]
    shown = " … ".join("–" if isnan(size) else f"{size:,.6g}" for size in (row.low, row.value, row.high))
    return f"{shown} {_unit_of(talk, dataset, figure)}".rstrip()


def _unit_of(talk: Talk, dataset: Dataset, figure: Figure) -> str:
    """Return the unit of a figure: that of its column, for the currency, commodity and process of its first row."""
    place = figure.rows[0].place
    column = TABLES[figure.table].by_name.get(figure.column) if place >= 0 else None
    if column is None:
        return ""
    row, said = dataset[figure.table].iloc[place], names(dataset, talk.lang)
    known = {
        "money": CURRENCIES[talk.lang].get(dataset.settings.currency, dataset.settings.currency),
        "unit": unit_label(said.unit.get(str(row.get("commodity")), ""), talk.lang),
        "activity": unit_label(said.activity.get(str(row.get("process")), ""), talk.lang),
    }
    return re.sub(r"money|unit|activity", lambda word: known[word[0]] or word[0], column.unit.removesuffix("1"))


def show_explanation(
    talk: Talk, asked: CommandInput, plan: Path, exchange: tuple[str, str, str, str, str], asker: str
) -> int:
    """Print why an exchange (the fields of a `Question`) is part of a plan or not, in the view of an enterprise or all.

    `asker` is the enterprise; "": planners.
    """
    answer = Explainer(asked.read(), read_plan(plan)).ask(Question(*exchange))
    if asked.as_json:
        talk.document(answer.record(asker))
    else:
        talk.line(answer.text(talk.lang, asker))
    return 0


def show_nearest(talk: Talk, asked: CommandInput, plan: Path, enterprise: str, asker: str) -> int:
    """Print the explanations of the nearest exchanges of an enterprise, `asker` as in `show_explanation`."""
    answers = nearest(Explainer(asked.read(), read_plan(plan)), enterprise, firm=bool(asker))
    if asked.as_json:
        records = [answer.record(asker) for answer in answers]
        talk.document({"schema": NEAREST_SCHEMA, "enterprise": enterprise, "nearest": records})
        return 0
    talk.line(talk.say("explain.nearest" if answers else "explain.nobody", name=enterprise))
    for answer in answers:
        talk.line("")
        talk.line(answer.text(talk.lang, asker))
    return 0
