"""What a planner has to know beside the figures: policy, permits, hazards, times, and how sure the facts are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from synergy.proposals.names import amount
from synergy.texts import Catalogue, gain_note

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from synergy.dataset.dataset import Dataset
    from synergy.proposals.names import Names

    Called = Mapping[str, Names]  # by language

_EVIDENCE = Catalogue(
    {
        "public": ("published facts", "公开资料"),
        "estimate": ("an illustrative estimate", "示意估算"),
        "synthetic": ("synthetic", "模拟数据"),
    }
)


def build_notes(dataset: Dataset, process: str, capacity: float) -> list[Mapping[str, Any]]:
    """Return what a new build has to heed: least size by policy, permit, time to build.

    Parameters
    ----------
    dataset : Dataset
        The tables.
    process : str
        What is built.
    capacity : float
        Activity a year.
    """
    row: dict[Any, Any] = dataset["processes"].set_index("process").loc[process].to_dict()
    notes: list[Mapping[str, Any]] = []
    least = float(row["policy_min"])
    if least > 0:
        en, zh = (amount(least, str(row["activity_unit"]) or "units", lang) for lang in ("en", "zh"))
        kept = capacity >= least * (1 - 1e-9)
        said = ("kept" if kept else "NOT reached", "已达到" if kept else "未达到")
        text, text_zh = f"policy asks for at least {en} a year: {said[0]}", f"政策最小规模 {zh}/年：{said[1]}"
        notes.append(_note("policy_min", process, text, text_zh, value=least, kept=kept))
    if row["permit"]:
        en, zh = _both(str(row["permit"]))
        text, text_zh = f"permit: {en}", f"需审批：{zh}"
        notes.append(_note("permit", process, text, text_zh))
    months = float(row["lead_time_months"])
    if months > 0:
        notes.append(
            _note("lead_time", process, f"{months:g} months to build", f"建设周期 {months:g} 个月", value=months)
        )
    return notes


def _both(said: str) -> tuple[str, str]:
    """Return a text of the tables in English and Chinese: ``English / 中文``, or the same for both."""
    en, _, zh = said.partition(" / ")
    return en, zh or en


def hazard_notes(dataset: Dataset, called: Called, commodities: Iterable[str]) -> list[Mapping[str, Any]]:
    """Return the hazards of the goods that move between sites."""
    goods = dataset["commodities"].set_index("commodity")
    return [
        _note(
            "hazard",
            good,
            f"{called['en'].commodity[good]}: dangerous goods, {mark}",
            f"{called['zh'].commodity[good]}：危险货物，{mark}",
            value=mark,
        )
        for good in commodities
        if (mark := str(goods.at[good, "hazard"]))
    ]


def start_notes(dataset: Dataset, called: Called, flows: pd.DataFrame) -> list[Mapping[str, Any]]:
    """Return from when the facilities at the ends of some flows run, where a date is stated."""
    ends = [flows.loc[flows[f"{end}_kind"] == "facility", f"{end}_id"] for end in ("outlet", "inlet")]
    used = pd.concat(ends).drop_duplicates()
    table = dataset["facilities"]
    dated = table[table["facility"].isin(used) & (table["start"].astype(str) != "")]
    return [
        _note(
            "start",
            name,
            f"{called['en'].process[process]} at {called['en'].site[site]} runs from {day}",
            f"{called['zh'].site[site]}的{called['zh'].process[process]}自 {day} 投产",
            value=day,
        )
        for name, site, process, day in dated[["facility", "site", "process", "start"]]
        .astype(str)
        .itertuples(index=False)
    ]


def evidence_notes(dataset: Dataset, called: Called, enterprises: Iterable[str]) -> list[Mapping[str, Any]]:
    """Return how sure the facts about the enterprises are, from the extra column `evidence` where it is there."""
    table = dataset["enterprises"]
    if "evidence" not in table:
        return []
    marks = dict(zip(table["enterprise"], table["evidence"].astype(str), strict=True))
    notes = []
    for name in enterprises:
        mark = marks.get(name, "")
        if mark and mark != "nan":
            en, zh = _EVIDENCE.get(mark, (mark, mark))
            notes.append(
                _note(
                    "evidence",
                    name,
                    f"{called['en'].owner[name]}: {en}",
                    f"{called['zh'].owner[name]}：{zh}",
                    value=mark,
                )
            )
    return notes


def aims_notes(dataset: Dataset) -> list[Mapping[str, Any]]:
    """Return the note on gains where aims of the round bind the plan of all alone."""
    scenario, count = dataset.scenario_record(), len(dataset["enterprises"])
    said, said_zh = (gain_note(scenario, count, lang) for lang in ("en", "zh"))
    return [_note("aims", "", said, said_zh)] if said else []


def _note(code: str, subject: str, text: str, text_zh: str, **more: object) -> Mapping[str, Any]:
    """Return a note as a plain record."""
    return {"code": code, "subject": subject, "text": text, "text_zh": text_zh, **more}
