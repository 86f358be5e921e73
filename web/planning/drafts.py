"""A round as it is made in three steps: what was filled in, read strictly, all faults at once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import as_file, files
from typing import Any

from synergy.web.clock import Clock
from synergy.web.numbers import whole
from synergy.web.texts import word

from synergy.dataset.findings import Findings
from synergy.dataset.read import read
from synergy.dataset.scenarios import load_scenario, parse_scenario
from synergy.dataset.yearly import yearly
from synergy.errors import DatasetError, Problem, folded
from synergy.scenario import Scenario
from synergy.store.archives import dataset_of, scenario_record, snapshot_of
from synergy.store.rounds import SETTLEMENT, SETTLEMENTS, Draft

SHIPPED = {"lvliang": "draft.shipped", "lvliang-year": "draft.shipped_year"}
SCENARIOS = ("base", "capacity_cut", "carbon_price", "high_prices", "low_prices", "rail_share", "winter_stagger")
NUMBERS = ("carbon_price", "capex_budget", "co2_cap", "max_partners", "discount_rate")
# what each step asks for
FIELDS: Mapping[int, tuple[str, ...]] = {
    1: ("name", "dataset"),
    2: ("scenario", *NUMBERS, "builds", "more"),
    3: ("rule", "gap", "time_limit", "deadline", "answer_by", "anonymous"),
}
DEFAULTS: Mapping[str, str] = {"rule": SETTLEMENT, "gap": "0.5", "time_limit": "300", "builds": "yes"}


@dataclass(frozen=True, slots=True)
class Filled:
    """What was filled in: texts by field, who takes part (None: all), and the round before."""

    given: Mapping[str, str]
    members: tuple[str, ...] | None = None
    previous: int | None = None


class FaultyError(Exception):
    """What was filled in is wrong.

    Parameters
    ----------
    faults : mapping of str to str
        A sentence by field.
    """

    def __init__(self, faults: Mapping[str, str]) -> None:
        self.faults = dict(faults)
        super().__init__("; ".join(self.faults.values()))


def filled(form: Mapping[str, str], members: Sequence[str], previous: str) -> Filled:
    """Return what was filled in so far, defaults where nothing was."""
    names = [name for fields in FIELDS.values() for name in fields]
    given = {name: str(form.get(name, DEFAULTS.get(name, ""))).strip()[:20_000] for name in names}
    # the third step has a box for each: none of them ticked is nobody, not everybody
    ticked = None if not members and form.get("step") != "3" else tuple(members)
    return Filled(given, ticked, whole(previous))


@lru_cache(maxsize=2)
def shipped(name: str) -> bytes:
    """Return the archive of a dataset that ships; a key of `SHIPPED`."""
    with as_file(files("synergy.datasets") / "lvliang") as folder:
        dataset = read(folder)
    return snapshot_of(yearly(dataset) if name.endswith("-year") else dataset).archive


def scenario_of(what: Filled, lang: str) -> Scenario:
    """Return the scenario that was chosen, with the settings that were filled in over it.

    Raises
    ------
    FaultyError
        A number is none, or the further settings cannot be read.
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
    """First problem of each shipped scenario that does not fit a dataset, by its name.

    Parameters
    ----------
    archive : bytes
        Of the dataset, which is sound by itself.
    """
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
    """Reason why a scenario does not fit a dataset."""
    said = problem.message_zh if lang == "zh" and problem.message_zh else problem.message
    return word("draft.misfit", lang, value=problem.value, said=said)


def _more(text: str) -> Scenario:
    """Return the scenario that a text of TOML says."""
    if not text:
        return Scenario()
    findings = Findings()
    found = parse_scenario(tomllib.loads(text.removeprefix("\ufeff")), findings)
    problems = findings.problems()
    if problems:
        raise ValueError(problems[0].line())
    return found


def draft_of(what: Filled, archive: bytes, clock: Clock, lang: str) -> Draft:
    """Return the round that was filled in.

    Parameters
    ----------
    what : Filled
    archive : bytes
        Of the dataset that was chosen.
    clock : synergy.web.clock.Clock
        By which moments were typed.
    lang : str
        Of the faults.

    Raises
    ------
    FaultyError
        Something is wrong.
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
