"""Wizard for a new round in three steps: dataset, policy scenario, members and settlement; scenarios as text."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import as_file, files
from typing import Any

from flask import flash, redirect, request, url_for
from synergy.web.access import caller, clock, rule, store
from synergy.web.clock import whole
from synergy.web.error_handlers import said
from synergy.web.planning.steps import taken
from synergy.web.render import page, pages
from synergy.web.texts import word, word_or
from werkzeug.wrappers import Response

from synergy.dataset.findings import Findings
from synergy.dataset.read import read
from synergy.dataset.settings import load_scenario, parse_scenario
from synergy.dataset.sheet import yearly
from synergy.dataset.typed import title
from synergy.errors import DatasetError, Problem, RefusedError, folded
from synergy.records.documents import ScenarioJSON
from synergy.scenario import JSON, Scenario
from synergy.store import datasets, queries, rounds
from synergy.store.access import Action
from synergy.store.datasets import dataset_of, scenario_record, snapshot_of
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
    return _step(lang, 1, _filled(request.args, ()), {})


@room.post("/rounds/new")
@rule(Action.CREATE_ROUND)
def make(lang: str) -> Response | str | tuple[str, int]:
    """Handle a wizard step: go forward or back, or create the round after the third step."""
    form = request.form
    what = _filled(form, form.getlist("members"))
    here = int(form.get("step", "1")) if form.get("step", "1") in ("1", "2", "3") else 1
    if "back" in form:
        return _step(lang, max(1, here - 1), what, {})
    try:
        if here == 1:
            return _step(lang, 2, _with_dataset(what, lang), {})
        if here == 2:
            chosen = what.given["scenario"]
            reason = _unfit(what, lang).get(chosen) if chosen in SCENARIOS else None
            if reason is not None:
                raise FaultyError({"scenario": f"{word(f'scenario.{chosen}', lang)} {reason}"})
            _scenario_of(what, lang)
            return _step(lang, 3, what, {})
        return _made(lang, what)
    except FaultyError as error:
        return _step(lang, here, what, error.faults), 422
    except (DatasetError, RefusedError) as error:
        return _step(lang, here, what, {"": said(error, lang)}), 422


def _made(lang: str, what: Filled) -> Response:
    archive = datasets.dataset_archive(*caller(), what.given["dataset"])
    told = rounds.create(*caller(), _draft_of(what, archive, lang))
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
        given["dataset"] = datasets.add_dataset(*caller(), _shipped(given["dataset"])).dataset
    elif given["dataset"] not in {one.dataset for one in datasets.list_datasets(*caller())}:
        faults["dataset"] = refusal("unknown", what="dataset", name=given["dataset"], expected="lvliang").said(lang)
    if faults:
        raise FaultyError(faults)
    return replace(what, given=given)


def _step(lang: str, step: int, what: Filled, faults: dict[str, str]) -> str:
    fields: dict[str, Any] = {"step": step, "what": what, "faults": faults, "mine": FIELDS[step]}
    fields["carried"] = {name: what.given[name] for number, names in FIELDS.items() if number != step for name in names}
    if step == 1:
        fields |= {"datasets": _datasets(lang, what), "upload": url_for("declarations.dataset", lang=lang)}
    else:
        facts = queries.dataset_facts(*caller(), what.given["dataset"])
        known = SCENARIOS if facts.name in SHIPPED else ()  # the shipped scenarios are for shipped datasets alone
        scenarios = {"": word("draft.plain", lang)} | {name: word(f"draft.scenario.{name}", lang) for name in known}
        fields |= {"facts": facts, "scenarios": list(scenarios.items()), "rules": SETTLEMENTS}
        fields["unfit"] = _unfit(what, lang) if step == 2 and known else {}
        fields["zone"] = clock().offsets(store().now())
    return page("planner/new.html", lang, **fields)


def _datasets(lang: str, what: Filled) -> list[tuple[str, str]]:
    """Return the selectable datasets: of the previous round, shipped and stored ones."""
    found: dict[str, str] = {}
    if what.previous is not None:
        before = queries.round_input(*caller(), what.previous)
        found[before.base] = word("draft.same", lang, round=what.previous)
    found |= {name: word(key, lang) for name, key in SHIPPED.items()}
    for one in datasets.list_starts(*caller())[:_SHOWN]:
        found.setdefault(one.dataset, word("draft.stored", lang, name=one.name, date=clock().day(one.created)))
    return list(found.items())


def _unfit(what: Filled, lang: str) -> dict[str, str]:
    """Return the shipped scenarios that do not fit the selected dataset, with the reason by name."""
    found = {}
    for name, one in _misfits(datasets.dataset_archive(*caller(), what.given["dataset"])).items():
        said = one.message_zh if lang == "zh" and one.message_zh else one.message
        found[name] = word("draft.misfit", lang, value=one.value, said=said)
    return found


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


def _filled(form: Mapping[str, str], members: Sequence[str]) -> Filled:
    """Return the form data entered so far, with defaults for missing fields."""
    names = [name for fields in FIELDS.values() for name in fields]
    given = {name: str(form.get(name, DEFAULTS.get(name, ""))).strip()[:20_000] for name in names}
    # the third step has a box for each: none of them ticked is nobody, not everybody
    ticked = None if not members and form.get("step") != "3" else tuple(members)
    return Filled(given, ticked, whole(form.get("previous", "")))


@lru_cache(maxsize=2)
def _shipped(name: str) -> bytes:
    """Return the archive of a shipped dataset, a key of `SHIPPED`."""
    with as_file(files("synergy.datasets") / "lvliang") as folder:
        dataset = read(folder)
    return snapshot_of(yearly(dataset) if name.endswith("-year") else dataset).archive


def _scenario_of(what: Filled, lang: str) -> Scenario:
    """Return the selected scenario, overridden by the settings of the form, or raise `FaultyError`."""
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
    added = {name: (*scenario.tables.get(name, ()), *rows) for name, rows in more.tables.items()}
    tables, scale = {**scenario.tables, **added}, (*scenario.scale, *more.scale)
    return replace(scenario, settings={**settings, **more.settings}, tables=tables, scale=scale)


def _chosen(name: str) -> Scenario:
    if name not in SCENARIOS:
        return Scenario()
    with as_file(files("synergy.datasets") / "lvliang" / "scenarios") as folder:
        return load_scenario(folder / f"{name}.toml")


@lru_cache(maxsize=4)
def _misfits(archive: bytes) -> Mapping[str, Problem]:
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


def _draft_of(what: Filled, archive: bytes, lang: str) -> Draft:
    """Return the draft of a round from the form data, times in the zone of the pages, or raise `FaultyError`."""
    given = what.given
    faults: dict[str, str] = {}
    numbers = {name: _number(given[name], f"draft.{name}", lang, faults) for name in ("gap", "time_limit")}
    times = {}
    for name in ("deadline", "answer_by"):
        try:
            times[name] = clock().typed(given[name]) if given[name] else None
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
        scenario=_scenario_of(what, lang),
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


def policy(scenario: ScenarioJSON, lang: str) -> str:
    """Return the name of a scenario with all its changes: settings by value, rows and scale factors by table."""
    name = scenario["name"]
    said = [word(f"scenario.{name}", lang) if name in SCENARIOS else name]
    said += [
        word("policy.set", lang, name=setting(one, lang), value=value_said(value, lang))
        for one, value in scenario.get("settings", {}).items()
    ]
    said += [
        word("policy.rows", lang, table=title(table, lang), count=len(rows))
        for table, rows in scenario.get("tables", {}).items()
        if rows
    ]
    said += [
        word("policy.scaled", lang, table=title(str(one["table"]), lang), column=one["column"], factor=one["factor"])
        for one in scenario.get("scale", ())
    ]
    return word("comma", lang).join(said)


def setting(name: str, lang: str) -> str:
    """Return the localized name of a setting."""
    return word_or(f"setting.{name}", lang, name)


def value_said(value: JSON, lang: str) -> str:
    """Return the formatted value of a setting; lists and mappings are joined from their formatted values."""
    if value is None:
        return word("compare.no_change", lang)
    if isinstance(value, bool):
        return word("yes" if value else "no", lang)
    if isinstance(value, int | float):
        return f"{value:,.10g}"
    if isinstance(value, Mapping):
        return " ".join(value_said(one, lang) for one in value.values())
    if isinstance(value, list | tuple):
        return ", ".join(value_said(one, lang) for one in value) or word("compare.no_change", lang)
    return str(value)
