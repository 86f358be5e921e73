"""Describe each proposal: its partners, terms, title and notes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse

from synergy.dataset.sheet import Dataset
from synergy.network.places import Floats, Ints
from synergy.plan import Kind, Plan, Proposal, Term
from synergy.proposals.bundles import Booked, Bundles, build_names
from synergy.proposals.figures import Figures
from synergy.proposals.gains import borne
from synergy.proposals.names import Context, Names, amount
from synergy.proposals.quality import OUTSIDE, Called, Note, quality_notes
from synergy.scenario import Cell
from synergy.texts import Catalogue, gain_note

SHOWN = 2  # partners named before "and n more"
MAIN = 0.15  # a further product is named where it is worth this part of the first
FOREIGN = 0.5  # an input from others is named before the host's own where it is worth this part of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All data that the proposals are described from; sequences by number of the proposal."""

    dataset: Dataset
    plan: Plan
    context: Context
    now: Booked
    bundles: Bundles
    figures: Figures
    own: Sequence[Mapping[str, Mapping[str, float]]]  # co2, capex, annual
    blends: pd.DataFrame
    kinds: Sequence[Kind]
    states: Sequence[str]
    names: Mapping[str, Names]


class Build(NamedTuple):
    """Build of a proposal: its capacity (activity a year) and its owner, ``@`` and the site for a public place."""

    process: str
    site: str
    capacity: float
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalPart:
    """Lines, partners and marginal gain of one proposal.

    `flows`, `builds` and `links` are positions in the plan's frames; `crossing` are its flows between enterprises,
    sites of one, or with a public place. The host is first among the enterprises. `marginal` is the value that the
    plan loses without it; `needed`, whether there is no plan without it, as far as that was asked.
    """

    number: int
    flows: tuple[int, ...]
    builds: tuple[int, ...]
    links: tuple[int, ...]
    crossing: pd.DataFrame
    build: Build | None
    enterprises: tuple[str, ...]
    marginal: float | None
    needed: bool


def tell(scene: Scene) -> Iterator[Proposal]:
    """Yield the proposals by number."""
    members = _members(scene)
    row_of_build = {name: row for row, name in enumerate(build_names(scene.now.builds))}
    parts = []
    for number, ident in enumerate(scene.bundles.ids):
        kind, _, name = ident.partition(":")
        builds = (row_of_build[name],) if kind == "build" else ()
        parts.append(_part(scene, number, members[number], builds))
    gains = _gains(scene, parts)
    for part in parts:
        yield _proposal(scene, part, None if gains is None else float(gains[part.number]))


def _part(scene: Scene, number: int, members: Ints, builds: tuple[int, ...]) -> ProposalPart:
    """Return the lines, partners and marginal gain of one proposal."""
    flows = scene.now.flows.iloc[members]
    links = tuple(int(link) for link in scene.figures.links[[number]].indices)
    build = _build_row(scene, builds)
    crossing = flows[flows["partner"] | flows["inner"]]
    positions = tuple(int(flow) for flow in members)
    marginal = _marginal(scene, positions, builds, links)
    return ProposalPart(
        number=number,
        flows=positions,
        builds=builds,
        links=links,
        crossing=crossing,
        build=build,
        enterprises=_partners(crossing, build.owner if build else ""),
        marginal=marginal,
        needed=marginal is None and scene.context.without is not None,
    )


def _gains(scene: Scene, parts: Sequence[ProposalPart]) -> Floats | None:
    """Return the gains of the proposals, with the losses of needed proposals borne by their partners."""
    if scene.figures.gain is None:
        return None
    firms = {name: place for place, name in enumerate(sorted({name for part in parts for name in part.enterprises}))}
    row = [part.number for part in parts for _ in part.enterprises]
    column = [firms[name] for part in parts for name in part.enterprises]
    partners = sparse.csr_matrix((np.ones(len(row)), (row, column)), shape=(len(parts), len(firms)))
    unknown = [np.inf if part.needed else np.nan for part in parts]
    marginal = np.array(
        [other if part.marginal is None else part.marginal for part, other in zip(parts, unknown, strict=True)]
    )
    return borne(scene.figures.gain, marginal, partners)


def _members(scene: Scene) -> list[Ints]:
    """Return the positions of the flows of each proposal, ascending."""
    first, second = scene.bundles.of_flows(scene.now.flows)
    owner = np.concatenate([first, second])
    flow = np.concatenate([np.arange(len(first))] * 2)
    order = np.lexsort((flow, owner))
    owner, flow = owner[order], flow[order]
    bounds = np.searchsorted(owner, np.arange(len(scene.bundles.ids) + 1))
    return [flow[start:end] for start, end in pairwise(bounds)]


def _proposal(scene: Scene, part: ProposalPart, gain: float | None) -> Proposal:
    """Return one proposal."""
    number, flows = part.number, scene.now.flows.iloc[list(part.flows)]
    goods = scene.dataset["commodities"]
    right = flows["commodity"].isin(goods.loc[goods["phase"] == "right", "commodity"]).all()
    periods = len(scene.dataset["periods"])
    story = Story(flows, part.build, opened=bool(part.links), right=bool(right), periods=periods)
    host = part.build.owner if part.build else ""
    owners = set(part.crossing["from_owner"]) | set(part.crossing["to_owner"]) | {host}
    capex = float(scene.figures.capex[number])
    return Proposal(
        id=scene.bundles.ids[number],
        kind=scene.kinds[number],
        state=scene.states[number],
        scope="between" if len(owners - {""}) > 1 else "within",
        title_en=title(story, scene.names["en"]),
        title_zh=title(story, scene.names["zh"]),
        enterprises=part.enterprises,
        host=host.removeprefix("@"),
        commodities=_goods(part.crossing, flows),
        flows=part.flows,
        builds=part.builds,
        links=part.links,
        gain=gain,
        marginal_gain=part.marginal,
        capex=capex,
        payback_years=_payback(capex, gain, float(scene.figures.annual[number])),
        co2_saved=float(scene.figures.co2[number]),
        terms=_terms(part.crossing),
        notes=tuple(_notes(scene, flows, part.build, part.enterprises)),
        own={name: {"value": _own(scene, part, name), **scene.own[number][name]} for name in part.enterprises}
        if scene.own
        else {},
    )


def _build_row(scene: Scene, builds: tuple[int, ...]) -> Build | None:
    """Return process, site, capacity and owner of the build of a proposal, None without a build."""
    if not builds:
        return None
    row = scene.now.builds.iloc[builds[0]]
    sites = scene.dataset["sites"].set_index("site")["enterprise"]
    owner = str(sites[row["site"]]) or f"@{row['site']}"
    return Build(str(row["process"]), str(row["site"]), float(row["capacity"]), owner)


def _partners(crossing: pd.DataFrame, host: str) -> tuple[str, ...]:
    """Return the enterprises at the ends: the host first, then senders and receivers, by id."""
    givers, takers = sorted(set(crossing["from_owner"])), sorted(set(crossing["to_owner"]))
    return tuple(name for name in dict.fromkeys([host, *givers, *takers]) if name and not name.startswith("@"))


def _goods(crossing: pd.DataFrame, flows: pd.DataFrame) -> tuple[str, ...]:
    """Return the commodities: those exchanged first, each group by falling worth, then id."""
    found: dict[str, None] = {}
    for part in (crossing, flows):
        worth = part["worth"].groupby(part["commodity"].astype(str)).sum().sort_index()
        found |= dict.fromkeys(str(name) for name in worth.sort_values(ascending=False, kind="stable").index)
    return tuple(found)


def _terms(crossing: pd.DataFrame) -> tuple[Term, ...]:
    """Return the yearly deliveries between sites by commodity, by falling worth."""
    keys = ["from_site", "to_site", "commodity"]
    moved = crossing.assign(way=crossing["km"] * crossing["quantity"])[[*keys, "quantity", "worth", "way"]]
    total = moved.groupby(keys).sum().sort_values("worth", ascending=False, kind="stable")
    ends = total.assign(km=total["way"] / total["quantity"].where(total["quantity"] > 0)).reset_index()
    rows = zip(*[ends[name] for name in (*keys, "quantity", "km")], strict=True)
    return tuple(
        Term(str(giver), str(taker), str(good), float(amount), km=None if math.isnan(km) else float(km))
        for giver, taker, good, amount, km in rows
    )


def _marginal(scene: Scene, flows: tuple[int, ...], builds: tuple[int, ...], links: tuple[int, ...]) -> float | None:
    """Return the value that the plan loses without a proposal, the other builds and links fixed."""
    if scene.context.without is None:
        return None
    value = scene.context.without(flows, builds, links)
    return None if value is None else scene.plan.value - value


def _own(scene: Scene, part: ProposalPart, enterprise: str) -> float | None:
    """Return the loss in an enterprise's own accounts without a proposal."""
    ask = scene.context.own
    return None if ask is None else ask(enterprise, part.flows, part.builds, part.links)


def _payback(capex: float, gain: float | None, annual: float) -> float | None:
    """Return the payback time in years: the capex over the yearly gain before annuities."""
    if gain is None:
        return None
    if capex <= 0:
        return 0.0
    return capex / (gain + annual) if gain + annual > 0 else None


def _notes(scene: Scene, flows: pd.DataFrame, build: Build | None, enterprises: tuple[str, ...]) -> Iterator[Note]:
    """Yield the notes that accompany the figures of a proposal."""
    if build:
        yield from build_notes(scene.dataset, build.process, build.capacity)
    moved = flows[flows["from_site"] != flows["to_site"]]
    yield from hazard_notes(scene.dataset, scene.names, sorted(set(moved["commodity"])))
    yield from quality_notes(scene.blends, scene.names, flows)
    yield from start_notes(scene.dataset, scene.names, flows)
    yield from evidence_notes(scene.dataset, scene.names, enterprises)
    if scene.figures.gain is not None:
        yield from aims_notes(scene.dataset)


@dataclass(frozen=True, slots=True)
class Story:
    """Content of a proposal's title.

    `flows` have owners, `km` and `worth`; `build` is None for a direct exchange. `opened`: it opens a link; `right`: it
    moves a right, which has no road. `periods` is their number in a year.
    """

    flows: pd.DataFrame
    build: Build | None
    opened: bool
    right: bool
    periods: int


def title(story: Story, names: Names) -> str:
    """Return the title of a proposal in the language of the names."""
    return _build_title(story, story.build, names) if story.build else _deal_title(story, names)


def _deal_title(story: Story, names: Names) -> str:
    """Return the title of a direct exchange of one commodity between two owners."""
    flows, zh = story.flows, names.lang == "zh"
    first = flows.iloc[0]
    good = str(first["commodity"])
    said = amount(float(flows["quantity"].sum()), names.unit[good], names.lang)
    giver, taker = names.owner[str(first["from_owner"])], names.owner[str(first["to_owner"])]
    if first["from_owner"] == first["to_owner"]:
        giver, taker = (_join(_by_worth(flows, end), names.site, names.lang) for end in ("from_site", "to_site"))
    tail = _distance(story, names.lang) + _season(story, names.lang)
    if zh:
        return f"{names.commodity[good]}：{giver} → {taker}，每年 {said}{tail}"
    return f"{names.commodity[good]} from {giver} to {taker}: {said} a year{tail}"


def _distance(story: Story, lang: str) -> str:
    """Return the phrase for the mean distance and whether the link is new, "" where it does not apply."""
    flows = story.flows
    weight = flows["quantity"].to_numpy(dtype=float)
    km = float(np.average(flows["km"].to_numpy(dtype=float), weights=weight)) if weight.sum() > 0 else 0.0
    if km < 0.05 or story.right:
        return ""
    said = f"{km:.0f}" if km >= 10 else f"{km:.1f}".removesuffix(".0")
    if lang == "zh":
        return f"，{'新建线路 ' if story.opened else ''}{said} km"
    return f" over {said} km{' of new line' if story.opened else ''}"


def _season(story: Story, lang: str) -> str:
    """Return the phrase for the number of active periods, "" if all are active."""
    active = int(story.flows["period"].nunique())
    if active >= story.periods:
        return ""
    return f"（{story.periods} 个时段中的 {active} 个）" if lang == "zh" else f" ({active} of {story.periods} periods)"


def _build_title(story: Story, build: Build, names: Names) -> str:
    """Return the title of a new build: process, host, capacity, main input and main products."""
    zh = names.lang == "zh"
    name, host = names.process[build.process], names.owner[build.owner]
    size = amount(build.capacity, names.activity[build.process] or ("单位" if zh else "units"), names.lang)
    ident = f"{build.process}@{build.site}"
    taken = story.flows[(story.flows["inlet_kind"] == "build") & (story.flows["inlet_id"] == ident)]
    made = story.flows[(story.flows["outlet_kind"] == "build") & (story.flows["outlet_id"] == ident)]
    parts = [*_taken(taken, names), *_made(made, names)]
    if zh:
        return f"{host}新建{name}（{size}/年）" + "".join(f"{'：' if k == 0 else '，'}{p}" for k, p in enumerate(parts))
    return f"New at {host}: {name}, {size} a year" + "".join(f"{'; ' if k else ', '}{p}" for k, p in enumerate(parts))


def _taken(flows: pd.DataFrame, names: Names) -> list[str]:
    """Return the phrase for the main input and its suppliers; an input from others comes first if of similar worth."""
    if flows.empty:
        return []
    worth = flows["worth"].groupby(flows["commodity"]).sum()
    foreign = flows[~flows["outlet_kind"].isin(OUTSIDE) & (flows["from_owner"] != flows["to_owner"])]
    shared = worth[worth.index.isin(foreign["commodity"]) & (worth >= FOREIGN * worth.max())]
    good = str((shared if len(shared) else worth).idxmax())
    chosen = flows[flows["commodity"] == good]
    givers = chosen[~chosen["outlet_kind"].isin(OUTSIDE)]
    said = amount(float(chosen["quantity"].sum()), names.unit[good], names.lang)
    if names.lang == "zh":
        source = f"用{_join(_by_worth(givers, 'from_owner'), names.owner, 'zh')}的" if len(givers) else "外购"
        return [f"{source}{names.commodity[good]} {said}/年"]
    source = _join(_by_worth(givers, "from_owner"), names.owner, "en") if len(givers) else "the market"
    return [f"on {said} a year of {_lower(names.commodity[good])} from {source}"]


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
        outside = float(chosen.loc[chosen["inlet_kind"] == "market", "quantity"].sum())
        near = chosen[chosen["inlet_kind"] != "market"]
        takers = [] if outside > 0.5 * chosen["quantity"].sum() else _by_worth(near, "to_owner")
        if names.lang == "zh":
            use = f"供{_join(takers, names.owner, 'zh')}" if takers else "外销"
            parts.append(f"产{names.commodity[good]} {said}/年，{use}")
        else:
            use = f"for {_join(takers, names.owner, 'en')}" if takers else "for the market"
            parts.append(f"makes {said} of {_lower(names.commodity[good])} {use}")
    return parts


def _by_worth(flows: pd.DataFrame, column: str) -> list[str]:
    """Return the names in a column, by falling quantity, ties by name."""
    total = flows["quantity"].groupby(flows[column].astype(str)).sum()
    return [str(name) for name in total.sort_index().sort_values(ascending=False, kind="stable").index]


def _join(ids: Sequence[str], known: object, lang: str) -> str:
    """Return a list of names as text, cut after `SHOWN`."""
    said = [known[name] for name in ids]  # type: ignore[index]
    more = len(said) - SHOWN
    if lang == "zh":
        return "、".join(said[:SHOWN]) + (f"等 {len(said)} 家" if more > 0 else "")
    if more > 0:
        return ", ".join(said[:SHOWN]) + f" and {more} more"
    return " and ".join(said)


def _lower(name: str) -> str:
    """Return a name in the form used inside a sentence: acronyms and formulas keep their case."""
    head = name.split(" ", 1)[0]
    return name if len(head) < 2 or any(c.isupper() or c.isdigit() for c in head[1:]) else name[:1].lower() + name[1:]


_EVIDENCE = Catalogue(
    {
        "public": ("published facts", "公开资料"),
        "estimate": ("an illustrative estimate", "示意估算"),
        "synthetic": ("synthetic", "模拟数据"),
    }
)


def build_notes(dataset: Dataset, process: str, capacity: float) -> list[Note]:
    """Return the notes on a new build of a capacity (activity a year): policy minimum size, permit, lead time."""
    row: dict[Any, Any] = dataset["processes"].set_index("process").loc[process].to_dict()
    notes: list[Note] = []
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
    """Return the English and Chinese part of a table text ``English / 中文``, or the same text for both."""
    en, _, zh = said.partition(" / ")
    return en, zh or en


def hazard_notes(dataset: Dataset, called: Called, commodities: Iterable[str]) -> list[Note]:
    """Return the notes on the hazards of the commodities moved between sites."""
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


def start_notes(dataset: Dataset, called: Called, flows: pd.DataFrame) -> list[Note]:
    """Return the notes on the start dates of the facilities at the ends of some flows, where stated."""
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


def evidence_notes(dataset: Dataset, called: Called, enterprises: Iterable[str]) -> list[Note]:
    """Return the notes on the evidence for the enterprises' data, from the optional column `evidence`."""
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


def aims_notes(dataset: Dataset) -> list[Note]:
    """Return the note on gains, for scenario aims that bind the joint plan."""
    scenario, count = dataset.scenario_record(), len(dataset["enterprises"])
    said, said_zh = (gain_note(scenario, count, lang) for lang in ("en", "zh"))
    return [_note("aims", "", said, said_zh)] if said else []


def _note(code: str, subject: str, text: str, text_zh: str, **more: Cell) -> Note:
    """Return a note as a plain record."""
    return {"code": code, "subject": subject, "text": text, "text_zh": text_zh, **more}
