"""One proposal after the other: its partners, terms, title and notes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from synergy.plan import Kind, Plan, Proposal, Term
from synergy.proposals.bundles import Bundles, build_names
from synergy.proposals.losses import borne
from synergy.proposals.notes import aims_notes, build_notes, evidence_notes, hazard_notes, start_notes
from synergy.proposals.quality import quality_notes
from synergy.proposals.titles import Story, title

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from synergy.dataset.dataset import Dataset
    from synergy.proposals.booked import Booked
    from synergy.proposals.context import Context
    from synergy.proposals.figures import Figures
    from synergy.proposals.names import Names


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All that the proposals are told from; sequences by number of the proposal."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What belongs to one proposal.

    Parameters
    ----------
    number : int
        Its number.
    flows, builds, links : tuple of int
        Positions in the plan's frames.
    crossing : pandas.DataFrame
        Its flows between enterprises, sites of one, or with a public place.
    build : dict or None
        Process, site, capacity and owner of its build.
    enterprises : tuple of str
        Who takes part, the host first.
    marginal : float or None
        What the plan loses without it.
    needed : bool
        Whether there is no plan without it, as far as that was asked.
    """

    number: int
    flows: tuple[int, ...]
    builds: tuple[int, ...]
    links: tuple[int, ...]
    crossing: pd.DataFrame
    build: dict[str, Any] | None
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


def _part(scene: Scene, number: int, members: NDArray[np.int64], builds: tuple[int, ...]) -> Part:
    """Return what belongs to one proposal."""
    flows = scene.now.flows.iloc[members]
    links = tuple(int(link) for link in scene.figures.links[[number]].indices)
    build = _build_row(scene, builds)
    crossing = flows[flows["partner"] | flows["inner"]]
    positions = tuple(int(flow) for flow in members)
    marginal = _marginal(scene, positions, builds, links)
    return Part(
        number=number,
        flows=positions,
        builds=builds,
        links=links,
        crossing=crossing,
        build=build,
        enterprises=_partners(crossing, str(build["owner"]) if build else ""),
        marginal=marginal,
        needed=marginal is None and scene.context.without is not None,
    )


def _gains(scene: Scene, parts: Sequence[Part]) -> NDArray[np.float64] | None:
    """Return the gains, losses of what the plan cannot spare borne by partners."""
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


def _members(scene: Scene) -> list[NDArray[np.int64]]:
    """Return the positions of the flows of each proposal, rising."""
    first, second = scene.bundles.of_flows(scene.now.flows)
    owner = np.concatenate([first, second])
    flow = np.concatenate([np.arange(len(first))] * 2)
    order = np.lexsort((flow, owner))
    owner, flow = owner[order], flow[order]
    bounds = np.searchsorted(owner, np.arange(len(scene.bundles.ids) + 1))
    return [flow[start:end] for start, end in pairwise(bounds)]


def _proposal(scene: Scene, part: Part, gain: float | None) -> Proposal:
    """Return one proposal."""
    number, flows = part.number, scene.now.flows.iloc[list(part.flows)]
    goods = scene.dataset["commodities"]
    right = flows["commodity"].isin(goods.loc[goods["phase"] == "right", "commodity"]).all()
    periods = len(scene.dataset["periods"])
    story = Story(flows, part.build, opened=bool(part.links), right=bool(right), periods=periods)
    host = str(part.build["owner"]) if part.build else ""
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


def _build_row(scene: Scene, builds: tuple[int, ...]) -> dict[str, Any] | None:
    """Return process, site, capacity and owner of the build of a proposal."""
    if not builds:
        return None
    row = scene.now.builds.iloc[builds[0]]
    sites = scene.dataset["sites"].set_index("site")["enterprise"]
    owner = str(sites[row["site"]]) or f"@{row['site']}"
    return {
        "process": str(row["process"]),
        "site": str(row["site"]),
        "capacity": float(row["capacity"]),
        "owner": owner,
    }


def _partners(crossing: pd.DataFrame, host: str) -> tuple[str, ...]:
    """Return the enterprises at the ends: the host first, then who gives and who takes, by id."""
    givers, takers = sorted(set(crossing["from_owner"])), sorted(set(crossing["to_owner"]))
    return tuple(name for name in dict.fromkeys([host, *givers, *takers]) if name and not name.startswith("@"))


def _goods(crossing: pd.DataFrame, flows: pd.DataFrame) -> tuple[str, ...]:
    """Return the commodities: those exchanged first, each part by falling worth, then id."""
    found: dict[str, None] = {}
    for part in (crossing, flows):
        worth = part["worth"].groupby(part["commodity"].astype(str)).sum().sort_index()
        found |= dict.fromkeys(str(name) for name in worth.sort_values(ascending=False, kind="stable").index)
    return tuple(found)


def _terms(crossing: pd.DataFrame) -> tuple[Term, ...]:
    """Return who delivers what to whom in a year, by falling worth."""
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
    """Return what the plan loses without a proposal, the other builds and links held."""
    if scene.context.without is None:
        return None
    value = scene.context.without(flows, builds, links)
    return None if value is None else scene.plan.value - value


def _own(scene: Scene, part: Part, enterprise: str) -> float | None:
    """Return what an enterprise would lose at its own accounts without a proposal."""
    ask = scene.context.own
    return None if ask is None else ask(enterprise, part.flows, part.builds, part.links)


def _payback(capex: float, gain: float | None, annual: float) -> float | None:
    """Return the years in which what it earns before annuities pays the capex."""
    if gain is None:
        return None
    if capex <= 0:
        return 0.0
    return capex / (gain + annual) if gain + annual > 0 else None


def _notes(
    scene: Scene, flows: pd.DataFrame, build: dict[str, Any] | None, enterprises: tuple[str, ...]
) -> Iterator[Mapping[str, Any]]:
    """Yield what has to be known beside the figures."""
    if build:
        yield from build_notes(scene.dataset, build["process"], build["capacity"])
    moved = flows[flows["from_site"] != flows["to_site"]]
    yield from hazard_notes(scene.dataset, scene.names, sorted(set(moved["commodity"])))
    yield from quality_notes(scene.blends, scene.names, flows)
    yield from start_notes(scene.dataset, scene.names, flows)
    yield from evidence_notes(scene.dataset, scene.names, enterprises)
    if scene.figures.gain is not None:
        yield from aims_notes(scene.dataset)
