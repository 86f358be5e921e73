"""Margins of delivered quality: the blend at each inlet beside the inlet's limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from synergy.dataset.sheet import Dataset
from synergy.network.places import Bools, Texts
from synergy.scenario import Cell

if TYPE_CHECKING:
    from synergy.proposals.names import Names

Called = Mapping[str, "Names"]  # by language
Note = Mapping[str, Cell]
INLET = ["to_site", "inlet_kind", "inlet_id", "commodity"]
_STATED = ["holder", "commodity", "property"]
PUBLIC = "@"  # a public place stands for an owner as "@" and its site; ids of enterprises hold no "@"
OUTSIDE = ("market", "disposal")


def blends(dataset: Dataset, flows: pd.DataFrame) -> pd.DataFrame:
    """Return the mean quality of the blend at each limited inlet, in the period nearest to a limit.

    Columns are `INLET`, `property`, `value` (in the unit of the property), `minimum`, `maximum` (NaN where there is
    none).
    """
    limits, stated = dataset["limits"], dataset["qualities"]
    limits = limits[limits["minimum"].notna() | limits["maximum"].notna()]  # a row with neither has no effect
    columns = [*INLET, "property", "value", "minimum", "maximum"]
    if limits.empty or flows.empty:
        return pd.DataFrame(columns=columns)
    ends = flows.assign(
        taker=_holder(dataset, flows, "inlet"),
        giver=_holder(dataset, flows, "outlet"),
    ).astype({"commodity": object})
    asked = ends.merge(limits[[*_STATED, "minimum", "maximum"]].rename(columns={"holder": "taker"}))
    known = asked.merge(stated[[*_STATED, "value"]].rename(columns={"holder": "giver", "value": "quality"}))
    if known.empty:
        return pd.DataFrame(columns=columns)
    known = known.assign(weighed=known["quality"] * known["arrived"])
    keys = [*INLET, "property", "period"]
    sums = known.groupby(keys, sort=True)[["weighed", "arrived"]].sum()
    bounds = known.groupby(keys, sort=True)[["minimum", "maximum"]].first()
    mixed = bounds.assign(value=sums["weighed"] / sums["arrived"].where(sums["arrived"] > 0)).reset_index()
    room = np.fmin(mixed["value"] - mixed["minimum"], mixed["maximum"] - mixed["value"])
    nearest = mixed.assign(room=room).sort_values("room", kind="stable").drop_duplicates([*INLET, "property"])
    return nearest.sort_values([*INLET, "property"], kind="stable")[columns].reset_index(drop=True)


def _holder(dataset: Dataset, flows: pd.DataFrame, end: str) -> pd.Series:
    """Return the holder of the quality or limit at an end of each flow: a unit's process, else the end itself."""
    kind, ident = flows[f"{end}_kind"], flows[f"{end}_id"].astype(str)
    process = dataset["facilities"].set_index("facility")["process"]
    built = ident.str.partition("@")[0] if len(ident) else ident
    return ident.where(~kind.isin(["facility", "build"]), ident.map(process).where(kind == "facility", built))


def quality_notes(found: pd.DataFrame, called: Called, flows: pd.DataFrame) -> list[Note]:
    """Return the notes on the margin between blend and limits, for each limited inlet of a proposal's flows.

    `found` is from `blends`. Notes ``quality`` have `site` (of the inlet), `property`, `value`, `minimum`, `maximum`;
    `asks`, `asks_zh` give the limits alone, for those who deliver.
    """
    moved = flows[flows["from_site"] != flows["to_site"]]
    if found.empty or moved.empty:
        return []
    here = found.merge(moved[INLET].drop_duplicates())
    return [_note(called, row) for _, row in here.iterrows()]


def _note(called: Called, row: pd.Series) -> Note:
    goods = {lang: said.commodity[row["commodity"]] for lang, said in called.items()}
    sites = {lang: said.site[row["to_site"]] for lang, said in called.items()}
    figures = {name: None if pd.isna(row[name]) else float(row[name]) for name in ("value", "minimum", "maximum")}
    ends = (("minimum", "at least", "≥"), ("maximum", "at most", "≤"))
    en = " and ".join(f"{word} {figures[name]:.4g}" for name, word, _ in ends if figures[name] is not None)
    zh = "、".join(f"{sign} {figures[name]:.4g}" for name, _, sign in ends if figures[name] is not None)
    asks = f"{row['property']} of {goods['en']} at {sites['en']}: {en}"
    asks_zh = f"{sites['zh']}的{goods['zh']} {row['property']}：{zh}"
    return {
        "code": "quality",
        "subject": row["commodity"],
        "text": f"{asks}; {figures['value']:.4g} as planned",
        "text_zh": f"{asks_zh}；方案中为 {figures['value']:.4g}",
        "asks": asks,
        "asks_zh": asks_zh,
        "site": row["to_site"],
        "property": row["property"],
        **figures,
    }


def owners(dataset: Dataset) -> pd.Series:
    """Return the owner of each site: its enterprise, or "@" and the site id for a public place."""
    sites = dataset["sites"]
    owner = sites["enterprise"].where(sites["enterprise"] != "", PUBLIC + sites["site"])
    return pd.Series(owner.to_numpy(), index=sites["site"].to_numpy(), dtype=object)


def marked(flows: pd.DataFrame, owner: pd.Series) -> pd.DataFrame:
    """Return a copy of flows with the owners of both ends and whether each is an exchange that can be proposed.

    Adds `from_owner`, `to_owner`; `partner` (between two enterprises), `inner` (between sites of one enterprise or with
    a public place, and neither a purchase nor a sale outside): either may be a proposal.
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


def is_public(owner: Texts) -> Bools:
    """Return whether owners are public places."""
    found: Bools = pd.Series(owner, dtype=str).str.startswith(PUBLIC).to_numpy(dtype=bool)
    return found


def stacked(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Return frames concatenated by rows; empty frames contribute only their columns."""
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else frames[0].iloc[:0].reset_index(drop=True)
