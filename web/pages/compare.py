"""Two plans side by side: figures, proposals that are new, lost or changed, and what went in differently."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request
from synergy.web.access import actor, rule, store
from synergy.web.planning.pairs import Run, pair
from synergy.web.planning.steps import next_steps
from synergy.web.render import page, pages
from synergy.web.tables import KINDS, twin
from werkzeug.wrappers import Response

from synergy.store import planning, seeing
from synergy.store.access import Action, reach
from synergy.store.words import refusal

room = pages("compare")


def _runs(lang: str) -> list[Run]:
    """Return all runs that brought a plan, the latest first."""
    found = []
    for one in seeing.list_rounds(store(), actor()):
        for run in seeing.see_matches(store(), actor(), one["round"]):
            if run["digest"]:
                found.append(Run(run["match"], one["round"], one["name"], run["number"], lang))
    return sorted(found, key=lambda run: -run.match)


@room.get("/compare")
@rule(Action.SEE_PLANS)
def compare(lang: str) -> str:
    """Choose two runs and show how they differ."""
    runs = _runs(lang)
    chosen = _chosen(runs)
    found = None if chosen is None else pair((store(), actor()), chosen, lang)
    again = () if found is None or found.apart else _again(runs, chosen or ())
    return page("planner/compare.html", lang, runs=runs, chosen=chosen, pair=found, again=again)


def _again(runs: list[Run], chosen: Sequence[int]) -> list[dict[str, Any]]:
    """Return the rounds that can search again from the plans of both runs."""
    if not reach(actor(), Action.RUN_ROUND):
        return []
    idents = sorted({run.round for run in runs if run.match in chosen})
    rounds = [seeing.see_round(store(), actor(), ident) for ident in idents]
    return [one for one in rounds if any(step.name == "match" for step in next_steps(one["state"], ()))]


def _chosen(runs: list[Run]) -> tuple[int, int] | None:
    """Return the runs that were asked for, the last two where none were."""
    given = [request.args.get(name, "") for name in ("first", "second")]
    if not any(given):
        return _last_two(runs)
    known = {str(run.match): run.match for run in runs}
    if not all(one in known for one in given):
        raise refusal("not_found", what="match")
    return known[given[0]], known[given[1]]


def _last_two(runs: list[Run]) -> tuple[int, int] | None:
    """Return the last run and the one before it, of the same dataset where there is one; None for fewer than two."""
    if len(runs) < 2:
        return None
    base = {one.round: planning.round_input(store(), actor(), one.round)["dataset"] for one in runs}
    alike = [one for one in runs[1:] if base[one.round] == base[runs[0].round]]
    return (alike or runs[1:])[0].match, runs[0].match


@room.get("/compare/<int:first>-<int:second>.<ending>")
@rule(Action.SEE_PLANS)
def table(lang: str, first: int, second: int, ending: str) -> Response:
    """Return the proposals that differ as a file."""
    known = {run.match for run in _runs(lang)}
    if ending not in KINDS or not {first, second} <= known:
        raise refusal("not_found", what="match")
    found = pair((store(), actor()), (first, second), lang)
    return twin(found.all.named(f"compare-{first}-{second}"), ending)
