"""What each proposal is to each enterprise beside money: what it emits more, what is built and laid at its cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from synergy.proposals.bundles import build_names
from synergy.proposals.changes import changes
from synergy.proposals.ends import PUBLIC, marked
from synergy.proposals.gains import line_values

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from synergy.proposals.booked import Booked
    from synergy.proposals.bundles import Bundles
    from synergy.proposals.changes import Changes
    from synergy.proposals.figures import Attribution

    Ints = NDArray[np.int64]
    Own = Mapping[str, Mapping[str, float]]

NOBODY = -1


def own_parts(now: Booked, bundles: Bundles, against: Attribution) -> Sequence[Own]:
    """Return by proposal and enterprise what it emits, builds and lays.

    Parameters
    ----------
    now : Booked
        The plan.
    bundles : Bundles
        Its proposals.
    against : Attribution
        What it is compared with; without the plans alone, nothing is known.

    Returns
    -------
    sequence of mapping
        ``{enterprise: {co2, capex, annual}}`` of each proposal, all enterprises: co2 in t a year emitted more than
        alone, the change of each line at who takes it followed to the proposals as the gain is; capex and its annuity
        of what is built on the enterprise's sites and of the links that lead to it. Empty without the plans alone.
    """
    if against.alone is None:
        return ()
    changed = changes(now, against.alone)
    firms = sorted({str(name) for name in against.owner.unique() if not str(name).startswith(PUBLIC)})
    emitted = _emitted(changed, _owners(changed, against, firms), len(firms))
    figures = {"co2": against.path(changed, bundles).attribute_each(emitted)}
    figures |= {name: _spent(now, bundles, against.owner, (firms, name)) for name in ("capex", "annual")}
    return [
        {
            firm: {name: float(figure[number, place]) for name, figure in figures.items()}
            for place, firm in enumerate(firms)
        }
        for number in range(len(bundles.ids))
    ]


def _owners(changed: Changes, against: Attribution, firms: Sequence[str]) -> Ints:
    """Return whose each line is: a flow is who takes it's, or who gives it's where a public place takes it."""
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


def _emitted(changed: Changes, owner: Ints, count: int) -> sparse.csc_matrix:
    """Return the emissions of the lines by enterprise, shape (lines, enterprises)."""
    known = np.flatnonzero(owner != NOBODY)
    amounts = line_values(changed, "co2")[known]
    return sparse.csc_matrix((amounts, (known, owner[known])), shape=(len(owner), count))


def _spent(now: Booked, bundles: Bundles, owner: pd.Series, what: tuple[Sequence[str], str]) -> NDArray[np.float64]:
    """Return what each enterprise builds and lays for each proposal, shape (proposals, enterprises)."""
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
