"""Proposals of a plan: group flows, builds and links, attribute the gain, and describe each group."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields

import numpy as np
import pandas as pd
from scipy import sparse

from synergy.dataset.sheet import Dataset
from synergy.network.places import Bools
from synergy.plan import Decisions, Kind, Plan, Proposal, Term
from synergy.proposals.bundles import NONE, PAIR, SAME, Booked, Bundles, booked, bundle
from synergy.proposals.description import Build, ProposalPart, Scene, blends, build_title, deal_title, notes
from synergy.proposals.gains import Figures, Walk, borne, figures, walk
from synergy.proposals.names import PUBLIC, names, owners
from synergy.texts import LANGUAGES

NOBODY = -1
INLET = ["inlet_kind", "inlet_id", "commodity"]
FACTS = ("right", "bought", "idle_outlet", "idle_inlet", "second", "only")  # of flows, see `_facts`
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

    Returns
    -------
    proposals : tuple of Proposal
        By falling gain, then id. `co2_saved` is against `today` where that is known, else against the plans alone.
        `payback_years` is capex over gain plus annuities, None where these are not positive or unknown.
    remainder : float or None
        The plan's gain less the proposals' gains; None where the gain is unknown.
    """
    owner = owners(dataset)
    now = booked(dataset, plan.decisions, owner)
    today = None if context.today is None else booked(dataset, context.today, owner)
    alone = None
    if plan.gain is not None:  # the plans alone, side by side
        stacked: dict[str, pd.DataFrame] = {}
        for name in (column.name for column in fields(Decisions)):
            empty = getattr(plan.decisions, name).iloc[:0]
            frames = [*(getattr(one, name) for one in context.standalone.values()), empty]
            stacked[name] = pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)
        alone = booked(dataset, Decisions(**stacked), owner)
    bundles = bundle(now, alone)
    gained = None if alone is None else walk(dataset, bundles, owner, now, alone)
    saved = gained if today is None else walk(dataset, bundles, owner, now, today)
    numbers = figures(now, bundles, gained, saved)
    scene = Scene(
        dataset=dataset,
        plan=plan,
        now=now,
        bundles=bundles,
        figures=numbers,
        own=() if gained is None else _own_parts(dataset, now, bundles, numbers, gained),
        blends=blends(dataset, now.flows),
        kinds=_kinds(bundles, _facts(dataset, now.flows, today or alone), numbers),
        states=_states(dataset, bundles, now.flows, owner),
        names={lang: names(dataset, lang) for lang in LANGUAGES},
    )
    parts = _parts(scene, owner, context.without)
    gains: list[float | None] = [None] * len(parts)
    if numbers.gain is not None:
        marginal = [np.inf if one.needed else np.nan if one.marginal is None else one.marginal for one in parts]
        gains = borne(numbers.gain, np.array(marginal), [one.enterprises for one in parts]).tolist()
    told = [_proposal(scene, context, part, gain) for part, gain in zip(parts, gains, strict=True)]
    told.sort(key=lambda one: (-(one.gain or 0.0), one.id))
    remainder = None if plan.gain is None else plan.gain - math.fsum(one.gain or 0.0 for one in told)
    return tuple(told), remainder


def _parts(scene: Scene, owner: pd.Series, without: Without | None) -> list[ProposalPart]:
    """Return the lines, partners and marginal gain of each proposal; `owner` is by site."""
    rows = {name: row for row, name in enumerate(scene.now.builds["id"])}
    parts = []
    for number, ident in enumerate(scene.bundles.ids):
        flows, links = (
            tuple(shares.indices[shares.indptr[number] : shares.indptr[number + 1]].tolist())
            for shares in (scene.figures.flows, scene.figures.links)
        )
        lines = scene.now.flows.iloc[list(flows)]
        crossing = lines[lines["partner"] | lines["inner"]]
        kind, _, name = ident.partition(":")
        builds = (rows[name],) if kind == "build" else ()
        build = None
        if builds:
            row = scene.now.builds.iloc[builds[0]]
            build = Build(str(row["process"]), str(row["site"]), float(row["capacity"]), str(owner[row["site"]]))
        ends = [build.owner if build else "", *sorted(set(crossing["from_owner"])), *sorted(set(crossing["to_owner"]))]
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


def _proposal(scene: Scene, context: Context, part: ProposalPart, gain: float | None) -> Proposal:
    """Return one proposal."""
    number, crossing, build = part.number, part.crossing, part.build
    host = build.owner if build else ""
    sides = set(crossing["from_owner"]) | set(crossing["to_owner"]) | {host}
    capex, annual = float(scene.figures.capex[number]), float(scene.figures.annual[number])
    payback = None
    if gain is not None and capex <= 0:
        payback = 0.0
    elif gain is not None and gain + annual > 0:  # the yearly gain before annuities
        payback = capex / (gain + annual)
    commodities: dict[str, None] = {}  # those exchanged first, each group by falling worth, then id
    for lines in (crossing, part.lines):
        worth = lines["worth"].groupby(lines["commodity"].astype(str)).sum().sort_index()
        commodities |= dict.fromkeys(str(name) for name in worth.sort_values(ascending=False, kind="stable").index)
    own: dict[str, dict[str, float | None]] = {}
    for name in part.enterprises if scene.own else ():
        lost = None if context.own is None else context.own(name, part.flows, part.builds, part.links)
        own[name] = {"value": lost, **scene.own[number][name]}
    title = {
        lang: build_title(part.lines, build, called) if build else deal_title(scene, part, called)
        for lang, called in scene.names.items()
    }
    return Proposal(
        id=scene.bundles.ids[number],
        kind=scene.kinds[number],
        state=scene.states[number],
        scope="between" if len(sides - {""}) > 1 else "within",
        title_en=title["en"],
        title_zh=title["zh"],
        enterprises=part.enterprises,
        host=host.removeprefix(PUBLIC),
        commodities=tuple(commodities),
        flows=part.flows,
        builds=part.builds,
        links=part.links,
        gain=gain,
        marginal_gain=part.marginal,
        capex=capex,
        payback_years=payback,
        co2_saved=float(scene.figures.co2[number]),
        terms=_terms(crossing),
        notes=tuple(notes(scene, part)),
        own=own,
    )


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


def _own_parts(
    dataset: Dataset, now: Booked, bundles: Bundles, numbers: Figures, gained: Walk
) -> Sequence[Mapping[str, Mapping[str, float]]]:
    """Return the CO2, capex and annuity of each enterprise in each proposal.

    Each is ``{enterprise: {co2, capex, annual}}`` with all enterprises: co2 in t a year emitted more than alone, the
    change of each line at its taker followed to the proposals as the gain is (`gained`); capex and its annuity of
    builds on the enterprise's sites and of the links that lead to it.
    """
    owner, count = owners(dataset), len(bundles.ids)
    firms = sorted({str(name) for name in owner.unique() if not str(name).startswith(PUBLIC)})
    number = owner.map({name: place for place, name in enumerate(firms)})  # of the enterprise, by site
    # a flow belongs to its receiver, or its sender if that is public; runs and levels to whose site they are at
    changed, runs = gained.changed, gained.changed.runs
    standing, held = (
        dataset[table].set_index(key)["site"] for table, key in (("facilities", "facility"), ("stores", "store"))
    )
    built = runs["id"].astype(str).str.replace("^[^@]*@?", "", regex=True)
    at = runs["id"].map(standing).where(runs["kind"] == "facility", built)
    sites = (changed.flows["to_site"], changed.flows["from_site"], at, changed.levels["store"].map(held))
    takes, gives, *rest = (np.asarray(one.map(number).fillna(NOBODY), dtype=np.int64) for one in sites)
    line = np.concatenate([np.where(takes == NOBODY, gives, takes), *rest])
    known = np.flatnonzero(line != NOBODY)
    emitted = sparse.csc_matrix((changed.co2[known], (known, line[known])), shape=(len(line), len(firms)))
    told = {"co2": gained.attribute(emitted)}
    build = pd.DataFrame({"proposal": now.builds["id"].map(bundles.builds), "host": now.builds["site"].map(number)})
    hosted = build.notna().all(axis=1).to_numpy()
    row, column = (build[name].to_numpy(dtype=float)[hosted].astype(np.int64) for name in ("proposal", "host"))
    ends = [now.links[name].map(number).to_numpy(dtype=float) for name in ("to_site", "from_site")]
    payer = np.where(np.isnan(ends[0]), ends[1], ends[0])
    paid = np.flatnonzero(~np.isnan(payer))
    position, shape = (paid, payer[paid].astype(np.int64)), (len(payer), len(firms))
    for name in ("capex", "annual"):
        total = np.zeros((count, len(firms)))
        np.add.at(total, (row, column), now.builds[name].to_numpy(dtype=float)[hosted])
        laid = sparse.csr_matrix((now.links[name].to_numpy(dtype=float)[paid], position), shape=shape)
        told[name] = np.asarray(total + (numbers.links @ laid).toarray())
    return [
        {firm: {name: float(figure[row, place]) for name, figure in told.items()} for place, firm in enumerate(firms)}
        for row in range(count)
    ]


def _facts(dataset: Dataset, flows: pd.DataFrame, was: Booked | None) -> pd.DataFrame:
    """Return the flows with the state of both ends in a reference plan.

    Adds `right` (a flow of a right), `bought` (its inlet bought from a market), `idle_outlet` and `idle_inlet`
    (facilities out of operation), `second` (its inlet had one other supplier, and keeps it) and `only` (its inlet had
    this supplier only). Without a reference plan nothing was bought or idle.
    """
    before = flows.iloc[:0] if was is None else was.flows
    giver, earlier = (
        frame["outlet_kind"].astype(str) + ":" + frame["outlet_id"].astype(str) for frame in (flows, before)
    )
    market = before["outlet_kind"] == "market"
    given = before.assign(bought=before["quantity"].where(market, 0.0), source=earlier.where(~market))
    supply = given.groupby(INLET)[["bought", "source"]].agg({"bought": "sum", "source": ["nunique", "min"]})
    supply.columns = pd.Index(["bought", "sources", "source"])
    supply = supply.reindex(pd.MultiIndex.from_frame(flows[INLET]))
    source = supply["source"].to_numpy(dtype=object)
    served = pd.MultiIndex.from_frame(flows[INLET].assign(source=giver))
    kept = pd.MultiIndex.from_frame(flows[INLET].assign(source=source)).isin(served)
    single = supply["sources"].fillna(0).to_numpy(dtype=float) == 1
    other = source != giver.to_numpy(dtype=object)
    still = {f"idle_{end}": pd.Series(False, index=flows.index) for end in ("outlet", "inlet")}
    if was is not None:
        running = was.runs.loc[(was.runs["kind"] == "facility") & (was.runs["activity"] > 0), "id"].unique()
        for end in ("outlet", "inlet"):
            still[f"idle_{end}"] = (flows[f"{end}_kind"] == "facility") & ~flows[f"{end}_id"].isin(running)
    return flows.assign(
        right=(flows["commodity"].map(dataset["commodities"].set_index("commodity")["phase"]) == "right").to_numpy(),
        bought=supply["bought"].fillna(0.0).to_numpy(dtype=float) > 0,
        second=single & kept & other & (flows["from_owner"] != flows["to_owner"]),
        only=single & ~other,
        **still,
    )


def _kinds(bundles: Bundles, said: pd.DataFrame, numbers: Figures) -> list[Kind]:
    """Return the kind of each proposal; `said` are the flows with `_facts` and `worth` (quantity by yardstick price).

    Notes
    -----
    A build is an extension while half or more of what its products are worth leaves the region or feeds further
    builds; else a supplement where most of the rest was bought from a market, a reinforcement where its takers had
    one supplier and keep it, an extension otherwise. A direct exchange of a right is a reallocation; otherwise an
    unused facility that takes makes it an extension, an unused one that gives to who bought outside a supplement, a
    second supplier or a new link of the only one a reinforcement, and all else a reallocation. Where flows of one
    proposal differ, the kind worth most counts.
    """
    count, built = len(bundles.ids), len(bundles.builds)
    if not count:
        return []
    fact = {name: said[name].to_numpy(dtype=bool) for name in FACTS}
    worth, score = said["worth"].to_numpy(dtype=float), np.zeros((count, len(ORDER)))
    # direct exchanges: each flow counts for what it shows; codes are positions in `ORDER`
    deals = numbers.flows[built:].tocoo()
    number, flow = built + deals.row, deals.col
    opens: Bools = np.zeros(len(said), dtype=bool)
    opens[flow] = (np.diff(numbers.links.indptr) > 0)[number]
    supplied = fact["idle_outlet"] & fact["bought"]
    signs = [fact["right"], fact["idle_inlet"], supplied, fact["second"] | (fact["only"] & opens)]
    code = np.select(signs, [3, 0, 1, 2], 3)
    np.add.at(score, (number, code[flow]), worth[flow] + 1e-12)
    # builds: by what their products leave for, or what they replace inside where most of the worth is used there
    maker = said["outlet_id"].map(bundles.builds).where(said["outlet_kind"] == "build").fillna(NONE).to_numpy(np.int64)
    away = said["inlet_kind"].isin(["market", "disposal", "build"]).to_numpy()
    inside = np.select([fact["bought"], fact["second"]], [1, 2], 0)
    stay, leave = (maker != NONE) & ~away, (maker != NONE) & away
    used, left = np.zeros_like(score), np.zeros(count)
    np.add.at(used, (maker[stay], inside[stay]), worth[stay])
    np.add.at(left, maker[leave], worth[leave])
    stays = used.sum(axis=1) > left
    score[stays] += used[stays]
    score[~stays, 0] += left[~stays]
    score[:built, 0] += 1e-12
    return [ORDER[best] for best in score.argmax(axis=1)]
