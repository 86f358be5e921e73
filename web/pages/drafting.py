"""Wizard for a new round in three steps: dataset, policy scenario, members and settlement."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import as_file, files
from typing import Any

from flask import flash, redirect, request, url_for
from synergy.web.access import caller, clock, rule, store
from synergy.web.clock import Clock, whole
from synergy.web.error_handlers import said
from synergy.web.planning.steps import taken
from synergy.web.render import page, pages
from synergy.web.texts import word
from werkzeug.wrappers import Response

from synergy.dataset.findings import Findings
from synergy.dataset.read import read
from synergy.dataset.settings import load_scenario, parse_scenario
from synergy.dataset.subset import yearly
from synergy.errors import DatasetError, Problem, RefusedError, folded
from synergy.scenario import Scenario
from synergy.store import datasets, planning, rounds
from synergy.store.access import Action
from synergy.store.backup import dataset_of, scenario_record, snapshot_of
from synergy.store.messages import refusal
from synergy.store.rounds import SETTLEMENT, SETTLEMENTS, Draft, StepOptions

room = pages("drafting")
_SHOWN = 12  # stored datasets
SHIPPED = {"lvliang": "draft.shipped", "lvliang-year": "draft.shipped_year"}
SCENARIOS = ("base", "capacity_cut", "carbon_price", "high_prices", "low_prices", "rail_share", "winter_stagger")
NUMBERS = ("carbon_price", "capex_budget", "co2_cap", "max_partners", "discount_rate")
DEFAULTS: Mapping[str, str] = {"rule": SETTLEMENT, "gap": "0.5", "time_limit": "300", "builds": "yes"}


@room.get("/rounds/new")
@rule(Action.CREATE_ROUND)
def new(lang: str) -> str:
    """Show the first step of the wizard: name and dataset."""
    what = filled(request.args, (), request.args.get("previous", ""))
    return _step(lang, 1, what, {})


@room.post("/rounds/new")
@rule(Action.CREATE_ROUND)
def make(lang: str) -> Response | str | tuple[str, int]:
    """Handle a wizard step: go forward or back, or create the round after the third step."""
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
    archive = datasets.dataset_archive(*caller(), what.given["dataset"])
    told = rounds.create(*caller(), draft_of(what, archive, clock(), lang))
    if "at_once" in request.form:
        taken(*caller(), (told.round, "at_once"), StepOptions(told.version))
    flash(word("draft.made", lang), "good")
    return redirect(url_for("rounds.one", lang=lang, round_id=told.round), 303)


def _with_dataset(what: Filled, lang: str) -> Filled:
    """Return the form data with a stored dataset; a shipped dataset is stored first."""
    given = dict(what.given)
    faults = {}
    if not given["name"] or len(given["name"]) > 200:
        faults["name"] = refusal("bad_value", what="name", value=len(given["name"]), expected="1 - 200").said(lang)
    if given["dataset"] in SHIPPED:
        given["dataset"] = datasets.add_dataset(*caller(), shipped(given["dataset"])).dataset
    elif given["dataset"] not in {one.dataset for one in datasets.list_datasets(*caller())}:
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
        facts = planning.dataset_facts(*caller(), what.given["dataset"])
        fields |= {"facts": facts, "scenarios": _scenarios(lang, facts.name), "rules": SETTLEMENTS}
        fields["unfit"] = _unfit(what, lang) if step == 2 and len(fields["scenarios"]) > 1 else {}
        fields["zone"] = clock().offsets(store().now())
    return page("planner/new.html", lang, **fields)


def _datasets(lang: str, what: Filled) -> list[tuple[str, str]]:
    """Return the selectable datasets: of the previous round, shipped and stored ones."""
    found: dict[str, str] = {}
    if what.previous is not None:
        before = planning.round_input(*caller(), what.previous)
        found[before.base] = word("draft.same", lang, round=what.previous)
    found |= {name: word(key, lang) for name, key in SHIPPED.items()}
    for one in datasets.list_starts(*caller())[:_SHOWN]:
        found.setdefault(one.dataset, word("draft.stored", lang, name=one.name, date=clock().day(one.created)))
    return list(found.items())


def _unfit(what: Filled, lang: str) -> dict[str, str]:
    """Return the shipped scenarios that do not fit the selected dataset, with the reason by name."""
    archive = datasets.dataset_archive(*caller(), what.given["dataset"])
    return {name: misfit(problem, lang) for name, problem in misfits(archive).items()}


def _fitting(what: Filled, lang: str) -> None:
    """Refuse a shipped scenario that does not fit the selected dataset.

    Raises
    ------
    FaultyError
        The scenario does not fit.
    """
    chosen = what.given["scenario"]
    reason = _unfit(what, lang).get(chosen) if chosen in SCENARIOS else None
    if reason is not None:
        raise FaultyError({"scenario": f"{word(f'scenario.{chosen}', lang)} {reason}"})


def _scenarios(lang: str, dataset: str) -> list[tuple[str, str]]:
    """Return the selectable scenarios; the shipped ones are offered for shipped datasets only."""
    plain = [("", word("draft.plain", lang))]
    return plain + [(name, word(f"draft.scenario.{name}", lang)) for name in SCENARIOS] if dataset in SHIPPED else plain


# what each step asks for
FIELDS: Mapping[int, tuple[str, ...]] = {
    1: ("name", "dataset"),
    2: ("scenario", *NUMBERS, "builds", "more"),
    3: ("rule", "gap", "time_limit", "deadline", "answer_by", "anonymous"),
}


@dataclass(frozen=True, slots=True)
class Filled:
    """Form data of the wizard: texts by field, members (None for all), and the previous round."""

    given: Mapping[str, str]
    members: tuple[str, ...] | None = None
    previous: int | None = None


class FaultyError(Exception):
    """The form data are invalid: a message by field."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        self.faults = dict(faults)
        super().__init__("; ".join(self.faults.values()))


def filled(form: Mapping[str, str], members: Sequence[str], previous: str) -> Filled:
    """Return the form data entered so far, with defaults for missing fields."""
    names = [name for fields in FIELDS.values() for name in fields]
    given = {name: str(form.get(name, DEFAULTS.get(name, ""))).strip()[:20_000] for name in names}
    # the third step has a box for each: none of them ticked is nobody, not everybody
    ticked = None if not members and form.get("step") != "3" else tuple(members)
    return Filled(given, ticked, whole(previous))


@lru_cache(maxsize=2)
def shipped(name: str) -> bytes:
    """Return the archive of a shipped dataset, a key of `SHIPPED`."""
    with as_file(files("synergy.datasets") / "lvliang") as folder:
        dataset = read(folder)
    return snapshot_of(yearly(dataset) if name.endswith("-year") else dataset).archive


def scenario_of(what: Filled, lang: str) -> Scenario:
    """Return the selected scenario, overridden by the settings of the form.

    Raises
    ------
    FaultyError
        A number is invalid, or the additional settings cannot be parsed.
    """
    given, faults = what.given, {}
    scenario = _chosen(given["scenario"])
    settings: dict[str, Any] = dict(scenario.settings)
    for name in NUMBERS:
        if given[name]:
            try:
                settings[name] = int(given[name]) if name == "max_partners" else float(given[name])
            except ValueError:
                faults[name] = word("draft.bad_number", lang, field=word(f"draft.{name}", lang), value=given[name])
    if given["builds"] == "no":
        settings["allow_builds"] = False
    try:
        more = _more(given["more"])
    except ValueError as error:
        faults["more"] = word("draft.bad_text", lang, fault=error)
        more = Scenario()
    if faults:
        raise FaultyError(faults)
    tables = {
        **scenario.tables,
        **{name: (*scenario.tables.get(name, ()), *rows) for name, rows in more.tables.items()},
    }
    settings |= more.settings
    return replace(scenario, settings=settings, tables=tables, scale=(*scenario.scale, *more.scale))


def _chosen(name: str) -> Scenario:
    if name not in SCENARIOS:
        return Scenario()
    with as_file(files("synergy.datasets") / "lvliang" / "scenarios") as folder:
        return load_scenario(folder / f"{name}.toml")


@lru_cache(maxsize=4)
def misfits(archive: bytes) -> Mapping[str, Problem]:
    """Return the first problem of each shipped scenario that does not fit a dataset, by scenario name."""
    found = {}
    for name in SCENARIOS:
        scenario = _chosen(name)
        if not scenario.tables and not scenario.scale:
            continue  # settings alone need no table
        try:
            dataset_of(archive, scenario_record(scenario))
        except DatasetError as error:
            found[name] = folded(error.problems)[0]
    return found


def misfit(problem: Problem, lang: str) -> str:
    """Return the reason why a scenario does not fit a dataset, as text."""
    said = problem.message_zh if lang == "zh" and problem.message_zh else problem.message
    return word("draft.misfit", lang, value=problem.value, said=said)


def _more(text: str) -> Scenario:
    """Parse a scenario from TOML text."""
    if not text:
        return Scenario()
    findings = Findings()
    found = parse_scenario(tomllib.loads(text.removeprefix("\ufeff")), findings)
    problems = findings.problems()
    if problems:
        raise ValueError(problems[0].line())
    return found


def draft_of(what: Filled, archive: bytes, clock: Clock, lang: str) -> Draft:
    """Return the draft of a round from the form data, with times in the time zone of the clock.

    Raises
    ------
    FaultyError
        A field is invalid.
    """
    given = what.given
    faults: dict[str, str] = {}
    numbers = {name: _number(given[name], f"draft.{name}", lang, faults) for name in ("gap", "time_limit")}
    times = {}
    for name in ("deadline", "answer_by"):
        try:
            times[name] = clock.typed(given[name]) if given[name] else None
        except ValueError:
            faults[name] = word("draft.bad_time", lang, field=word(f"draft.{name}", lang), value=given[name])
    if what.members == ():
        faults["members"] = word("draft.nobody", lang)
    if faults:
        raise FaultyError(faults)
    rule = given["rule"] if given["rule"] in SETTLEMENTS else SETTLEMENT
    return Draft(
        name=given["name"],
        archive=archive,
        scenario=scenario_of(what, lang),
        options={"gap": numbers["gap"] / 100, "time_limit": numbers["time_limit"], "settlement": rule},
        members=what.members,
        anonymous=given["anonymous"] == "yes",
        previous=what.previous,
        deadline=times["deadline"],
        answer_by=times["answer_by"],
    )


def _number(text: str, label: str, lang: str, faults: dict[str, str]) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1e6:
        faults[label.removeprefix("draft.")] = word("draft.bad_number", lang, field=word(label, lang), value=text)
    return value
