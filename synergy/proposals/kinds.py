"""Which kind a proposal is, by what the plan adds to today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from synergy.plan import Kind
from synergy.proposals.bundles import NONE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from synergy.dataset.dataset import Dataset
    from synergy.proposals.bundles import Bundles

INLET = ["inlet_kind", "inlet_id", "commodity"]
ORDER = (Kind.EXTENSION, Kind.SUPPLEMENT, Kind.REINFORCEMENT, Kind.REALLOCATION)  # also which wins a tie
UNITS = ("facility", "build")


@dataclass(frozen=True, slots=True)
class Before:
    """What runs and who supplies whom before the plan.

    Parameters
    ----------
    known : bool
        Whether anything is known of it; if not, whatever stands counts as used.
    running : frozenset of str
        Facilities that do anything.
    supply : pandas.DataFrame
        By `INLET`: `bought` (units a year from a market), `sources` (how many outlets other than markets),
        `source` (one of them, as ``kind:id``).
    """

    known: bool
    running: frozenset[str]
    supply: pd.DataFrame


def before(flows: pd.DataFrame | None, runs: pd.DataFrame | None) -> Before:
    """Return what flows and runs say about the time before the plan; None where nothing is known."""
    if flows is None or runs is None:
        supply = pd.DataFrame({"bought": [], "sources": [], "source": []})
        supply.index = pd.MultiIndex.from_arrays([[], [], []], names=INLET)
        return Before(known=False, running=frozenset(), supply=supply)
    market = flows["outlet_kind"] == "market"
    marked = flows.assign(bought=flows["quantity"].where(market, 0.0), source=outlets(flows).where(~market))
    supply = marked.groupby(INLET)[["bought", "source"]].agg({"bought": "sum", "source": ["nunique", "min"]})
    supply.columns = pd.Index(["bought", "sources", "source"])
    active = runs[(runs["kind"] == "facility") & (runs["activity"] > 0)]
    return Before(known=True, running=frozenset(active["id"]), supply=supply)


def outlets(flows: pd.DataFrame) -> pd.Series:
    """Return the outlet of each flow as ``kind:id``."""
    return flows["outlet_kind"].astype(str) + ":" + flows["outlet_id"].astype(str)


def kinds(
    dataset: Dataset, bundles: Bundles, flows: pd.DataFrame, was: Before, opened: NDArray[np.bool_]
) -> list[Kind]:
    """Return the kind of each proposal.

    Parameters
    ----------
    dataset : Dataset
        The tables.
    bundles : Bundles
        The proposals.
    flows : pandas.DataFrame
        Flows of the plan with owners, and `worth`: quantity times yardstick price.
    was : Before
        What was there before.
    opened : numpy.ndarray of bool, shape (proposals,)
        Whether a proposal opens a link.

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
    code = _deal_codes(said, opened[np.clip(first, 0, None)] if count else np.zeros(len(flows), dtype=bool))
    score = np.zeros((count, len(ORDER)))
    np.add.at(score, (first[deals], code[deals]), said["worth"].to_numpy(dtype=float)[deals] + 1e-12)
    _score_builds(score, bundles.makers(flows), said)
    score[:built, 0] += 1e-12
    return [ORDER[best] for best in score.argmax(axis=1)] if count else []


def _facts(dataset: Dataset, flows: pd.DataFrame, was: Before) -> pd.DataFrame:
    """Return the flows with what was known of both ends before."""
    phase = flows["commodity"].map(dataset["commodities"].set_index("commodity")["phase"])
    supply = was.supply.reindex(pd.MultiIndex.from_frame(flows[INLET]))
    giver = outlets(flows)
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


def _deal_codes(said: pd.DataFrame, opened: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the position in `ORDER` of each flow of a direct exchange."""
    conditions = [
        said["right"],
        said["idle_inlet"],
        said["idle_outlet"] & said["bought"],
        said["second"] | (said["only"] & opened),
    ]
    codes: NDArray[np.int64] = np.select([condition.to_numpy(dtype=bool) for condition in conditions], [3, 0, 1, 2], 3)
    return codes


def _score_builds(score: NDArray[np.float64], maker: NDArray[np.int64], said: pd.DataFrame) -> None:
    """Add what the products of each build are worth to the kinds they speak for."""
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
