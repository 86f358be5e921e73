"""Loss: what one enterprise would lose at its own accounts without a part of a plan, all else of it held.

The part that it gives stays with it and the part that it takes does not come, its own builds of it are not built; the
rest it arranges anew inside its fences. So the loss follows from the enterprise's own figures and from what it
exchanges: no partner's price, cost or dual is in it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from synergy.accounts.keys import MISSING
from synergy.accounts.ledger import ledger
from synergy.accounts.owners import owner_of
from synergy.coalitions.apart import Apart
from synergy.dataset.dataset import Dataset
from synergy.model.build import Model
from synergy.model.decode import decode
from synergy.network.places import Bools, Floats, Ints, positions

CARRYING = ["transport", "carbon"]
LEFT = ["need", "sale", "charge"]  # what a public place that takes leaves to who gives
GIVEN = ["purchase", "offer", "disposal"]  # and one that gives to who takes


class Loss:
    """Answers what enterprises would lose.

    Parameters
    ----------
    dataset : Dataset
        The tables.
    model : Model
        Of the round.
    x : numpy.ndarray, shape (columns,)
        The plan.
    """

    def __init__(self, dataset: Dataset, model: Model, x: Floats) -> None:
        decisions, self._column = decode(model, x)
        self._decisions, self._model, self._apart = decisions, model, Apart(model, x)
        self._firms = [str(name) for name in dataset["enterprises"]["enterprise"]]
        books = ledger(dataset, decisions)
        self._money = books.flows
        self._annual = books.links["annual"].to_numpy(float)
        ends = {name: owner_of(dataset, decisions.flows[name]) for name in ("from_site", "to_site")}
        self._gives, self._takes = ends["from_site"], ends["to_site"]
        links = decisions.links
        payer = owner_of(dataset, links["to_site"])
        self._payer = np.where(payer == MISSING, owner_of(dataset, links["from_site"]), payer)
        self._hosts = owner_of(dataset, decisions.builds["site"])

    def of(self, enterprise: str, flows: Sequence[int], builds: Sequence[int], links: Sequence[int]) -> float | None:
        """Return what an enterprise would lose a year without some rows of the plan.

        Parameters
        ----------
        enterprise : str
        flows, builds, links : sequence of int
            Positions in the plan's frames.

        Returns
        -------
        float or None
            Money a year, annuities and freight in, before anybody pays anybody; None where it cannot do without.
        """
        player, rows = self._firms.index(enterprise), np.asarray(flows, dtype=np.int64)
        gives, takes = self._gives[rows] == player, self._takes[rows] == player
        out, come = rows[gives & ~takes], rows[takes & ~gives]
        amounts = self._decisions.flows
        lost = -self._apart.without(
            player,
            (self._column[out], amounts["quantity"].to_numpy(float)[out]),
            (self._column[come], amounts["arrived"].to_numpy(float)[come]),
            self._dropped(player, builds, rows[gives & takes]),
        )
        if not np.isfinite(lost):
            return None
        mine = np.asarray([link for link in links if self._payer[link] == player], dtype=np.int64)
        return float(lost + self._carried(out, come) - self._annual[mine] @ self._parts(rows, mine))

    def _carried(self, out: Ints, come: Ints) -> float:
        """Return what fetching brings (less than 0: it costs), and what public places leave to the other end."""
        money = self._money
        total = money[CARRYING].to_numpy()[come].sum()
        public_giver = come[self._gives[come] == MISSING]
        public_taker = out[self._takes[out] == MISSING]
        total += money[GIVEN].to_numpy()[public_giver].sum()
        return float(total + money[[*LEFT, *CARRYING]].to_numpy()[public_taker].sum())

    def _parts(self, rows: Ints, links: Ints) -> Floats:
        """Return the part of each link that some flows use, by the quantity they send over it."""
        key = ["from_site", "to_site", "commodity", "mode"]
        sent = self._decisions.flows.groupby(key)["quantity"].sum()
        own = self._decisions.flows.iloc[rows].groupby(key)["quantity"].sum()
        index = pd.MultiIndex.from_frame(self._decisions.links.iloc[links][key])
        return np.asarray(np.nan_to_num((own.reindex(index) / sent.reindex(index)).to_numpy(float)))

    def _dropped(self, player: int, builds: Sequence[int], inside: Ints) -> Ints:
        """Return the columns that stay at zero: the enterprise's own builds, and flows inside it that need nobody."""
        model, steps = self._model, self._model.candidates.network.units.steps
        rows = self._decisions.builds.iloc[[row for row in builds if self._hosts[row] == player]]
        names = rows["process"].astype(object) + "@" + rows["site"].astype(object)
        unit = positions(names, model.candidates.network.units.ids)
        parts = [] if len(rows) else [self._column[inside[self._moving(inside)]]]
        for name in ("size", "built"):
            block = model.column(name)
            if len(block):
                parts.append(block.positions[np.isin(steps.unit[block.key["step"]], unit)])
        return np.unique(np.concatenate([np.empty(0, np.int64), *parts])).astype(np.int64)

    def _moving(self, rows: Ints) -> Bools:
        """Return which flows go from one site to another."""
        flows = self._decisions.flows.iloc[rows]
        return np.asarray(flows["from_site"].to_numpy(object) != flows["to_site"].to_numpy(object), dtype=bool)
