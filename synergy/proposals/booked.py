"""A plan with the value of every line, the yearly cost of builds and links put on what uses them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from synergy.accounts.ledger import ledger
from synergy.accounts.links import link_facts
from synergy.plan import Decisions
from synergy.proposals.bundles import LINK, build_names
from synergy.proposals.ends import marked, stacked
from synergy.proposals.prices import yardsticks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from synergy.dataset.dataset import Dataset


@dataclass(frozen=True, slots=True)
class Booked:
    """Decisions with money and emissions on every line.

    Parameters
    ----------
    flows : pandas.DataFrame
        The flows as `ends.marked` returns them, with `value` (money a year, their part of the links' annuities in),
        `co2` (t a year), `km` and `worth` (quantity times yardstick price).
    runs : pandas.DataFrame
        The runs with `value` (the annuity of their build in) and `co2`; a build that never runs has one line of
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
    """Return decisions with the value of every line.

    Parameters
    ----------
    dataset : Dataset
        The tables.
    decisions : Decisions
        Any plan: of all enterprises, of one alone, or of today.
    owner : pandas.Series
        Owner by site, see `ends.owners`.
    """
    accounts = ledger(dataset, decisions)
    builds = _indexed(decisions.builds).assign(
        capex=accounts.builds["capex"].to_numpy(), annual=accounts.builds["annual"].to_numpy()
    )
    links = _indexed(decisions.links).assign(
        capex=accounts.links["capex"].to_numpy(), annual=accounts.links["annual"].to_numpy()
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
    runs = _indexed(decisions.runs).assign(
        value=accounts.runs["net"].to_numpy(dtype=float), co2=accounts.runs["co2"].to_numpy(dtype=float)
    )
    levels = _indexed(decisions.levels).assign(value=accounts.levels["net"].to_numpy(dtype=float), co2=0.0)
    return Booked(flows=flows, runs=_with_builds(runs, builds), levels=levels, builds=builds, links=links)


def side_by_side(plans: Sequence[Decisions], like: Decisions) -> Decisions:
    """Return several plans as one; without any, nothing in the columns of another plan."""
    frames = {field.name: [getattr(plan, field.name) for plan in plans] for field in fields(Decisions)}
    return Decisions(**{name: stacked([*parts, getattr(like, name).iloc[:0]]) for name, parts in frames.items()})


def _with_builds(runs: pd.DataFrame, builds: pd.DataFrame) -> pd.DataFrame:
    """Return runs that bear the annuities of their builds, by activity."""
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
    """Annuity by build or link: several plans side by side may each build or open the same one at a public place."""
    cost = pd.Series(annual.to_numpy(dtype=float), index=keys)
    return cost.groupby(level=list(range(keys.nlevels)), sort=False).sum()


def _spread(keys: pd.Index, amounts: NDArray[np.float64], cost: pd.Series) -> NDArray[np.float64]:
    """Return each line's part of the cost of its key, by amount; 0 for keys that cost nothing."""
    if cost.empty or not len(keys):
        return np.zeros(len(keys))
    number = cost.index.get_indexer(keys)
    total = np.bincount(number[number >= 0], weights=amounts[number >= 0], minlength=len(cost))
    rate = np.divide(cost.to_numpy(dtype=float), total, out=np.zeros(len(cost)), where=total > 0)
    return np.where(number >= 0, rate[number] * amounts, 0.0)


def _indexed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose index is its positions."""
    return frame.reset_index(drop=True)
