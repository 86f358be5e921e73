"""Benchmark of explanations: random exchanges, every answer confirmed by a fresh solve; timed counterfactuals."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files

import numpy as np

from bench.report import Line, ReportTable
from synergy.dataset.read import read
from synergy.dataset.sheet import Dataset, yearly
from synergy.engine import match
from synergy.explanation.answer import Answer
from synergy.explanation.explain import Explainer
from synergy.explanation.facts import Change, changed
from synergy.explanation.trial import Exchange, Question, Trial, Way
from synergy.explanation.what_if import WhatIfs
from synergy.model.fixed import NOTHING
from synergy.options import Options
from synergy.plan import Plan

PAIRS, ASKED, GAP = 100, 50, 1e-2
HEADS = (("figure", "text"), ("value", "ratio"))
FOUND, FAR = 0.6, 0.2  # parts of the pairs that could exchange, and that are too far or banned; the rest is any pair


@dataclass(frozen=True, slots=True)
class CheckedAnswer:
    """One answer, its time, and whether a fresh solve confirms it.

    `forced`: whether forced in it is worth no more than the plan's bound; None where no plan has it. `changes`: whether
    each change brings it in, made in a problem built anew; None where tables cannot express the change.
    """

    answer: Answer
    seconds: float
    forced: bool | None
    changes: tuple[bool | None, ...]


def explained(seconds: float, pairs: int = PAIRS, gap: float = GAP) -> Iterator[ReportTable]:
    """Match the year of Lvliang, explain random pairs, confirm every answer, and yield times and counts.

    Matching stops at `seconds` or `gap`. The second table is how often each main reason was given.
    """
    with as_file(files("synergy.datasets") / "lvliang") as source:
        dataset = yearly(read(source))
    started = time.monotonic()
    plan = match(dataset, Options(gap=gap, time_limit=seconds, settlement="none")).plan
    matched = time.monotonic() - started
    if plan is None:
        yield ReportTable("explain: no plan within the time", HEADS, [("matching s", matched)])
        return
    explainer = Explainer(dataset, plan)
    done = [checked(explainer, question) for question in questions(explainer, pairs, np.random.default_rng(0))]
    yield ReportTable("explain: random pairs of lvliang-year", HEADS, _counts(done, matched, plan))
    codes = Counter(one.answer.code for one in done).most_common()
    yield ReportTable("explain: main reasons", (("reason", "text"), ("answers", "count")), codes)
    yield ReportTable(f"{ASKED} what-ifs on lvliang-year", HEADS, _asked(dataset, plan))


def asked(seconds: float) -> Iterator[ReportTable]:
    """Match the twelve months of Lvliang, and yield the time of `ASKED` counterfactuals on them."""
    with as_file(files("synergy.datasets") / "lvliang") as source:
        dataset = read(source)
    plan = match(dataset, Options(time_limit=seconds, settlement="none")).plan
    rows = [("what-ifs: no plan within", seconds)] if plan is None else _asked(dataset, plan)
    yield ReportTable(f"{ASKED} what-ifs on lvliang", HEADS, rows)


def questions(explainer: Explainer, count: int, rng: np.random.Generator) -> list[Question]:
    """Return questions on random exchanges: feasible ones, too far or forbidden ones, and arbitrary ones."""
    network = explainer.trial.network
    places, arcs, remote = network.places, network.arcs, network.remote
    found = []
    for kind in rng.random(count):
        if kind < FOUND and len(arcs.link):
            arc = int(rng.integers(len(arcs.link)))
            ends = network.sources.site[arcs.outlet[arc]], network.sinks.site[arcs.inlet[arc]]
            good = network.sources.commodity[arcs.outlet[arc]]
        elif kind < FOUND + FAR and len(remote.origin):
            row = int(rng.integers(len(remote.origin)))
            ends, good = (remote.origin[row], remote.target[row]), remote.commodity[row]
        else:
            first, second, good = (
                rng.integers(len(known)) for known in (places.sites, places.sites, places.commodities)
            )
            ends = first, second
        sites = [str(places.sites[int(end)]) for end in ends]
        found.append(Question(sites[0], sites[1], str(places.commodities[int(good)])))
    return found


def checked(explainer: Explainer, question: Question) -> CheckedAnswer:
    """Return an answer with its time, confirmed by a fresh solve."""
    started = time.monotonic()
    answer = explainer.ask(question)
    seconds = time.monotonic() - started
    forced = answer.facts.get("forced_value")
    bound = explainer.plan.bound
    within = None if forced is None else bool(forced.value <= bound + 1e-6 * max(1.0, abs(bound)))
    changes = () if answer.in_plan else tuple(confirmed(explainer, answer, change) for change in answer.changes)
    return CheckedAnswer(answer, seconds, within, changes)


def confirmed(explainer: Explainer, answer: Answer, change: Change) -> bool | None:
    """Return whether a change, applied to the tables and solved in a new problem, brings the exchange in.

    None where neither tables nor settings nor a payment can express the change.
    """
    paid = change.kind in ("subsidy", "grant") and "amount" in change.facts  # a tie needs no amount
    if not (paid or change.tables or change.settings) or change.kind.startswith("without"):
        return None
    dataset = changed(explainer.dataset, change.tables, change.settings)
    exchange = Exchange(Trial(dataset, explainer.plan.decisions), answer.question)
    if not len(exchange.flows):
        return False
    held = exchange.trial.held
    amount = float(change.facts["amount"].value) if paid else 0.0
    lump = amount if change.kind == "grant" else 0.0
    before = exchange.forced()
    with held.trying():
        if change.kind == "subsidy":
            held.price(exchange.flows, amount)
        known = Way(np.array(change.whole), NOTHING, 0.0) if len(change.whole) == len(exchange.own) else None
        # ways are found by a heuristic: any of them that pays shows that it enters
        for way in (known, before, exchange.forced(), exchange.best()):
            found = None if way is None else exchange.along(way)
            least = held.worth() - exchange.trial.tie - lump
            if found is not None and found.quantity > 0 and found.rest.value >= least:
                return True
    return False


def _asked(dataset: Dataset, plan: Plan) -> list[Line]:
    """Return the seconds of warm counterfactuals on prices and bounds, beside a cold solve of the same problem."""
    warm, rng = WhatIfs(dataset, plan), np.random.default_rng(0)
    started = time.monotonic()
    for place in range(ASKED):
        table = ("markets", "needs", "offers")[place % 3]
        row = dataset[table].iloc[int(rng.integers(len(dataset[table])))]
        bound = "limit" if table == "markets" else "quantity"
        column = "price" if place % 2 or not np.isfinite(row[bound]) else bound
        warm.ask(table, str(row.iloc[0]), column, float(row[column]) * 1.05)
    asked = time.monotonic() - started
    started = time.monotonic()
    Trial(dataset, plan.decisions)
    built = time.monotonic() - started
    started = time.monotonic()
    warm.cold()
    solved = time.monotonic() - started
    return [
        ("what-ifs s", asked),
        ("cold: problem built and solved s", built),
        ("what-ifs / cold", asked / built),
        ("of these solver alone s", solved),
        ("what-ifs / solver alone", asked / solved),
    ]


def _counts(done: Sequence[CheckedAnswer], matched: float, plan: Plan) -> list[Line]:
    """Return counts and times."""
    times = np.array([one.seconds for one in done])
    forced = [one.forced for one in done if one.forced is not None]
    changes = [one for answer in done for one in answer.changes if one is not None]
    return [
        ("matching s", matched),
        ("gap of the plan", plan.gap),
        ("answers", len(done)),
        ("median answer s", float(np.median(times))),
        ("median answer / matching", float(np.median(times)) / matched),
        ("slowest answer s", float(times.max())),
        ("forced in", len(forced)),
        ("... worth no more than the bound", sum(forced)),
        ("changes made anew", len(changes)),
        ("... with which it enters", sum(changes)),
    ]
