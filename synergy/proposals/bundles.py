"""Which flows, builds and links belong together: a build with its partners, or one pair and commodity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from synergy.proposals.booked import Booked
    from synergy.proposals.changes import Changes

SAME = 0.01  # amounts that differ by less than this part are the same
PAIR = ["from_owner", "to_owner", "commodity"]
LINK = ["from_site", "to_site", "commodity", "mode"]
NONE = -1


@dataclass(frozen=True, slots=True)
class Bundles:
    """The proposals of a plan, before anything is said about them.

    Parameters
    ----------
    ids : tuple of str
        ``build:<process>@<site>`` and ``deal:<from>><to>:<commodity>``, builds first.
    builds : pandas.Series
        Number of the proposal by id of its build.
    pairs : pandas.Series
        Number of the proposal by `PAIR`.
    """

    ids: tuple[str, ...]
    builds: pd.Series
    pairs: pd.Series

    def of_flows(self, flows: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the one or two proposals of each flow; -1 for none.

        A flow at a build belongs to the build's proposal, one between two builds to both, any other exchange to its
        pair's.

        Parameters
        ----------
        flows : pandas.DataFrame
            Flows as `ends.marked` returns them.
        """
        giver = _numbers(self.builds, flows["outlet_id"], flows["outlet_kind"] == "build")
        taker = _numbers(self.builds, flows["inlet_id"], flows["inlet_kind"] == "build")
        first = np.where(giver != NONE, giver, taker)
        second = np.where((giver != NONE) & (taker != giver), taker, NONE)
        keys = pd.MultiIndex.from_frame(flows[PAIR])
        paired = (flows["partner"] | flows["inner"]).to_numpy(dtype=bool)
        pair = self.pairs.reindex(keys).fillna(NONE).to_numpy(dtype=np.int64) if len(self.pairs) else NONE
        first = np.where((first == NONE) & paired, pair, first)
        return first.astype(np.int64), second.astype(np.int64)

    def makers(self, flows: pd.DataFrame) -> NDArray[np.int64]:
        """Return the proposal of the build that each flow leaves; -1 for none."""
        return _numbers(self.builds, flows["outlet_id"], flows["outlet_kind"] == "build")

    def of_runs(self, runs: pd.DataFrame) -> NDArray[np.int64]:
        """Return the proposal of each run; -1 for none."""
        return _numbers(self.builds, runs["id"], runs["kind"] == "build")

    def flow_shares(self, flows: pd.DataFrame) -> sparse.csr_matrix:
        """Return the part of each flow that each proposal has: all of it, or half where two builds meet.

        Returns
        -------
        scipy.sparse.csr_matrix, shape (proposals, flows)
        """
        first, second = self.of_flows(flows)
        part = np.where(second == NONE, 1.0, 0.5)
        lines = np.arange(len(flows))
        row, column = np.concatenate([first, second]), np.concatenate([lines, lines])
        owned = row != NONE
        shape = (len(self.ids), len(flows))
        return sparse.csr_matrix((np.concatenate([part, part])[owned], (row[owned], column[owned])), shape=shape)

    def line_shares(self, changed: Changes, flows: pd.DataFrame) -> sparse.csr_matrix:
        """Return the same for all changed lines: flows (with their owners), runs and levels.

        Returns
        -------
        scipy.sparse.csr_matrix, shape (proposals, lines)
        """
        owner = self.of_runs(changed.runs)
        owned = np.flatnonzero(owner != NONE)
        shape = (len(self.ids), len(changed.runs))
        runs = sparse.csr_matrix((np.ones(len(owned)), (owner[owned], owned)), shape=shape)
        levels = sparse.csr_matrix((len(self.ids), len(changed.levels)))
        return sparse.csr_matrix(sparse.hstack([self.flow_shares(flows), runs, levels]))

    def link_shares(self, flows: pd.DataFrame, links: pd.DataFrame) -> sparse.csr_matrix:
        """Return the part of each opened link that each proposal uses, by the quantity it sends over it.

        Returns
        -------
        scipy.sparse.csr_matrix, shape (proposals, links)
        """
        number = pd.Series(np.arange(len(links)), index=pd.MultiIndex.from_frame(links[LINK]), dtype=float)
        used = number.reindex(pd.MultiIndex.from_frame(flows[LINK])).to_numpy(dtype=float)
        over = np.flatnonzero(~np.isnan(used))
        quantity = flows["quantity"].to_numpy(dtype=float)[over]
        spread = sparse.csr_matrix((quantity, (over, used[over].astype(np.int64))), shape=(len(flows), len(links)))
        total = np.asarray(spread.sum(axis=0)).ravel()
        scale = np.divide(1.0, total, out=np.zeros(len(links)), where=total > 0)
        return sparse.csr_matrix(self.flow_shares(flows) @ spread @ sparse.diags(scale))


def bundle(now: Booked, alone: Booked | None) -> Bundles:
    """Return the proposals of a plan.

    A build is one, unless it stays inside its owner's fence and its owner builds the same alone. Flows between two
    enterprises are one a pair and commodity, always; those between sites of one enterprise, or between one and a
    public place, where they are more than what happens without the others.

    Parameters
    ----------
    now : Booked
        The plan.
    alone : Booked or None
        The enterprises' plans alone, side by side; None where nothing is known of them.
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
    """Return what moves a year between owners or sites, by `PAIR`."""
    moved = flows[flows["partner"] | flows["inner"]]
    return moved.groupby(PAIR)[["quantity", "partner"]].agg({"quantity": "sum", "partner": "any"})


def build_names(builds: pd.DataFrame) -> pd.Series:
    """Return the id of each build, ``<process>@<site>``."""
    return builds["process"].astype(str) + "@" + builds["site"].astype(str)


def _capacity(builds: pd.DataFrame) -> pd.Series:
    """Return the capacity built, by id of the build."""
    return builds["capacity"].astype(float).groupby(build_names(builds).to_numpy(dtype=object), sort=True).sum()


def _numbers(known: pd.Series, names: pd.Series, where: pd.Series) -> NDArray[np.int64]:
    """Return the number of each name that is known and asked for; -1 for the others."""
    found = names.map(known).where(where)
    return found.fillna(NONE).to_numpy(dtype=np.int64)
