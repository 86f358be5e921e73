"""Alternatives as a sentence in both languages and as a plain JSON record."""

from __future__ import annotations

from synergy.dataset.sheet import Dataset
from synergy.near_optimal.alternatives import Alternative, Alternatives
from synergy.near_optimal.directions import DifferenceKind
from synergy.proposals.names import Names, names
from synergy.records.documents import PlanJSON
from synergy.records.files import plan_record
from synergy.records.plain import plain
from synergy.scenario import JSON
from synergy.texts import LANGUAGES, Catalogue
from synergy.units import money

AlternativeJSON = dict[str, JSON | PlanJSON]
SCHEMA = "synergy/alternatives/1"
EVEN = 5e-5  # part of the value that is shown as nothing
# English, Chinese
SAID = Catalogue(
    {
        "less": ("{part} less", "价值少 {part}"),
        "even": ("as much", "价值不减"),
        "more": ("{part} more", "价值多 {part}"),
        DifferenceKind.BUILD: ("without the new {process} at {site}", "不在{site}新建{process}"),
        DifferenceKind.PROCESS: ("without any new {process}", "不新建任何{process}"),
        DifferenceKind.LINK: (
            "without the new link for {commodity} from {origin} to {target}",
            "不建{origin}至{target}的{commodity}线路",
        ),
        DifferenceKind.PARTNER: (
            "with one partner fewer for {enterprise}, who no longer deals with {other}",
            "{enterprise}少一个合作方，不再与{other}交易",
        ),
        DifferenceKind.CAPEX: ("with {saved} less capex", "投资减少 {saved}"),
        DifferenceKind.FEWER: (
            "with fewer partnerships, {count} instead of {before}",
            "合作关系由 {before} 对减至 {count} 对",
        ),
        "whole": ("{lead}, {what}", "{lead}，{what}"),
        "beside.less": ("; capex {money} less", "；投资少 {money}"),
        "beside.more": ("; capex {money} more", "；投资多 {money}"),
    }
)


def sentence(dataset: Dataset, found: Alternatives, one: Alternative, lang: str) -> str:
    """Return a one-sentence summary of an alternative: its difference and its loss of value."""
    part = one.lost / max(1.0, abs(found.plan.value))
    key = "even" if abs(part) < EVEN else "less" if part > 0 else "more"
    lead = SAID.say(key, lang, part=f"{abs(part):.2%}".replace("%", " %" if lang == "en" else "%"))
    saved = found.features.capex - one.features.capex
    currency = dataset.settings.currency
    fields = _subject(one, names(dataset, lang))
    fields["saved"] = money(saved, currency, lang)
    fields["count"], fields["before"] = (str(len(of.partnerships)) for of in (one.features, found.features))
    said = SAID.say("whole", lang, lead=lead, what=SAID.say(one.way, lang, **fields))
    if one.way is not DifferenceKind.CAPEX and abs(saved) > EVEN * max(1.0, found.features.capex):
        said += SAID.say("beside.less" if saved > 0 else "beside.more", lang, money=money(abs(saved), currency, lang))
    return said


def _subject(one: Alternative, said: Names) -> dict[str, str]:
    """Return the names of the entities that an alternative excludes."""
    if one.way is DifferenceKind.BUILD:
        return {"process": said.process[one.subject[0]], "site": said.site[one.subject[1]]}
    if one.way is DifferenceKind.PROCESS:
        return {"process": said.process[one.subject[0]]}
    if one.way is DifferenceKind.LINK:
        origin, target, commodity = one.subject[:3]
        return {"origin": said.site[origin], "target": said.site[target], "commodity": said.commodity[commodity]}
    if one.way is DifferenceKind.PARTNER:
        return {"enterprise": said.owner[one.subject[0]], "other": said.owner[one.subject[1]]}
    return {}


def alternatives_record(dataset: Dataset, found: Alternatives) -> dict[str, JSON | PlanJSON | list[AlternativeJSON]]:
    """Return alternatives as a plain JSON record, each with its plan document.

    ``builds``, ``links`` and ``partnerships`` list the removals and additions relative to the plan.
    """
    return {
        "schema": SCHEMA,
        "dataset": plain(found.plan.dataset),
        "value": found.plan.value,
        "within": found.within,
        "least_distance": found.apart,
        "better": None if found.better is None else found.better.value,
        "better_plan": None if found.better is None else plan_record(found.better),
        "tried": found.tried,
        "stopped": found.stopped,
        "alternatives": [_record(dataset, found, one) for one in found.found],
    }


def _record(dataset: Dataset, found: Alternatives, one: Alternative) -> AlternativeJSON:
    changes = {}
    for name in ("builds", "links", "partnerships"):
        before, now = getattr(found.features, name), getattr(one.features, name)
        changes[name] = {"gone": plain(sorted(before - now)), "new": plain(sorted(now - before))}
    return {
        "way": str(one.way),
        "subject": list(one.subject),
        **{f"title_{lang}": sentence(dataset, found, one, lang) for lang in LANGUAGES},
        "value": one.plan.value,
        "lost": one.lost,
        "capex": one.features.capex,
        "capex_change": one.features.capex - found.features.capex,
        "co2_change": _change(found, one),
        "distance": one.distance,
        "apart": one.apart,
        **changes,
        "plan": plan_record(one.plan),
    }


def _change(found: Alternatives, one: Alternative) -> float | None:
    """Return the increase in CO2 emissions over the plan (t a year)."""
    now, before = one.plan.emissions["co2"], found.plan.emissions["co2"]
    return None if now is None or before is None else now - before
