"""Alternatives on the terminal: one sentence each, with what is given up and what changes."""

from __future__ import annotations

from pathlib import Path

from rich import box
from rich.table import Table
from rich.text import Text

from synergy.cli.progress import interruptible
from synergy.cli.show import Asked
from synergy.cli.talk import Talk
from synergy.dataset.dataset import Dataset
from synergy.model.effort import Effort
from synergy.near_optimal.alternatives import Alternative, Alternatives, alternatives
from synergy.near_optimal.telling import alternatives_record, sentence
from synergy.records.files import read_plan
from synergy.texts import figure, unit


def show_alternatives(talk: Talk, asked: Asked, plan: Path, within: float, seconds: float) -> int:
    """Print plans that are nearly as good and differ in meaning, as a table for people or one document."""
    dataset, known = asked.read(), read_plan(plan)
    with interruptible(talk) as stop:
        found = alternatives(dataset, known, within=within, effort=Effort(time_limit=seconds, stop=stop))
    if asked.as_json:
        talk.document(alternatives_record(dataset, found))
        return 0
    if found.better is not None:
        more = figure(found.better.value - known.value, "money", talk.lang)
        talk.line(talk.say("near.better", more=more, unit=unit("money_year", talk.lang, dataset.settings.currency)))
    if found.found:
        talk.line(talk.say("near.head", count=len(found.found), part=f"{within:.1%}"), "bold")
        talk.out.print(_table(talk, dataset, found))
    else:
        talk.line(talk.say("near.none", part=f"{within:.1%}", tried=found.tried))
    if found.stopped is not None:
        talk.line(talk.say(f"study.{found.stopped}"))
    talk.line(talk.say("near.note", apart=found.apart), "dim")
    return 0


def _table(talk: Talk, dataset: Dataset, found: Alternatives) -> Table:
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
        table.add_row(str(place), Text(sentence(dataset, found, one, talk.lang)), *_figures(talk, found, one))
    return table


def _figures(talk: Talk, found: Alternatives, one: Alternative) -> list[str]:
    """Return the figures of an alternative against the plan."""
    now, before = one.features, found.features
    co2 = (one.plan.emissions["co2"] or 0.0) - (found.plan.emissions["co2"] or 0.0)
    return [
        figure(-one.lost, "money", talk.lang),
        figure(now.capex - before.capex, "money", talk.lang),
        *(
            f"{len(left) - len(right):+d}"
            for left, right in (
                (now.builds, before.builds),
                (now.links, before.links),
                (now.partnerships, before.partnerships),
            )
        ),
        figure(co2, "co2", talk.lang),
        f"{one.distance:.2f}",
    ]
