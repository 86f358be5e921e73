"""Group flows, builds and links into proposals: a build with its partners, or one pair and commodity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from scipy import sparse

from synergy.accounts.facts import link_facts
from synergy.accounts.ledger import ledger
from synergy.dataset.sheet import Dataset
from synergy.network.places import Floats, Ints
from synergy.plan import Decisions
from synergy.proposals.names import PUBLIC

OUTSIDE = ("market", "disposal")
LEAST = 1e-3  # part of the median yardstick that even a worthless commodity weighs
SAME = 0.01  # amounts that differ by less than this part are the same
PAIR = ["from_owner", "to_owner", "commodity"]
LINK = ["from_site", "to_site", "commodity", "mode"]
NONE = -1
FLOW_KEY = (*LINK, "period", "outlet_kind", "outlet_id", "inlet_kind", "inlet_id")
RUN_KEY = ("kind", "id", "period")
LEVEL_KEY = ("store", "period")


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
        price = price.fillna(amount * _middle(price / amount, np.nan))
    middle = _middle(price, 1.0)
    return price.fillna(middle).clip(lower=LEAST * middle).astype(float)


def _middle(values: pd.Series, otherwise: float) -> float:
    """Return the median of the known values, or a default without any."""
    known = values.dropna()
    return float(known.median()) if len(known) else otherwise


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

    def of_flows(self, flows: pd.DataFrame) -> tuple[Ints, Ints]:
        """Return the one or two proposals of each flow, marked by `marked`; -1 for none.

        A flow at a build belongs to the build's proposal, one between two builds to both, any other exchange to its
        pair's.
        """
        giver = self.makers(flows)
        taker = _numbers(self.builds, flows["inlet_id"], flows["inlet_kind"] == "build")
        first = np.where(giver != NONE, giver, taker)
        second = np.where((giver != NONE) & (taker != giver), taker, NONE)
        keys = pd.MultiIndex.from_frame(flows[PAIR])
        paired = (flows["partner"] | flows["inner"]).to_numpy(dtype=bool)
        pair = self.pairs.reindex(keys).fillna(NONE).to_numpy(dtype=np.int64) if len(self.pairs) else NONE
        first = np.where((first == NONE) & paired, pair, first)
        return first.astype(np.int64), second.astype(np.int64)

    def makers(self, flows: pd.DataFrame) -> Ints:
        """Return the proposal of the build that each flow leaves; -1 for none."""
        return _numbers(self.builds, flows["outlet_id"], flows["outlet_kind"] == "build")

    def flow_shares(self, flows: pd.DataFrame) -> sparse.csr_matrix:
        """Return the share of each flow in each proposal: all of it, or half for a flow between two builds."""
        first, second = self.of_flows(flows)
        part = np.where(second == NONE, 1.0, 0.5)
        lines = np.arange(len(flows))
        row, column = np.concatenate([first, second]), np.concatenate([lines, lines])
        owned = row != NONE
        shape = (len(self.ids), len(flows))
        return sparse.csr_matrix((np.concatenate([part, part])[owned], (row[owned], column[owned])), shape=shape)

    def line_shares(self, changed: Changes, flows: pd.DataFrame) -> sparse.csr_matrix:
        """Return the share of each changed line in each proposal: flows (with their owners), runs and levels."""
        owner = _numbers(self.builds, changed.runs["id"], changed.runs["kind"] == "build")
        owned = np.flatnonzero(owner != NONE)
        shape = (len(self.ids), len(changed.runs))
        runs = sparse.csr_matrix((np.ones(len(owned)), (owner[owned], owned)), shape=shape)
        levels = sparse.csr_matrix((len(self.ids), len(changed.levels)))
        return sparse.csr_matrix(sparse.hstack([self.flow_shares(flows), runs, levels]))

    def link_shares(self, flows: pd.DataFrame, links: pd.DataFrame) -> sparse.csr_matrix:
        """Return the share of each proposal in each opened link, by the quantity it sends over it."""
        number = pd.Series(np.arange(len(links)), index=pd.MultiIndex.from_frame(links[LINK]), dtype=float)
        used = number.reindex(pd.MultiIndex.from_frame(flows[LINK])).to_numpy(dtype=float)
        over = np.flatnonzero(~np.isnan(used))
        quantity = flows["quantity"].to_numpy(dtype=float)[over]
        spread = sparse.csr_matrix((quantity, (over, used[over].astype(np.int64))), shape=(len(flows), len(links)))
        total = np.asarray(spread.sum(axis=0)).ravel()
        scale = np.divide(1.0, total, out=np.zeros(len(links)), where=total > 0)
        return sparse.csr_matrix(self.flow_shares(flows) @ spread @ sparse.diags(scale))


def bundle(now: Booked, alone: Booked | None) -> Bundles:
    """Return the proposals of a plan; `alone` are the enterprises' plans alone, side by side, None where unknown.

    A build is one, unless it stays inside its owner's fence and its owner builds the same alone. Flows between two
    enterprises are one a pair and commodity, always; those between sites of one enterprise, or between one and a public
    place, where they exceed the flows without the others.
    """
    flows = now.flows
    dealing = set(flows.loc[flows["partner"] & (flows["outlet_kind"] == "build"), "outlet_id"])
    dealing |= set(flows.loc[flows["partner"] & (flows["inlet_kind"] == "build"), "inlet_id"])
    size = _capacity(now.builds)
    lone = _capacity(now.builds.iloc[:0] if alone is None else alone.builds).reindex(size.index).fillna(0.0)
    same = (size - lone).abs() <= SAME * size
    builds = [name for name in size.index if name in dealing or not same[name]]
    numbers = pd.Series(np.arange(len(builds)), index=pd.Index(builds, dtype=object), dtype=np.int64)
    plain = Bundles(ids=(), builds=numbers, pairs=pd.Series(dtype=np.int64))
    paired = _moved(flows[plain.of_flows(flows)[0] == NONE])
    then = _moved(flows.iloc[:0] if alone is None else alone.flows)["quantity"].reindex(paired.index).fillna(0.0)
    paired = paired[paired["partner"] | (paired["quantity"] > (1.0 + SAME) * then)]
    pairs = pd.Series(len(builds) + np.arange(len(paired)), index=paired.index, dtype=np.int64)
    ids = [f"build:{name}" for name in builds] + [f"deal:{a}>{b}:{c}" for a, b, c in paired.index]
    return Bundles(ids=tuple(ids), builds=numbers, pairs=pairs)


def _moved(flows: pd.DataFrame) -> pd.DataFrame:
    """Return the yearly quantity moved between owners or sites, by `PAIR`."""
    moved = flows[flows["partner"] | flows["inner"]]
    return moved.groupby(PAIR)[["quantity", "partner"]].agg({"quantity": "sum", "partner": "any"})


def build_names(builds: pd.DataFrame) -> pd.Series:
    """Return the id of each build, ``<process>@<site>``."""
    return builds["process"].astype(str) + "@" + builds["site"].astype(str)


def process_of(dataset: Dataset, kind: pd.Series, ident: pd.Series) -> pd.Series:
    """Return the process of some units: a facility's own, or the part of a build's id before the @."""
    process = dataset["facilities"].set_index("facility")["process"]
    return ident.map(process).where(kind == "facility", ident.astype(str).str.split("@").str[0])


def _capacity(builds: pd.DataFrame) -> pd.Series:
    """Return the capacity built, by id of the build."""
    return builds["capacity"].astype(float).groupby(build_names(builds).to_numpy(dtype=object), sort=True).sum()


def _numbers(known: pd.Series, names: pd.Series, where: pd.Series) -> Ints:
    """Return the number of each known and selected name; -1 for the others."""
    return names.map(known).where(where).fillna(NONE).to_numpy(dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Changes:
    """Plan minus a reference plan, line by line.

    Each frame has its key (`FLOW_KEY`, `RUN_KEY`, `LEVEL_KEY`), the changes of its amounts (`quantity` and `arrived`,
    `activity`, `level`), of `value` and of `co2`, and `size`, the sum of both sides' amounts.
    """

    flows: pd.DataFrame
    runs: pd.DataFrame
    levels: pd.DataFrame


def changes(plan: Booked, other: Booked) -> Changes:
    """Return the difference between a plan and a reference plan, line by line; lines of the same key add up."""
    return Changes(
        flows=_difference(plan.flows, other.flows, FLOW_KEY, ("quantity", "arrived")),
        runs=_difference(plan.runs, other.runs, RUN_KEY, ("activity",)),
        levels=_difference(plan.levels, other.levels, LEVEL_KEY, ("level",)),
    )


def _difference(
    plan: pd.DataFrame, other: pd.DataFrame, key: tuple[str, ...], amounts: tuple[str, ...]
) -> pd.DataFrame:
    """Return one frame minus the other, summed by key in order of appearance."""
    columns = [*amounts, "value", "co2"]
    plus, minus = (side[[*key, *columns]].assign(size=side[amounts[0]].abs()) for side in (plan, other))
    minus[columns] = -minus[columns]
    return _stacked([plus, minus]).groupby(list(key), sort=False, as_index=False)[[*columns, "size"]].sum()


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
        Those of the decisions with `capex` and `annual` as the tables say.
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
    flows = marked(decisions.flows, owner)
    annual = _by_key(links["annual"], pd.MultiIndex.from_frame(links[LINK]))
    over = _spread(pd.MultiIndex.from_frame(flows[LINK]), flows["quantity"].to_numpy(dtype=float), annual)
    facts = link_facts(dataset, *[flows[name] for name in LINK])
    flows = flows.assign(
        value=accounts.flows["net"].to_numpy(dtype=float) - over,
        co2=accounts.flows["co2"].to_numpy(dtype=float),
        km=np.nan_to_num(facts.km),
        worth=flows["quantity"] * flows["commodity"].map(yardsticks(dataset)).astype(float),
    )
    runs = decisions.runs.reset_index(drop=True).assign(
        value=accounts.runs["net"].to_numpy(dtype=float), co2=accounts.runs["co2"].to_numpy(dtype=float)
    )
    held = accounts.levels["net"].to_numpy(dtype=float)
    levels = decisions.levels.reset_index(drop=True).assign(value=held, co2=0.0)
    return Booked(flows=flows, runs=_with_builds(runs, builds), levels=levels, builds=builds, links=links)


def side_by_side(plans: Sequence[Decisions], like: Decisions) -> Decisions:
    """Return several plans stacked as one; without any, an empty plan with the columns of another."""
    frames = {field.name: [getattr(plan, field.name) for plan in plans] for field in fields(Decisions)}
    return Decisions(**{name: _stacked([*parts, getattr(like, name).iloc[:0]]) for name, parts in frames.items()})


def _stacked(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Return frames concatenated by rows; empty frames contribute only their columns."""
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else frames[0].iloc[:0].reset_index(drop=True)


def _with_builds(runs: pd.DataFrame, builds: pd.DataFrame) -> pd.DataFrame:
    """Return runs with the annuities of their builds deducted, in proportion to activity."""
    annual = _by_key(builds["annual"], pd.Index(build_names(builds), dtype=object))
    new = (runs["kind"] == "build").to_numpy()
    active = np.where(new, runs["activity"].to_numpy(dtype=float), 0.0)
    runs = runs.assign(value=runs["value"] - _spread(pd.Index(runs["id"], dtype=object), active, annual))
    idle = annual[~annual.index.isin(runs.loc[active > 0, "id"])]
    if idle.empty:
        return runs
    still = pd.DataFrame({"kind": "build", "id": idle.index, "period": "", "activity": 0.0, "value": -idle.to_numpy()})
    return pd.concat([frame for frame in (runs, still.assign(co2=0.0)) if len(frame)], ignore_index=True)


def _by_key(annual: pd.Series, keys: pd.Index) -> pd.Series:
    """Return the annuity by build or link, summed over plans: several may build the same one at a public place."""
    cost = pd.Series(annual.to_numpy(dtype=float), index=keys)
    return cost.groupby(level=list(range(keys.nlevels)), sort=False).sum()


def _spread(keys: pd.Index, amounts: Floats, cost: pd.Series) -> Floats:
    """Return each line's share of the cost of its key, by amount; 0 for keys without cost."""
    if cost.empty or not len(keys):
        return np.zeros(len(keys))
    number = cost.index.get_indexer(keys)
    total = np.bincount(number[number >= 0], weights=amounts[number >= 0], minlength=len(cost))
    rate = np.divide(cost.to_numpy(dtype=float), total, out=np.zeros(len(cost)), where=total > 0)
    return np.where(number >= 0, rate[number] * amounts, 0.0)
