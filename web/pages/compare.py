"""Comparison of two plans: figures, proposals that are new, lost or changed, and the inputs that differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import request
from synergy.web.access import actor, caller, rule
from synergy.web.pages.drafting import setting, value_said
from synergy.web.planning.round_view import Shown
from synergy.web.planning.steps import next_steps
from synergy.web.planning.tables import Cell, PlanSheet, cells, columns_of
from synergy.web.render import page, pages
from synergy.web.tables import KINDS, twin
from synergy.web.texts import word
from werkzeug.wrappers import Response

from synergy.dataset.typed import TITLES
from synergy.records.documents import Document
from synergy.records.rounds import Round
from synergy.records.runs import ChangeCause, ComparedInputs, ComparedProposal, ComparedTerm, Comparison
from synergy.store import comparison, queries
from synergy.store.access import Action, Caller, reach
from synergy.store.messages import refusal
from synergy.store.queries import match_input
from synergy.texts import say

room = pages("compare")
MOST = 30  # proposals of a table
_WHYS = 2


def _runs(lang: str) -> list[ComparedRun]:
    """Return all runs that produced a plan, newest first."""
    found = []
    for one in queries.list_rounds(*caller()):
        for run in queries.see_matches(*caller(), one.round):
            if run.digest:
                label = word("compare.run", lang, round=one.round, name=one.name, number=run.number)
                found.append(ComparedRun(run.match, one.round, label))
    return sorted(found, key=lambda run: -run.match)


@room.get("/compare")
@rule(Action.SEE_PLANS)
def compare(lang: str) -> str:
    """Show a form to select two runs, and the comparison of the selected ones."""
    runs = _runs(lang)
    chosen = _chosen(runs)
    found = None if chosen is None else pair(caller(), chosen, lang)
    again = () if found is None or found.apart else _again(runs, chosen or ())
    return page("planner/compare.html", lang, runs=runs, chosen=chosen, pair=found, again=again)


def _again(runs: list[ComparedRun], chosen: Sequence[int]) -> list[Round]:
    """Return the rounds that can start another search from the plans of both runs."""
    if not reach(actor(), Action.RUN_ROUND):
        return []
    idents = sorted({run.round for run in runs if run.match in chosen})
    rounds = [queries.see_round(*caller(), ident) for ident in idents]
    return [one for one in rounds if any(step.name == "match" for step in next_steps(one.state, ()))]


def _chosen(runs: list[ComparedRun]) -> tuple[int, int] | None:
    """Return the requested runs; by default the last one and an earlier one, of the same dataset if possible."""
    given = [request.args.get(name, "") for name in ("first", "second")]
    if any(given):
        known = {str(run.match): run.match for run in runs}
        if not all(one in known for one in given):
            raise refusal("not_found", what="match")
        return known[given[0]], known[given[1]]
    if len(runs) < 2:
        return None
    base = {one.round: queries.round_input(*caller(), one.round).dataset for one in runs}
    alike = [one for one in runs[1:] if base[one.round] == base[runs[0].round]]
    return (alike or runs[1:])[0].match, runs[0].match


@room.get("/compare/<int:first>-<int:second>.<ending>")
@rule(Action.SEE_PLANS)
def table(lang: str, first: int, second: int, ending: str) -> Response:
    """Return the differing proposals as a file."""
    known = {run.match for run in _runs(lang)}
    if ending not in KINDS or not {first, second} <= known:
        raise refusal("not_found", what="match")
    found = pair(caller(), (first, second), lang)
    return twin(found.all.named(f"compare-{first}-{second}"), ending)


@dataclass(frozen=True, slots=True)
class ComparedRun:
    """A run that produced a plan, with its display name."""

    match: int
    round: int
    label: str


@dataclass(frozen=True, slots=True)
class PlanComparison:
    """Comparison of two plans; `all` is the table for files, `apart` whether bounds prove that the values differ."""

    figures: PlanSheet
    changes: tuple[PlanSheet, ...]
    all: PlanSheet
    inputs: tuple[tuple[str, str], ...]
    marks: tuple[str, ...]
    notes: tuple[str, ...]
    apart: bool


def pair(caller: Caller, runs: tuple[int, int], lang: str) -> PlanComparison:
    """Compare the first and the second run."""
    told = comparison.compare(*caller, *runs)
    records = [match_input(*caller, run).record for run in runs]
    shown = [Shown(dict(record), lang) for record in records if record is not None]
    if len(shown) < len(runs):
        raise refusal("not_found", what="match")
    kinds = {"new": told.new, "lost": told.lost, "changed": told.changed}
    sheets = [_sheet(kind, found, shown, lang) for kind, found in kinds.items()]
    rows = tuple(row for sheet in sheets for row in sheet.rows)
    whole = PlanSheet("compare", word("compare.title", lang), sheets[0].columns, rows)
    short = tuple(PlanSheet(one.name, one.caption, one.columns, one.rows[:MOST]) for one in sheets if one.rows)
    inputs = _inputs(told.inputs, shown, lang)
    return PlanComparison(
        _figures(shown, lang), short, whole, inputs, tuple(shown[1].marks()), _notes(told, lang), told.apart
    )


def _notes(told: Comparison, lang: str) -> tuple[str, ...]:
    """Return sentences on whether the values differ and why, and on plans without proposals to compare."""
    inputs = told.inputs
    if not told.apart:
        found = [word("compare.not_apart", lang)]
    elif told.sole is not None:
        found = [word("compare.sole", lang, cause=_input_name(told.sole, lang))]
    else:
        found = [word("compare.several", lang)] if inputs.settings or inputs.rulings or inputs.rows else []
    sides = zip(("first", "second"), told.unproposed, strict=True)
    found += [word("compare.unproposed", lang, plan=word(f"compare.{side}", lang)) for side, none in sides if none]
    return tuple(found)


def _figures(shown: Sequence[Shown], lang: str) -> PlanSheet:
    """Return the table of the figures of both plans and their differences."""
    keys = ("first", "second", "difference")
    columns = columns_of(lang, {"figure": "compare.figure", **{key: f"compare.{key}" for key in keys}}, keys)
    plans = [one.plan for one in shown]
    figures: dict[str, list[float | None]] = {
        "gain": [one["gain"] for one in plans],
        "value": [one["value"] for one in plans],
        "today": [one["today"] for one in plans],
        "bound": [one["bound"] for one in plans],
    }
    rows = [_money(key, values, shown, "money_year") for key, values in figures.items()]
    before, after = (len(one["proposals"]) for one in plans)
    change = (f"{after - before:+d}".replace("+0", "0"), after - before)
    rows.append(cells(word("count", lang), (str(before), before), (str(after), after), change))
    rows.append(_money("capex_all", [one.invested() for one in shown], shown, "money"))
    emitted = [one["emissions"].get("co2") for one in plans]
    texts = [one.co2(value or 0.0) for one, value in zip(shown, emitted, strict=True)]
    more = (emitted[1] or 0.0) - (emitted[0] or 0.0)
    rows.append(cells(word("co2", lang), *zip(texts, emitted, strict=True), (shown[1].co2(more), more)))
    rows.append(cells(word("proof", lang), *((one.proof(), one.plan["gap"]) for one in shown), "–"))
    return PlanSheet("figures", word("compare.figures", lang), columns, tuple(rows))


def _money(key: str, values: Sequence[float | None], shown: Sequence[Shown], what: str) -> tuple[Cell, ...]:
    """Return the row of an amount of money in both plans, and its difference."""
    texts = [one.money(value, what) for one, value in zip(shown, values, strict=True)]
    change: tuple[str, float | None] = ("–", None)
    if values[0] is not None and values[1] is not None:
        more = values[1] - values[0]
        change = (("+" if more > 0 else "") + shown[1].money(more, what), more)
    return cells(word(key, shown[0].lang), *zip(texts, values, strict=True), change)


def _sheet(kind: str, told: Sequence[ComparedProposal], shown: Sequence[Shown], lang: str) -> PlanSheet:
    """Return the table of proposals with one kind of difference."""
    labels = {"proposal": "proposals", **{key: f"compare.{key}" for key in ("difference", "before", "after", "why")}}
    columns = columns_of(lang, labels, hidden=("difference",))
    # of the second plan where both have it
    items = [item for plan in shown for item in plan.plan["proposals"]]
    titles = {item["id"]: say((item["title_en"], item["title_zh"]), lang) for item in items}
    rows = []
    for one in told:
        sides = [_quantities(terms, shown[1]) for terms in (one.before, one.after)]
        rows.append(cells(titles[one.proposal], (word(f"compare.{kind}", lang), kind), *sides, _why(one.why, lang)))
    return PlanSheet(kind, word(f"compare.{kind}", lang), columns, tuple(rows))


def _quantities(terms: Sequence[ComparedTerm], shown: Shown) -> str:
    """Return the total quantities exchanged, by commodity, as text."""
    sums: dict[str, float] = {}
    for term in terms:
        sums[term.commodity] = sums.get(term.commodity, 0.0) + float(term.quantity)
    said = [f"{shown.name('commodities', good)} {shown.amount(amount, good)}" for good, amount in sorted(sums.items())]
    return word("comma", shown.lang).join(said) or "–"


def _why(causes: Sequence[ChangeCause], lang: str) -> str:
    said = []
    for one in causes:
        name = _input_name(one, lang)
        cause = word(f"compare.cause.{one.cause}", lang)
        said.append(word("compare.because", lang, cause=cause, what=name) if name else cause)
    return _listed(list(dict.fromkeys(said)), _WHYS, lang)


def _listed(said: Sequence[str], most: int, lang: str) -> str:
    """Return the first texts as a list, and the number of the remaining ones."""
    more = [word("compare.more", lang, count=len(said) - most)] if len(said) > most else []
    return word("comma", lang).join([*said[:most], *more])


def _input_name(cause: ChangeCause, lang: str) -> str:
    """Return the display name of an input: a setting, table, row or ruling; "" if there is none."""
    what = cause.what
    if isinstance(what, str):
        return setting(what, lang) if cause.cause == "setting" else TITLES.say(what, lang)
    return _row_name(what, lang) if what else ""


def _row_name(what: Document, lang: str) -> str:
    """Return the display name of a table row or of a ruling."""
    if "key" in what:
        return f"{TITLES.say(what['table'], lang)} {'/'.join(what['key'])}"
    kind = word(f"compare.ruling.{what['kind']}", lang)
    return " ".join([kind, *(str(value) for name, value in what.items() if name not in ("given", "kind"))])


def _inputs(inputs: ComparedInputs, shown: Sequence[Shown], lang: str) -> tuple[tuple[str, str], ...]:
    """Return the differing inputs as pairs of label and text."""
    found = []
    if inputs.settings:
        changed = []
        for name in inputs.settings:
            before, after = (value_said(one.plan["scenario"].get(name), lang) for one in shown)
            changed.append(word("compare.from_to", lang, name=setting(name, lang), before=before, after=after))
        found.append((word("compare.settings", lang), word("comma", lang).join(changed)))
    for name, listed in (("rulings", inputs.rulings), ("rows", inputs.rows)):
        if listed:
            said = [_row_name(one, lang) for one in listed]
            found.append((word(f"compare.{name}", lang), _listed(said, 10, lang)))
    return tuple(found)
