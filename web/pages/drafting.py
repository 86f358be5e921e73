"""Making a round in three steps: which data, which policy, who takes part and who gets what."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from synergy.web.access import actor, clock, rule, store
from synergy.web.failing import said
from synergy.web.planning.drafts import (
    FIELDS,
    SCENARIOS,
    SHIPPED,
    FaultyError,
    Filled,
    draft_of,
    filled,
    misfit,
    misfits,
    scenario_of,
    shipped,
)
from synergy.web.planning.steps import taken
from synergy.web.render import page, pages
from synergy.web.texts import word
from werkzeug.wrappers import Response

from synergy.errors import DatasetError, RefusedError
from synergy.store import datasets, planning, rounds
from synergy.store.access import Action
from synergy.store.rounds import SETTLEMENTS, Asked
from synergy.store.words import refusal

room = pages("drafting")
_SHOWN = 12  # stored datasets


@room.get("/rounds/new")
@rule(Action.CREATE_ROUND)
def new(lang: str) -> str:
    """Ask for the data: the first step."""
    what = filled(request.args, (), request.args.get("previous", ""))
    return _step(lang, 1, what, {})


@room.post("/rounds/new")
@rule(Action.CREATE_ROUND)
def make(lang: str) -> Response | str | tuple[str, int]:
    """Take a step on or back; after the third the round is made."""
    form = request.form
    what = filled(form, form.getlist("members"), form.get("previous", ""))
    here = int(form.get("step", "1")) if form.get("step", "1") in ("1", "2", "3") else 1
    if "back" in form:
        return _step(lang, max(1, here - 1), what, {})
    try:
        if here == 1:
            return _step(lang, 2, _with_dataset(what, lang), {})
        if here == 2:
            _fitting(what, lang)
            scenario_of(what, lang)
            return _step(lang, 3, what, {})
        return _made(lang, what)
    except FaultyError as error:
        return _step(lang, here, what, error.faults), 422
    except (DatasetError, RefusedError) as error:
        return _step(lang, here, what, {"": said(error, lang)}), 422


def _made(lang: str, what: Filled) -> Response:
    archive = datasets.dataset_archive(store(), actor(), what.given["dataset"])
    told = rounds.create(store(), actor(), draft_of(what, archive, clock(), lang))
    if "at_once" in request.form:
        taken(store(), actor(), (told["round"], "at_once"), Asked(told["version"]))
    flash(word("draft.made", lang), "good")
    return redirect(url_for("rounds.one", lang=lang, round_id=told["round"]), 303)


def _with_dataset(what: Filled, lang: str) -> Filled:
    """Return the same with a stored dataset; one that ships is stored first."""
    given = dict(what.given)
    faults = {}
    if not given["name"] or len(given["name"]) > 200:
        faults["name"] = refusal("bad_value", what="name", value=len(given["name"]), expected="1 - 200").said(lang)
    if given["dataset"] in SHIPPED:
        given["dataset"] = datasets.add_dataset(store(), actor(), shipped(given["dataset"]))["dataset"]
    elif given["dataset"] not in {one["dataset"] for one in datasets.list_datasets(store(), actor())}:
        faults["dataset"] = refusal("unknown", what="dataset", name=given["dataset"], expected="lvliang").said(lang)
    if faults:
        raise FaultyError(faults)
    return Filled(given, what.members, what.previous)


def _step(lang: str, step: int, what: Filled, faults: dict[str, str]) -> str:
    fields: dict[str, Any] = {"step": step, "what": what, "faults": faults, "mine": FIELDS[step]}
    fields["carried"] = {name: what.given[name] for number, names in FIELDS.items() if number != step for name in names}
    if step == 1:
        fields |= {"datasets": _datasets(lang, what), "upload": url_for("declarations.dataset", lang=lang)}
    else:
        facts = planning.dataset_facts(store(), actor(), what.given["dataset"])
        fields |= {"facts": facts, "scenarios": _scenarios(lang, facts["name"]), "rules": SETTLEMENTS}
        fields["unfit"] = _unfit(what, lang) if step == 2 and len(fields["scenarios"]) > 1 else {}
        fields["zone"] = clock().offsets(store().now())
    return page("planner/new.html", lang, **fields)


def _datasets(lang: str, what: Filled) -> list[tuple[str, str]]:
    """Return what a round can be made of: of the round before, what ships, what is stored."""
    found: dict[str, str] = {}
    if what.previous is not None:
        before = planning.round_input(store(), actor(), what.previous)
        found[before["base"]] = word("draft.same", lang, round=what.previous)
    found |= {name: word(key, lang) for name, key in SHIPPED.items()}
    for one in datasets.list_starts(store(), actor())[:_SHOWN]:
        found.setdefault(one["dataset"], word("draft.stored", lang, name=one["name"], date=clock().day(one["created"])))
    return list(found.items())


def _unfit(what: Filled, lang: str) -> dict[str, str]:
    """Return why shipped scenarios do not fit the chosen dataset, by name."""
    archive = datasets.dataset_archive(store(), actor(), what.given["dataset"])
    return {name: misfit(problem, lang) for name, problem in misfits(archive).items()}


def _fitting(what: Filled, lang: str) -> None:
    """Refuse a shipped scenario that does not fit the chosen dataset.

    Raises
    ------
    FaultyError
        It does not.
    """
    chosen = what.given["scenario"]
    reason = _unfit(what, lang).get(chosen) if chosen in SCENARIOS else None
    if reason is not None:
        raise FaultyError({"scenario": f"{word(f'scenario.{chosen}', lang)} {reason}"})


def _scenarios(lang: str, dataset: str) -> list[tuple[str, str]]:
    """Return the scenarios that ship with a dataset, for that one alone."""
    plain = [("", word("draft.plain", lang))]
    return plain + [(name, word(f"draft.scenario.{name}", lang)) for name in SCENARIOS] if dataset in SHIPPED else plain
