"""Proposals of a plan: group flows, builds and links, attribute the gain, and describe each group."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy import sparse

from synergy.dataset.sheet import Dataset
from synergy.network.places import Bools, Floats, Ints
from synergy.plan import Decisions, Kind, Plan, Proposal, Term
from synergy.proposals.bundles import (
    NONE,
    PAIR,
    SAME,
    Booked,
    Bundles,
    Changes,
    booked,
    build_names,
    bundle,
    changes,
    marked,
    side_by_side,
)
from synergy.proposals.description import Build, ProposalPart, Scene, blends, notes, title
from synergy.proposals.gains import Attribution, borne, figures, line_values
from synergy.proposals.names import PUBLIC, names, owners
from synergy.texts import LANGUAGES

NOBODY = -1
INLET = ["inlet_kind", "inlet_id", "commodity"]
ORDER = (Kind.EXTENSION, Kind.SUPPLEMENT, Kind.REINFORCEMENT, Kind.REALLOCATION)  # also which wins a tie


Without = Callable[[Sequence[int], Sequence[int], Sequence[int]], float | None]
Own = Callable[[str, Sequence[int], Sequence[int], Sequence[int]], float | None]


@dataclass(frozen=True, slots=True)
class Context:
    """Reference plans and counterfactual values that the proposals are measured against.

    Parameters
    ----------
    standalone : mapping of str to Decisions
        Each enterprise's plan alone; empty where none was asked for (gains are then unknown).
    today : Decisions or None
        The plan behind `today`; where there is none, the plans alone stand for it.
    without : callable or None
        Value of the best plan without some flows, builds and links (positions in the plan's frames), the other builds
        and links held; None where there is no such plan. No callable: marginal gains are unknown.
    own : callable or None
        Loss in an enterprise's own accounts without some flows, builds and links, all its other decisions fixed, before
        transfers; None where it has no feasible plan without them. No callable: own values are unknown.
    """

    standalone: Mapping[str, Decisions] = field(default_factory=dict)
    today: Decisions | None = None
    without: Without | None = None
    own: Own | None = None


def propose(dataset: Dataset, plan: Plan, context: Context) -> tuple[tuple[Proposal, ...], float | None]:
    """Return the proposals of a plan, by gain, and the remainder of the gain that no proposal carries.

    A build with its suppliers, host and buyers is one proposal; direct exchanges are one a pair of owners and commodity
    (see `synergy.proposals.bundles`). The gain of a proposal is the change of value, against the enterprises' plans
    alone, of

    - its own flows, runs, builds and links, and
    - every other flow, run and level that changes because of it, found by following the changed quantities from
      balance to balance until a proposal is reached (see `synergy.proposals.gains.walk`).

    A flow between two builds counts half for each; annuities of a link are borne by quantity sent over it. What reaches
    no proposal is the remainder, so that gains and remainder sum to the plan's gain. A proposal that the plan needs
    carries no loss while its partners gain from others (`synergy.proposals.gains.borne`).

    Parameters
    ----------
    dataset : Dataset
        The tables with the settings in force.
    plan : Plan
        Only its `value` and `gain` are used, not its `proposals`.
    context : Context
        Reference plans.

    Returns
    -------
    proposals : tuple of Proposal
        By falling gain, then id. `co2_saved` is against `today` where that is known, else against the plans alone; its
        sum and what changes outside proposals make up the whole change. `payback_years` is capex over gain plus
        annuities, None where these are not positive or unknown.
    remainder : float or None
        The plan's gain less the proposals' gains; None where the gain is unknown.
    """
    owner = owners(dataset)
    now = booked(dataset, plan.decisions, owner)
    lone = None if plan.gain is None else side_by_side(tuple(context.standalone.values()), plan.decisions)
    alone = None if lone is None else booked(dataset, lone, owner)
    today = None if context.today is None else booked(dataset, context.today, owner)
    bundles = bundle(now, alone)
    against = Attribution(dataset, owner, alone, today)
    numbers = figures(now, bundles, against)
    opened = np.diff(numbers.links.indptr) > 0
    scene = Scene(
        dataset=dataset,
        plan=plan,
        now=now,
        bundles=bundles,
        figures=numbers,
        own=_own_parts(now, bundles, against),
        blends=blends(dataset, now.flows),
        kinds=_kinds(dataset, bundles, now.flows, _before(today or alone), opened),
        states=_states(dataset, bundles, now.flows, owner),
        names={lang: names(dataset, lang) for lang in LANGUAGES},
    )
    parts = _parts(scene, context.without)
    gains = None if numbers.gain is None else _gains(numbers.gain, parts)
    told = [_proposal(scene, context, part, None if gains is None else float(gains[part.number])) for part in parts]
    told.sort(key=lambda one: (-(one.gain or 0.0), one.id))
    remainder = None if plan.gain is None else plan.gain - math.fsum(one.gain or 0.0 for one in told)
    return tuple(told), remainder


def _parts(scene: Scene, without: Without | None) -> list[ProposalPart]:
    """Return the lines, partners and marginal gain of each proposal."""
    rows = {name: row for row, name in enumerate(build_names(scene.now.builds))}
    owner, parts = owners(scene.dataset), []
    for number, (ident, members) in enumerate(zip(scene.bundles.ids, _members(scene), strict=True)):
        lines = scene.now.flows.iloc[members]
        crossing = lines[lines["partner"] | lines["inner"]]
        kind, _, name = ident.partition(":")
        builds = (rows[name],) if kind == "build" else ()
        build = None
        if builds:
            row = scene.now.builds.iloc[builds[0]]
            build = Build(str(row["process"]), str(row["site"]), float(row["capacity"]), str(owner[row["site"]]))
        ends = [build.owner if build else "", *sorted(set(crossing["from_owner"])), *sorted(set(crossing["to_owner"]))]
        flows = tuple(int(flow) for flow in members)
        links = tuple(int(link) for link in scene.figures.links[[number]].indices)
        value = None if without is None else without(flows, builds, links)
        part = ProposalPart(
            number=number,
            flows=flows,
            builds=builds,
            links=links,
            lines=lines,
            crossing=crossing,
            build=build,
            enterprises=tuple(name for name in dict.fromkeys(ends) if name and not name.startswith(PUBLIC)),
            marginal=None if value is None else scene.plan.value - value,
            needed=value is None and without is not None,
        )
        parts.append(part)
    return parts


def _members(scene: Scene) -> list[Ints]:
    """Return the positions of the flows of each proposal, ascending."""
    owner = np.concatenate(scene.bundles.of_flows(scene.now.flows))
    flow = np.tile(np.arange(len(scene.now.flows)), 2)
    order = np.lexsort((flow, owner))
    owner, flow = owner[order], flow[order]
    bounds = np.searchsorted(owner, np.arange(len(scene.bundles.ids) + 1))
    return [flow[start:end] for start, end in pairwise(bounds)]


def _gains(gain: Floats, parts: Sequence[ProposalPart]) -> Floats:
    """Return the gains of the proposals, with the losses of needed proposals borne by their partners."""
    firms = {name: place for place, name in enumerate(sorted({name for part in parts for name in part.enterprises}))}
    row = [part.number for part in parts for _ in part.enterprises]
    column = [firms[name] for part in parts for name in part.enterprises]
    partners = sparse.csr_matrix((np.ones(len(row)), (row, column)), shape=(len(parts), len(firms)))
    unknown = [np.inf if part.needed else np.nan for part in parts]
    marginal = [other if part.marginal is None else part.marginal for part, other in zip(parts, unknown, strict=True)]
    return borne(gain, np.array(marginal), partners)


def _proposal(scene: Scene, context: Context, part: ProposalPart, gain: float | None) -> Proposal:
    """Return one proposal."""
    number, crossing = part.number, part.crossing
    host = part.build.owner if part.build else ""
    sides = set(crossing["from_owner"]) | set(crossing["to_owner"]) | {host}
    capex, annual = float(scene.figures.capex[number]), float(scene.figures.annual[number])
    own: dict[str, dict[str, float | None]] = {}
    for name in part.enterprises if scene.own else ():
        lost = None if context.own is None else context.own(name, part.flows, part.builds, part.links)
        own[name] = {"value": lost, **scene.own[number][name]}
    return Proposal(
        id=scene.bundles.ids[number],
        kind=scene.kinds[number],
        state=scene.states[number],
        scope="between" if len(sides - {""}) > 1 else "within",
        title_en=title(scene, part, "en"),
        title_zh=title(scene, part, "zh"),
        enterprises=part.enterprises,
        host=host.removeprefix(PUBLIC),
        commodities=_goods(crossing, part.lines),
        flows=part.flows,
        builds=part.builds,
        links=part.links,
        gain=gain,
        marginal_gain=part.marginal,
        capex=capex,
        payback_years=None if gain is None else _payback(capex, gain + annual),
        co2_saved=float(scene.figures.co2[number]),
        terms=_terms(crossing),
        notes=tuple(notes(scene, part)),
        own=own,
    )


def _payback(capex: float, yearly: float) -> float | None:
    """Return the payback time in years: the capex over the yearly gain before annuities; None if that is not gained."""
    if capex <= 0:
        return 0.0
    return capex / yearly if yearly > 0 else None


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


def _states(dataset: Dataset, bundles: Bundles, flows: pd.DataFrame, owner: pd.Series) -> list[str]:
    """Return the state of each proposal: `new`, `changed` or `running`.

    A build is new. A pair of owners exchanges a commodity already where `deals` has a quantity of it between any of
    their sites; it goes on unchanged where the plan has the same quantity a year (within `SAME`), that into new builds
    included. `flows` have owners; `owner` is by site.
    """
    deals = dataset["deals"]
    deals = deals.assign(from_owner=deals["from_site"].map(owner), to_owner=deals["to_site"].map(owner))
    moved = flows[flows["from_site"] != flows["to_site"]]
    now = moved.groupby(PAIR)["quantity"].sum().reindex(bundles.pairs.index).fillna(0.0).to_numpy(dtype=float)
    then = deals.groupby(PAIR)["quantity"].sum().reindex(bundles.pairs.index).fillna(0.0).to_numpy(dtype=float)
    said = pd.Series("changed", index=range(len(now)), dtype=object)
    said[abs(now - then) <= SAME * then] = "running"
    said[then <= 0.0] = "new"
    return ["new"] * len(bundles.builds) + list(said)


def _own_parts(now: Booked, bundles: Bundles, against: Attribution) -> Sequence[Mapping[str, Mapping[str, float]]]:
    """Return the CO2, capex and annuity of each enterprise in each proposal; empty without the plans alone.

    Each is ``{enterprise: {co2, capex, annual}}`` with all enterprises: co2 in t a year emitted more than alone, the
    change of each line at its taker followed to the proposals as the gain is; capex and its annuity of builds on the
    enterprise's sites and of the links that lead to it.
    """
    if against.alone is None:
        return ()
    changed = changes(now, against.alone)
    firms = sorted({str(name) for name in against.owner.unique() if not str(name).startswith(PUBLIC)})
    owner = _line_owners(changed, against, firms)
    known = np.flatnonzero(owner != NOBODY)
    shape = (len(owner), len(firms))
    emitted = sparse.csc_matrix((line_values(changed, "co2")[known], (known, owner[known])), shape=shape)
    figures = {"co2": against.path(changed, bundles).attribute(emitted)}
    figures |= {name: _spent(now, bundles, against.owner, (firms, name)) for name in ("capex", "annual")}
    return [
        {
            firm: {name: float(figure[number, place]) for name, figure in figures.items()}
            for place, firm in enumerate(firms)
        }
        for number in range(len(bundles.ids))
    ]


def _line_owners(changed: Changes, against: Attribution, firms: Sequence[str]) -> Ints:
    """Return the enterprise that each line belongs to: a flow to its receiver, or its sender if that is public."""
    number = {name: place for place, name in enumerate(firms)}

    def place(sites: pd.Series) -> Ints:
        return np.asarray(sites.map(against.owner).map(number).fillna(NOBODY), dtype=np.int64)

    flows = marked(changed.flows, against.owner)
    gives, takes = place(flows["from_site"]), place(flows["to_site"])
    dataset = against.dataset
    standing = dataset["facilities"].set_index("facility")["site"]
    held = dataset["stores"].set_index("store")["site"]
    runs = changed.runs["id"].astype(str)
    built = runs.str.partition("@")[2] if len(runs) else runs
    run_sites = changed.runs["id"].map(standing).where(changed.runs["kind"] == "facility", built)
    levels = place(changed.levels["store"].map(held))
    flown = np.where(takes == NOBODY, gives, takes)
    return np.asarray(np.hstack([flown, place(run_sites), levels]), dtype=np.int64)


def _spent(now: Booked, bundles: Bundles, owner: pd.Series, what: tuple[Sequence[str], str]) -> Floats:
    """Return the capex or annuity of each enterprise in each proposal, shape (proposals, enterprises)."""
    firms, column = what
    number = {name: place for place, name in enumerate(firms)}
    total = np.zeros((len(bundles.ids), len(firms)))
    proposal = build_names(now.builds).map(bundles.builds)
    host = now.builds["site"].map(owner).map(number)
    known = (proposal.notna() & host.notna()).to_numpy()
    places = (proposal.to_numpy(float)[known].astype(np.int64), host.to_numpy(float)[known].astype(np.int64))
    np.add.at(total, places, now.builds[column].to_numpy(dtype=float)[known])
    ends = [now.links[name].map(owner).map(number).to_numpy(dtype=float) for name in ("to_site", "from_site")]
    payer = np.where(np.isnan(ends[0]), ends[1], ends[0])
    paid = np.flatnonzero(~np.isnan(payer))
    by_owner = sparse.csr_matrix(
        (now.links[column].to_numpy(dtype=float)[paid], (paid, payer[paid].astype(np.int64))),
        shape=(len(payer), len(firms)),
    )
    return np.asarray(total + (bundles.link_shares(now.flows, now.links) @ by_owner).toarray())


@dataclass(frozen=True, slots=True)
class Before:
    """Reference state before the plan: facilities in operation and the suppliers of each inlet.

    Where nothing is `known` of it, existing facilities count as used. `supply` is by `INLET`: `bought` (units a year
    from a market), `sources` (how many outlets other than markets), `source` (one of them, as ``kind:id``).
    """

    known: bool
    running: frozenset[str]
    supply: pd.DataFrame


def _before(plan: Booked | None) -> Before:
    """Return the reference state of a plan; an unknown state without one."""
    if plan is None:
        supply = pd.DataFrame({"bought": [], "sources": [], "source": []})
        supply.index = pd.MultiIndex.from_arrays([[], [], []], names=INLET)
        return Before(known=False, running=frozenset(), supply=supply)
    flows, runs = plan.flows, plan.runs
    market = flows["outlet_kind"] == "market"
    given = flows.assign(bought=flows["quantity"].where(market, 0.0), source=_outlets(flows).where(~market))
    supply = given.groupby(INLET)[["bought", "source"]].agg({"bought": "sum", "source": ["nunique", "min"]})
    supply.columns = pd.Index(["bought", "sources", "source"])
    active = runs[(runs["kind"] == "facility") & (runs["activity"] > 0)]
    return Before(known=True, running=frozenset(active["id"]), supply=supply)


def _outlets(flows: pd.DataFrame) -> pd.Series:
    """Return the outlet of each flow as ``kind:id``."""
    return flows["outlet_kind"].astype(str) + ":" + flows["outlet_id"].astype(str)


def _kinds(dataset: Dataset, bundles: Bundles, flows: pd.DataFrame, was: Before, opened: Bools) -> list[Kind]:
    """Return the kind of each proposal.

    `flows` have owners and `worth` (quantity times yardstick price); `opened`, shape (proposals,), flags proposals that
    open a link.

    Notes
    -----
    A build is an extension while half or more of what its products are worth leaves the region or feeds further
    builds; else a supplement where most of the rest was bought from a market, a reinforcement where its takers had
    one supplier and keep it, an extension otherwise. A direct exchange of a right is a reallocation; otherwise an
    unused facility that takes makes it an extension, an unused one that gives to who bought outside a supplement, a
    second supplier or a new link of the only one a reinforcement, and all else a reallocation. Where flows of one
    proposal differ, the kind worth most counts.
    """
    first, _ = bundles.of_flows(flows)
    said = _facts(dataset, flows, was)
    count, built = len(bundles.ids), len(bundles.builds)
    deals = (first >= built) & (first != NONE)
    opens = opened[np.clip(first, 0, None)] if count else np.zeros(len(flows), dtype=bool)
    signs = (
        said["right"],
        said["idle_inlet"],
        said["idle_outlet"] & said["bought"],
        said["second"] | (said["only"] & opens),
    )
    code = np.select([sign.to_numpy(dtype=bool) for sign in signs], [3, 0, 1, 2], 3)  # as positions in `ORDER`
    score = np.zeros((count, len(ORDER)))
    np.add.at(score, (first[deals], code[deals]), said["worth"].to_numpy(dtype=float)[deals] + 1e-12)
    _score_builds(score, bundles.makers(flows), said)
    score[:built, 0] += 1e-12
    return [ORDER[best] for best in score.argmax(axis=1)] if count else []


def _facts(dataset: Dataset, flows: pd.DataFrame, was: Before) -> pd.DataFrame:
    """Return the flows with the reference state of both ends."""
    phase = flows["commodity"].map(dataset["commodities"].set_index("commodity")["phase"])
    supply = was.supply.reindex(pd.MultiIndex.from_frame(flows[INLET]))
    giver = _outlets(flows)
    source = supply["source"].to_numpy(dtype=object)
    served = pd.MultiIndex.from_frame(flows[INLET].assign(source=giver))
    kept = pd.MultiIndex.from_frame(flows[INLET].assign(source=source)).isin(served)
    single = supply["sources"].fillna(0).to_numpy(dtype=float) == 1
    still = {
        end: (flows[f"{end}_kind"] == "facility") & ~flows[f"{end}_id"].isin(list(was.running)) & was.known
        for end in ("outlet", "inlet")
    }
    return flows.assign(
        right=(phase == "right").to_numpy(),
        bought=supply["bought"].fillna(0.0).to_numpy(dtype=float) > 0,
        idle_outlet=still["outlet"],
        idle_inlet=still["inlet"],
        second=single & kept & (source != giver.to_numpy(dtype=object)) & (flows["from_owner"] != flows["to_owner"]),
        only=single & (source == giver.to_numpy(dtype=object)),
    )


def _score_builds(score: Floats, maker: Ints, said: pd.DataFrame) -> None:
    """Add the worth of each build's products to the score of the kind that they indicate."""
    worth = said["worth"].to_numpy(dtype=float)
    away = said["inlet_kind"].isin(["market", "disposal", "build"]).to_numpy()
    inside = np.select([said["bought"].to_numpy(dtype=bool), said["second"].to_numpy(dtype=bool)], [1, 2], 0)
    made = maker != NONE
    score_inside = np.zeros_like(score)
    np.add.at(score_inside, (maker[made & ~away], inside[made & ~away]), worth[made & ~away])
    left = np.zeros(len(score))
    np.add.at(left, maker[made & away], worth[made & away])
    stays = score_inside.sum(axis=1) > left  # most of it is used inside: what it replaces there decides
    score[stays] += score_inside[stays]
    score[~stays, 0] += left[~stays]
