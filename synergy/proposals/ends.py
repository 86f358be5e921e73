"""Flows with the owners of their two ends: what crosses a fence, and whose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from synergy.dataset.dataset import Dataset

PUBLIC = "@"  # a public place stands for an owner as "@" and its site; ids of enterprises hold no "@"
OUTSIDE = ("market", "disposal")


def owners(dataset: Dataset) -> pd.Series:
    """Return the owner of each site: its enterprise, or "@" and the site itself where it is public."""
    sites = dataset["sites"]
    owner = sites["enterprise"].where(sites["enterprise"] != "", PUBLIC + sites["site"])
    return pd.Series(owner.to_numpy(), index=sites["site"].to_numpy(), dtype=object)


def marked(flows: pd.DataFrame, owner: pd.Series) -> pd.DataFrame:
    """Return flows with the owners of both ends and whether they are exchanges that could be proposed.

    Parameters
    ----------
    flows : pandas.DataFrame
        Frame of `Decisions.flows`, or one with its columns.
    owner : pandas.Series
        Owner by site, see `owners`.

    Returns
    -------
    pandas.DataFrame
        A copy with `from_owner`, `to_owner`; `partner` (between two enterprises), `inner` (between sites of one
        enterprise or with a public place, and neither a purchase nor a sale outside): either may be a proposal.
    """
    flows = flows.reset_index(drop=True)
    sender = flows["from_site"].map(owner).to_numpy(dtype=object)
    taker = flows["to_site"].map(owner).to_numpy(dtype=object)
    public_from, public_to = is_public(sender), is_public(taker)
    moves = (flows["from_site"] != flows["to_site"]).to_numpy()
    outside = (flows["outlet_kind"].isin(OUTSIDE) | flows["inlet_kind"].isin(OUTSIDE)).to_numpy()
    between = sender != taker
    partner = moves & between & ~public_from & ~public_to
    inner = moves & ~partner & ~(public_from & public_to) & ~outside
    return flows.assign(from_owner=sender, to_owner=taker, partner=partner, inner=inner)


def is_public(owner: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Whether owners are public places."""
    found: NDArray[np.bool_] = pd.Series(owner, dtype=str).str.startswith(PUBLIC).to_numpy(dtype=bool)
    return found


def stacked(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Return frames one below the other; empty ones count for nothing but their columns."""
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else frames[0].iloc[:0].reset_index(drop=True)
