"""Whether a proposal is new, changes a deal that runs, or is that deal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from synergy.proposals.bundles import PAIR, SAME

if TYPE_CHECKING:
    from synergy.dataset.dataset import Dataset
    from synergy.proposals.bundles import Bundles


def states(dataset: Dataset, bundles: Bundles, flows: pd.DataFrame, owner: pd.Series) -> list[str]:
    """Return `new`, `changed` or `running` for each proposal.

    A build is new. A pair of owners exchanges a commodity already where `deals` has a quantity of it between any of
    their sites; it goes on unchanged where the plan has the same quantity a year (within `SAME`), what goes into new
    builds included.

    Parameters
    ----------
    dataset : Dataset
        The tables.
    bundles : Bundles
        The proposals.
    flows : pandas.DataFrame
        Flows of the plan with owners.
    owner : pandas.Series
        Owner by site.
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
