"""Group flows, builds and links into proposals: a build with its partners, or one pair and commodity."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import sparse

from synergy.accounts.facts import link_facts
from synergy.accounts.ledger import ledger
from synergy.dataset.sheet import Dataset
from synergy.network.places import Floats
from synergy.plan import Decisions
from synergy.proposals.names import PUBLIC

OUTSIDE = ("market", "disposal")
LEAST = 1e-3  # part of the median yardstick that even a worthless commodity weighs
SAME = 0.01  # amounts that differ by less than this part are the same
PAIR = ["from_owner", "to_owner", "commodity"]
LINK = ["from_site", "to_site", "commodity", "mode"]
NONE = -1
# key and amounts of the lines of a plan
LINES: dict[str, tuple[list[str], list[str]]] = {
    "flows": ([*LINK, "period", "outlet_kind", "outlet_id", "inlet_kind", "inlet_id"], ["quantity", "arrived"]),
    "runs": (["kind", "id", "period"], ["activity"]),
    "levels": (["store", "period"], ["level"]),
}


def yardsticks(dataset: Dataset) -> pd.Series:
    """Return a positive reference price (money per unit) of each commodity.

    The median price of it in markets, needs and deals; where no price is stated, its disposal cost, else the value of
    its energy, else of its mass, at the median of the priced commodities; else the median yardstick of all.
    """
    said = pd.concat([dataset[table][["commodity", "price"]] for table in ("markets", "needs", "deals")])
    said = said[said["price"].abs() > 0]
    known = said["price"].abs().groupby(said["commodity"]).median()
    goods = dataset["commodities"].set_index("commodity")
    price = known.reindex(goods.index)
    price = price.fillna(goods["disposal_cost"].where(goods["disposal_cost"] > 0))
    for content in ("energy_gj", "mass_t"):
        amount = goods[content].where(goods[content] > 0)
        price = price.fillna(amount * (price / amount).median())
    middle = float(price.median())
    middle = 1.0 if math.isnan(middle) else middle
    return price.fillna(middle).clip(lower=LEAST * middle).astype(float)


def marked(flows: pd.DataFrame, owner: pd.Series) -> pd.DataFrame:
    """Return a copy of flows with the owners of both ends and whether each is an exchange that can be proposed.

    Adds `from_owner`, `to_owner`; `partner` (between two enterprises), `inner` (between sites of one enterprise or with
    a public place, and neither a purchase nor a sale outside): either may be a proposal.
    """
    flows = flows.reset_index(drop=True)
    sender, taker = (flows[end].map(owner).to_numpy(dtype=object) for end in ("from_site", "to_site"))
    public_from, public_to = (
        pd.Series(end, dtype=str).str.startswith(PUBLIC).to_numpy(dtype=bool) for end in (sender, taker)
    )
    moves = (flows["from_site"] != flows["to_site"]).to_numpy()
    outside = (flows["outlet_kind"].isin(OUTSIDE) | flows["inlet_kind"].isin(OUTSIDE)).to_numpy()
    partner = moves & (sender != taker) & ~public_from & ~public_to
    inner = moves & ~partner & ~(public_from & public_to) & ~outside
    return flows.assign(from_owner=sender, to_owner=taker, partner=partner, inner=inner)


@dataclass(frozen=True, slots=True)
class Bundles:
    """Proposals of a plan as groups of lines, before they are described.

    `ids` are ``build:<process>@<site>`` and ``deal:<from>><to>:<commodity>``, builds first; `builds` and `pairs` give
    the number of the proposal by id of its build, and by `PAIR`.
    """

    ids: tuple[str, ...]
    builds: pd.Series
    pairs: pd.Series

    def shares(self, flows: pd.DataFrame) -> sparse.csr_matrix:
        """Return the share of each flow, marked by `marked`, in each proposal, shape (proposals, flows).

        A flow at a build belongs to the build's proposal, one between two builds half to each, any other exchange to
        its pair's.
        """
        giver, taker = (
            flows[f"{end}_id"].map(self.builds).where(flows[f"{end}_kind"] == "build").fillna(NONE).to_numpy(np.int64)
            for end in ("outlet", "inlet")
        )
        first = np.where(giver != NONE, giver, taker)
        second = np.where((giver != NONE) & (taker != giver), taker, NONE)
        if len(self.pairs):
            paired = (first == NONE) & (flows["partner"] | flows["inner"]).to_numpy(dtype=bool)
            keys = pd.MultiIndex.from_frame(flows[PAIR])
            first = np.where(paired, self.pairs.reindex(keys).fillna(NONE).to_numpy(dtype=np.int64), first)
        row, column = np.concatenate([first, second]), np.tile(np.arange(len(flows)), 2)
        part, owned = np.tile(np.where(second == NONE, 1.0, 0.5), 2), row != NONE
        shape = (len(self.ids), len(flows))
        return sparse.csr_matrix((part[owned], (row[owned], column[owned])), shape=shape)


def bundle(now: Booked, alone: Booked | None) -> Bundles:
    """Return the proposals of a plan; `alone` are the enterprises' plans alone, side by side, None where unknown.

    A build is one, unless it stays inside its owner's fence and its owner builds the same alone. Flows between two
    enterprises are one a pair and commodity, always; those between sites of one enterprise, or between one and a public
    place, where they exceed the flows without the others.
    """
    flows = now.flows
    other = replace(now, flows=flows.iloc[:0], builds=now.builds.iloc[:0]) if alone is None else alone
    size, lone = (
        side.builds["capacity"].astype(float).groupby(side.builds["id"].to_numpy(dtype=object), sort=True).sum()
        for side in (now, other)
    )
    same = (size - lone.reindex(size.index).fillna(0.0)).abs() <= SAME * size
    ends = {end: flows[f"{end}_kind"] == "build" for end in ("outlet", "inlet")}
    dealing = {name for end, built in ends.items() for name in flows.loc[flows["partner"] & built, f"{end}_id"]}
    builds = [name for name in size.index if name in dealing or not same[name]]
    numbers = pd.Series(np.arange(len(builds)), index=pd.Index(builds, dtype=object), dtype=np.int64)
    direct = flows[~np.any([built & flows[f"{end}_id"].isin(builds) for end, built in ends.items()], axis=0)]
    paired, then = (
        part[part["partner"] | part["inner"]].groupby(PAIR).agg({"quantity": "sum", "partner": "any"})
        for part in (direct, other.flows)
    )
    before = then["quantity"].reindex(paired.index).fillna(0.0)
    paired = paired[paired["partner"] | (paired["quantity"] > (1.0 + SAME) * before)]
    pairs = pd.Series(len(builds) + np.arange(len(paired)), index=paired.index, dtype=np.int64)
    ids = [f"build:{name}" for name in builds] + [f"deal:{a}>{b}:{c}" for a, b, c in paired.index]
    return Bundles(ids=tuple(ids), builds=numbers, pairs=pairs)


def holders(dataset: Dataset, kind: pd.Series, ident: pd.Series) -> pd.Series:
    """Return who holds the recipe, qualities and limits of some ends: the process of a unit, else the end itself.

    The process of a build is the part of its id before the @.
    """
    process = dataset["facilities"].set_index("facility")["process"]
    of_unit = ident.map(process).where(kind == "facility", ident.astype(str).str.split("@").str[0])
    return ident.where(~kind.isin(["facility", "build"]), of_unit)


@dataclass(frozen=True, slots=True)
class Changes:
    """Plan minus a reference plan, line by line.

    Each frame has the key of its lines (see `LINES`), the changes of its amounts (`quantity` and `arrived`, `activity`,
    `level`), and `size`, the sum of both sides' amounts; `value` and `co2` are the changes of all lines: flows, then
    runs, then levels.
    """

    flows: pd.DataFrame
    runs: pd.DataFrame
    levels: pd.DataFrame
    value: Floats
    co2: Floats


def changes(plan: Booked, other: Booked) -> Changes:
    """Return the difference between a plan and a reference plan, line by line; lines of the same key add up."""
    found: dict[str, pd.DataFrame] = {}
    for name, (key, amounts) in LINES.items():
        columns = [*amounts, "value", "co2"]
        plus, minus = (
            frame[[*key, *columns]].assign(size=frame[amounts[0]].abs())
            for frame in (getattr(plan, name), getattr(other, name))
        )
        minus[columns] = -minus[columns]
        both = pd.concat([side for side in (plus, minus) if len(side)] or [plus], ignore_index=True)
        found[name] = both.groupby(key, sort=False, as_index=False)[[*columns, "size"]].sum()
    value, co2 = (
        np.concatenate([frame[column].to_numpy(dtype=float) for frame in found.values()]) for column in ("value", "co2")
    )
    return Changes(**found, value=value, co2=co2)


@dataclass(frozen=True, slots=True)
class Booked:
    """Decisions with the value (money a year) and emissions (t CO2 a year) of every line.

    Parameters
    ----------
    flows : pandas.DataFrame
        The flows as `marked` returns them, with `value` (including their part of the links'
        annuities), `co2`, `km` and `worth` (quantity times yardstick price).
    runs : pandas.DataFrame
        The runs with `value` (including the annuity of their build) and `co2`; a build that never runs has one line of
        activity 0 in period "".
    levels : pandas.DataFrame
        The levels with `value` and `co2` (0).
    builds, links : pandas.DataFrame
        Those of the decisions with `capex` and `annual` as the tables say; builds with their `id`,
        ``<process>@<site>``.
    """

    flows: pd.DataFrame
    runs: pd.DataFrame
    levels: pd.DataFrame
    builds: pd.DataFrame
    links: pd.DataFrame


def booked(dataset: Dataset, decisions: Decisions, owner: pd.Series) -> Booked:
    """Return decisions (of all enterprises, one alone, or today) with the value and emissions of every line."""
    accounts = ledger(dataset, decisions)
    builds, links = (
        frame.reset_index(drop=True).assign(capex=told["capex"].to_numpy(), annual=told["annual"].to_numpy())
        for frame, told in ((decisions.builds, accounts.builds), (decisions.links, accounts.links))
    )
    builds = builds.assign(id=builds["process"].astype(str) + "@" + builds["site"].astype(str))
    flows = marked(decisions.flows, owner)
    laid = pd.Series(links["annual"].to_numpy(dtype=float), index=pd.MultiIndex.from_frame(links[LINK]))
    over = _spread(pd.MultiIndex.from_frame(flows[LINK]), flows["quantity"].to_numpy(dtype=float), laid)
    facts = link_facts(dataset, *[flows[name] for name in LINK])
    flows = flows.assign(
        value=accounts.flows["net"].to_numpy(dtype=float) - over,
        co2=accounts.flows["co2"].to_numpy(dtype=float),
        km=np.nan_to_num(facts.km),
        worth=flows["quantity"] * flows["commodity"].map(yardsticks(dataset)).astype(float),
    )
    runs = decisions.runs.reset_index(drop=True)
    annual = builds["annual"].astype(float).groupby(builds["id"].to_numpy(dtype=object), sort=False).sum()
    active = np.where(runs["kind"] == "build", runs["activity"].to_numpy(dtype=float), 0.0)
    borne = _spread(pd.Index(runs["id"], dtype=object), active, annual)
    runs = runs.assign(
        value=accounts.runs["net"].to_numpy(dtype=float) - borne, co2=accounts.runs["co2"].to_numpy(dtype=float)
    )
    idle = annual[~annual.index.isin(runs.loc[active > 0, "id"])]
    if len(idle):
        still = {
            "kind": "build",
            "id": idle.index,
            "period": "",
            "activity": 0.0,
            "value": -idle.to_numpy(),
            "co2": 0.0,
        }
        runs = pd.concat([frame for frame in (runs, pd.DataFrame(still)) if len(frame)], ignore_index=True)
    held = accounts.levels["net"].to_numpy(dtype=float)
    levels = decisions.levels.reset_index(drop=True).assign(value=held, co2=0.0)
    return Booked(flows=flows, runs=runs, levels=levels, builds=builds, links=links)


def _spread(keys: pd.Index, amounts: Floats, cost: pd.Series) -> Floats:
    """Return each line's share of the cost of its key, by amount; 0 for keys without cost.

    Costs of the same key add up: several plans may build the same at a public place.
    """
    if cost.empty or not len(keys):
        return np.zeros(len(keys))
    cost = cost.groupby(level=list(range(cost.index.nlevels)), sort=False).sum()
    number = cost.index.get_indexer(keys)
    total = np.bincount(number[number >= 0], weights=amounts[number >= 0], minlength=len(cost))
    rate = np.divide(cost.to_numpy(dtype=float), total, out=np.zeros(len(cost)), where=total > 0)
    return np.where(number >= 0, rate[number] * amounts, 0.0)
