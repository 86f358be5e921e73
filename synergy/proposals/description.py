"""Titles and notes of proposals in both languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from synergy.dataset.sheet import Dataset
from synergy.plan import Kind, Plan
from synergy.proposals.bundles import OUTSIDE, Booked, Bundles, holders
from synergy.proposals.gains import Figures
from synergy.proposals.names import Names, amount
from synergy.scenario import Cell
from synergy.texts import LANGUAGES, Catalogue, gain_note

SHOWN = 2  # partners named before "and n more"
MAIN = 0.15  # a further product is named where it is worth this part of the first
FOREIGN = 0.5  # an input from others is named before the host's own where it is worth this part of it
INLET = ["to_site", "inlet_kind", "inlet_id", "commodity"]
_STATED = ["holder", "commodity", "property"]
_EVIDENCE = Catalogue(
    {
        "public": ("published facts", "公开资料"),
        "estimate": ("an illustrative estimate", "示意估算"),
        "synthetic": ("synthetic", "模拟数据"),
    }
)
Called = Mapping[str, Names]  # by language
Note = Mapping[str, Cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All data that the proposals are described from; sequences by number of the proposal."""

    dataset: Dataset
    plan: Plan
    now: Booked
    bundles: Bundles
    figures: Figures
    own: Sequence[Mapping[str, Mapping[str, float]]]  # co2, capex, annual
    blends: pd.DataFrame
    kinds: Sequence[Kind]
    states: Sequence[str]
    names: Called


class Build(NamedTuple):
    """Build of a proposal: its capacity (activity a year) and its owner, ``@`` and the site for a public place."""

    process: str
    site: str
    capacity: float
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalPart:
    """Lines, partners and marginal gain of one proposal.

    `flows`, `builds` and `links` are positions in the plan's frames; `lines` are its flows, and `crossing` those
    between enterprises, sites of one, or with a public place. The host is first among the enterprises. `marginal` is
    the value that the plan loses without it; `needed`, whether there is no plan without it, as far as that was asked.
    """

    number: int
    flows: tuple[int, ...]
    builds: tuple[int, ...]
    links: tuple[int, ...]
    lines: pd.DataFrame
    crossing: pd.DataFrame
    build: Build | None
    enterprises: tuple[str, ...]
    marginal: float | None
    needed: bool


def deal_title(scene: Scene, part: ProposalPart, names: Names) -> str:
    """Return the title of a direct exchange of one commodity between two owners."""
    flows, lang, zh = part.lines, names.lang, names.lang == "zh"
    first = flows.iloc[0]
    good = str(first["commodity"])
    said = amount(float(flows["quantity"].sum()), names.unit[good], lang)
    giver, taker = names.owner[str(first["from_owner"])], names.owner[str(first["to_owner"])]
    if first["from_owner"] == first["to_owner"]:
        giver, taker = (_listed(flows, end, names.site, lang) for end in ("from_site", "to_site"))
    # the mean distance, and whether a link is opened; a right has no road
    phase = scene.dataset["commodities"].set_index("commodity")["phase"]
    weight = flows["quantity"].to_numpy(dtype=float)
    km = float(np.average(flows["km"].to_numpy(dtype=float), weights=weight)) if weight.sum() > 0 else 0.0
    tail = ""
    if phase[good] != "right" and km >= 0.05:
        far = f"{km:.0f}" if km >= 10 else f"{km:.1f}".removesuffix(".0")
        new = ("新建线路 " if zh else " of new line") if part.links else ""
        tail = f"，{new}{far} km" if zh else f" over {far} km{new}"
    active, periods = int(flows["period"].nunique()), len(scene.dataset["periods"])
    if active < periods:
        tail += f"（{periods} 个时段中的 {active} 个）" if zh else f" ({active} of {periods} periods)"
    if zh:
        return f"{names.commodity[good]}：{giver} → {taker}，每年 {said}{tail}"
    return f"{names.commodity[good]} from {giver} to {taker}: {said} a year{tail}"


def build_title(flows: pd.DataFrame, build: Build, names: Names) -> str:
    """Return the title of a new build: process, host, capacity, main input and main products."""
    lang, zh = names.lang, names.lang == "zh"
    name, host = names.process[build.process], names.owner[build.owner]
    size = amount(build.capacity, names.activity[build.process] or ("单位" if zh else "units"), lang)
    ident = f"{build.process}@{build.site}"
    taken, made = (
        flows[(flows[f"{end}_kind"] == "build") & (flows[f"{end}_id"] == ident)] for end in ("inlet", "outlet")
    )
    parts = []
    if len(taken):  # the main input and its suppliers; an input from others comes first if of similar worth
        worth = taken["worth"].groupby(taken["commodity"]).sum()
        foreign = taken[~taken["outlet_kind"].isin(OUTSIDE) & (taken["from_owner"] != taken["to_owner"])]
        shared = worth[worth.index.isin(foreign["commodity"]) & (worth >= FOREIGN * worth.max())]
        good = str((shared if len(shared) else worth).idxmax())
        chosen = taken[taken["commodity"] == good]
        givers = _listed(chosen[~chosen["outlet_kind"].isin(OUTSIDE)], "from_owner", names.owner, lang)
        said = amount(float(chosen["quantity"].sum()), names.unit[good], lang)
        if zh:
            parts.append(f"{f'用{givers}的' if givers else '外购'}{names.commodity[good]} {said}/年")
        else:
            parts.append(f"on {said} a year of {names.inside[good]} from {givers or 'the market'}")
    parts += _made(made, names)
    if zh:
        return f"{host}新建{name}（{size}/年）" + "".join(f"{'：' if k == 0 else '，'}{p}" for k, p in enumerate(parts))
    return f"New at {host}: {name}, {size} a year" + "".join(f"{'; ' if k else ', '}{p}" for k, p in enumerate(parts))


def _made(flows: pd.DataFrame, names: Names) -> list[str]:
    """Return the phrases for the products of highest worth and their receivers."""
    sold = flows[flows["inlet_kind"] != "disposal"]
    worth = sold["worth"].groupby(sold["commodity"]).sum().sort_values(ascending=False, kind="stable")
    parts = []
    for good in worth.index[:2]:
        if worth[good] < MAIN * worth.iloc[0]:
            continue
        chosen = sold[sold["commodity"] == good]
        said = amount(float(chosen["quantity"].sum()), names.unit[good], names.lang)
        market = chosen["inlet_kind"] == "market"
        outside = float(chosen.loc[market, "quantity"].sum()) > 0.5 * chosen["quantity"].sum()
        takers = "" if outside else _listed(chosen[~market], "to_owner", names.owner, names.lang)
        if names.lang == "zh":
            parts.append(f"产{names.commodity[good]} {said}/年，{f'供{takers}' if takers else '外销'}")
        else:
            parts.append(f"makes {said} of {names.inside[good]} for {takers or 'the market'}")
    return parts


def _listed(flows: pd.DataFrame, column: str, known: Mapping[str, str], lang: str) -> str:
    """Return the names in a column as text, by falling quantity, ties by id, cut after `SHOWN`; "" without flows."""
    total = flows["quantity"].groupby(flows[column].astype(str)).sum().sort_index()
    said = [known[str(name)] for name in total.sort_values(ascending=False, kind="stable").index]
    more = len(said) - SHOWN
    if lang == "zh":
        return "、".join(said[:SHOWN]) + (f"等 {len(said)} 家" if more > 0 else "")
    if more > 0:
        return ", ".join(said[:SHOWN]) + f" and {more} more"
    return " and ".join(said)


def notes(scene: Scene, part: ProposalPart) -> Iterator[Note]:
    """Yield the notes that accompany the figures of a proposal."""
    dataset, en, zh = scene.dataset, scene.names["en"], scene.names["zh"]
    if part.build:
        yield from build_notes(dataset, part.build.process, part.build.capacity)
    moved = part.lines[part.lines["from_site"] != part.lines["to_site"]]
    hazards = dataset["commodities"].set_index("commodity")["hazard"].astype(str)
    for good in sorted(set(moved["commodity"])):
        if mark := str(hazards[good]):
            text = f"{en.commodity[good]}: dangerous goods, {mark}"
            text_zh = f"{zh.commodity[good]}：危险货物，{mark}"
            yield {"code": "hazard", "subject": good, "text": text, "text_zh": text_zh, "value": mark}
    yield from _quality_notes(scene.blends, scene.names, moved)
    # start dates of the facilities at the ends, where stated
    facilities = [part.lines.loc[part.lines[f"{end}_kind"] == "facility", f"{end}_id"] for end in ("outlet", "inlet")]
    table = dataset["facilities"]
    dated = table[table["facility"].isin(pd.concat(facilities)) & (table["start"].astype(str) != "")]
    columns = dated[["facility", "site", "process", "start"]].astype(str)
    for name, site, process, day in columns.itertuples(index=False):
        text = f"{en.process[process]} at {en.site[site]} runs from {day}"
        text_zh = f"{zh.site[site]}的{zh.process[process]}自 {day} 投产"
        yield {"code": "start", "subject": name, "text": text, "text_zh": text_zh, "value": day}
    # evidence for the enterprises' data, from the optional column
    table = dataset["enterprises"]
    evidence = table["evidence"].astype(str) if "evidence" in table else [""] * len(table)
    marks = dict(zip(table["enterprise"], evidence, strict=True))
    for name in part.enterprises:
        mark = marks.get(name, "")
        if mark and mark != "nan":
            said = _EVIDENCE.get(mark, (mark, mark))
            text, text_zh = f"{en.owner[name]}: {said[0]}", f"{zh.owner[name]}：{said[1]}"
            yield {"code": "evidence", "subject": name, "text": text, "text_zh": text_zh, "value": mark}
    if scene.figures.gain is not None:
        scenario, count = dataset.scenario_record(), len(dataset["enterprises"])
        text, text_zh = (gain_note(scenario, count, lang) for lang in LANGUAGES)
        if text:
            yield {"code": "aims", "subject": "", "text": text, "text_zh": text_zh}


def build_notes(dataset: Dataset, process: str, capacity: float) -> Iterator[Note]:
    """Yield the notes on a new build of a capacity (activity a year): policy minimum size, permit, lead time."""
    row: dict[Any, Any] = dataset["processes"].set_index("process").loc[process].to_dict()
    least = float(row["policy_min"])
    if least > 0:
        en, zh = (amount(least, str(row["activity_unit"]) or "units", lang) for lang in LANGUAGES)
        kept = capacity >= least * (1 - 1e-9)
        said = ("kept" if kept else "NOT reached", "已达到" if kept else "未达到")
        text, text_zh = f"policy asks for at least {en} a year: {said[0]}", f"政策最小规模 {zh}/年：{said[1]}"
        note = {"code": "policy_min", "subject": process, "text": text, "text_zh": text_zh}
        yield {**note, "value": least, "kept": kept}
    if row["permit"]:
        en, _, zh = str(row["permit"]).partition(" / ")
        text, text_zh = f"permit: {en}", f"需审批：{zh or en}"
        yield {"code": "permit", "subject": process, "text": text, "text_zh": text_zh}
    months = float(row["lead_time_months"])
    if months > 0:
        text, text_zh = f"{months:g} months to build", f"建设周期 {months:g} 个月"
        yield {"code": "lead_time", "subject": process, "text": text, "text_zh": text_zh, "value": months}


def _quality_notes(found: pd.DataFrame, called: Called, moved: pd.DataFrame) -> Iterator[Note]:
    """Yield the notes on the margin between blend and limits, for each limited inlet of some flows between sites.

    `found` is from `blends`. Notes ``quality`` have `site` (of the inlet), `property`, `value`, `minimum`, `maximum`;
    `asks`, `asks_zh` give the limits alone, for those who deliver.
    """
    if found.empty or moved.empty:
        return
    for _, row in found.merge(moved[INLET].drop_duplicates()).iterrows():
        goods = {lang: said.commodity[row["commodity"]] for lang, said in called.items()}
        sites = {lang: said.site[row["to_site"]] for lang, said in called.items()}
        figures = {name: None if pd.isna(row[name]) else float(row[name]) for name in ("value", "minimum", "maximum")}
        ends = (("minimum", "at least", "≥"), ("maximum", "at most", "≤"))
        en = " and ".join(f"{word} {figures[name]:.4g}" for name, word, _ in ends if figures[name] is not None)
        zh = "、".join(f"{sign} {figures[name]:.4g}" for name, _, sign in ends if figures[name] is not None)
        asks = f"{row['property']} of {goods['en']} at {sites['en']}: {en}"
        asks_zh = f"{sites['zh']}的{goods['zh']} {row['property']}：{zh}"
        yield {
            "code": "quality",
            "subject": row["commodity"],
            "text": f"{asks}; {figures['value']:.4g} as planned",
            "text_zh": f"{asks_zh}；方案中为 {figures['value']:.4g}",
            "asks": asks,
            "asks_zh": asks_zh,
            "site": row["to_site"],
            "property": row["property"],
            **figures,
        }


def blends(dataset: Dataset, flows: pd.DataFrame) -> pd.DataFrame:
    """Return the mean quality of the blend at each limited inlet, in the period nearest to a limit.

    Columns are `INLET`, `property`, `value` (in the unit of the property), `minimum`, `maximum` (NaN where there is
    none).
    """
    limits, stated = dataset["limits"], dataset["qualities"]
    limits = limits[limits["minimum"].notna() | limits["maximum"].notna()]  # a row with neither has no effect
    columns = [*INLET, "property", "value", "minimum", "maximum"]
    if limits.empty or flows.empty:
        return pd.DataFrame(columns=columns)
    taker, giver = (
        holders(dataset, flows[f"{end}_kind"], flows[f"{end}_id"].astype(str)) for end in ("inlet", "outlet")
    )
    ends = flows.assign(taker=taker, giver=giver).astype({"commodity": object})
    asked = ends.merge(limits[[*_STATED, "minimum", "maximum"]].rename(columns={"holder": "taker"}))
    known = asked.merge(stated[[*_STATED, "value"]].rename(columns={"holder": "giver", "value": "quality"}))
    if known.empty:
        return pd.DataFrame(columns=columns)
    known = known.assign(weighed=known["quality"] * known["arrived"])
    keys = [*INLET, "property", "period"]
    sums = known.groupby(keys, sort=True)[["weighed", "arrived"]].sum()
    bounds = known.groupby(keys, sort=True)[["minimum", "maximum"]].first()
    mixed = bounds.assign(value=sums["weighed"] / sums["arrived"].where(sums["arrived"] > 0)).reset_index()
    room = np.fmin(mixed["value"] - mixed["minimum"], mixed["maximum"] - mixed["value"])
    nearest = mixed.assign(room=room).sort_values("room", kind="stable").drop_duplicates([*INLET, "property"])
    return nearest.sort_values([*INLET, "property"], kind="stable")[columns].reset_index(drop=True)
