"""Sensitivity on the terminal: the figures to ask for, with what they change and what not knowing them may cost."""

from __future__ import annotations

from math import isnan
from pathlib import Path

from rich import box
from rich.table import Table
from rich.text import Text

from synergy.cli.progress import interruptible
from synergy.cli.show import Asked
from synergy.cli.talk import Talk
from synergy.dataset.dataset import Dataset
from synergy.model.effort import Effort
from synergy.records.files import read_plan
from synergy.texts import figure as shown
from synergy.texts import unit
from synergy.uncertainty.figures import Figure
from synergy.uncertainty.sensitivity import End, Sensitivity, Uncertain, sensitivity
from synergy.uncertainty.telling import SAID, sensitivity_record, subject

FIRST = 15  # figures shown unless all are asked for


def show_sensitivity(talk: Talk, asked: Asked, plan: Path | None, seconds: float) -> int:
    """Print the uncertain figures by regret, as a table for people or one document."""
    dataset = asked.read()
    known = None if plan is None else read_plan(plan)
    with interruptible(talk) as stop:
        found = sensitivity(dataset, known, effort=Effort(time_limit=seconds, stop=stop))
    if asked.as_json:
        talk.document(sensitivity_record(dataset, found))
        return 0
    if not found.found:
        talk.line(talk.say("ask.none"))
        return 0
    first = found.found[0]
    key = "ask.first" if first.worst or first.worst is None else "ask.nothing"
    talk.line(talk.say(key, what=subject(dataset, first.figure, talk.lang)), "bold")
    rows = found.found if asked.every else found.found[:FIRST]
    talk.out.print(_table(talk, dataset, rows))
    if len(rows) < len(found.found):
        talk.line(talk.say("ask.more", count=len(found.found) - len(rows)))
    _notes(talk, dataset, found)
    return 0


def _notes(talk: Talk, dataset: Dataset, found: Sensitivity) -> None:
    if len(found.found) < found.known:
        talk.line(talk.say("ask.unseen", count=found.known - len(found.found)))
    if found.better is not None:
        value = shown(found.better, "money", talk.lang)
        talk.line(talk.say("ask.better", value=value, unit=unit("money_year", talk.lang, dataset.settings.currency)))
    if found.yearly:
        talk.line(talk.say("ask.yearly"))
    if found.stopped is not None:
        talk.line(talk.say(f"study.{found.stopped}"))
    talk.line(talk.say("ask.note"), "dim")


def _table(talk: Talk, dataset: Dataset, rows: tuple[Uncertain, ...]) -> Table:
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
        table.add_row(str(place), Text(subject(dataset, one.figure, talk.lang)), *_figures(talk, one))
    return table


def _figures(talk: Talk, one: Uncertain) -> list[str]:
    """Return the figures of a row; what was guessed from relaxations has a mark."""
    by_end = {end.end: end for end in one.ends}
    mark = "" if one.searched else "~"
    changes = [_money(talk, by_end.get(end), "change", mark) for end in ("low", "high")]
    gains = [_money(talk, by_end.get(end), "gain", mark) for end in ("low", "high")]
    regrets = [
        talk.say("ask.not_kept") if regret is None else mark + shown(regret, "money", talk.lang)
        for regret in (one.worst, one.expected)
    ]
    plan = talk.say("ask.changes" if one.changes else "ask.stays")
    return [SAID.say(one.figure.origin, talk.lang), _interval(one.figure), *changes, *gains, *regrets, plan]


def _money(talk: Talk, end: End | None, name: str, mark: str) -> str:
    value = None if end is None else getattr(end, name)
    return "–" if value is None else mark + shown(value, "money", talk.lang)


def _interval(figure: Figure) -> str:
    """Return low, value and high of a figure's first row, a dash for what is not stated."""
    row = figure.rows[0]
    return " … ".join("–" if isnan(size) else f"{size:,.6g}" for size in (row.low, row.value, row.high))
