"""What a form is read against: the enterprise's own places and figures, and what is public of the dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from synergy.dataset.dataset import Dataset
from synergy.forms.quantities import counted_in
from synergy.store.declaring import entries_of
from synergy.store.names import Sheet
from synergy.store.overlay import Entry
from synergy.store.previewing import Ground
from synergy.store.words import refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a form is read against.

    Parameters
    ----------
    sites : mapping of str to str
        Own sites by id, with their names in both languages.
    subjects : mapping of Sheet to mapping
        Commodities or processes by id, with the unit in which they are counted.
    names : mapping of str to tuple of str
        English and Chinese name of each commodity and process.
    periods : tuple of str
        Of the dataset; empty where it has the year alone.
    currency : str
        Of the dataset.
    entries : tuple of Entry
        Last figures.
    prices : mapping of str to tuple of float
        Least and greatest price of each commodity at markets outside, which everybody knows.
    potential : mapping of tuple to float
        What own facilities make and use at most in a year, by site and commodity.
    """

    sites: Mapping[str, tuple[str, str]]
    subjects: Mapping[Sheet, Mapping[str, str]]
    names: Mapping[str, tuple[str, str]]
    periods: tuple[str, ...]
    currency: str
    entries: tuple[Entry, ...]
    prices: Mapping[str, tuple[float, float]]
    potential: Mapping[tuple[str, str], float]

    def last(self, sheet: Sheet, site: str, subject: str, period: str) -> list[Entry]:
        """Return last figures of the same thing at the same place."""
        wanted = (sheet, site, subject, period)
        return [one for one in self.entries if (one.sheet, one.site, one.subject, one.period) == wanted]

    def named(self, ident: str, lang: str) -> str:
        """Return id and name, as a drop-down shows them."""
        name = self.names.get(ident, ("", ""))[lang == "zh"]
        return f"{ident} {name}" if name and name != ident else ident


def context_of(ground: Ground) -> Context:
    """Return what a form is read against.

    Parameters
    ----------
    ground : Ground
        From `synergy.store.previewing.ground`.
    """
    base = ground.base
    own = base["sites"][base["sites"]["enterprise"] == ground.enterprise]
    goods, ways = base["commodities"], base["processes"]
    units = dict(zip(goods["commodity"], goods["unit"].map(counted_in), strict=True))
    return Context(
        sites=_names(own, "site"),
        subjects={
            Sheet.OFFERS: units,
            Sheet.NEEDS: units,
            Sheet.FACILITIES: dict(zip(ways["process"], ways["activity_unit"].map(counted_in), strict=True)),
        },
        names=_names(goods, "commodity") | _names(ways, "process"),
        periods=tuple(base["periods"]["period"]) if "periods" in base.given else (),
        currency=base.settings.currency,
        entries=ground.entries,
        prices=_prices(base["markets"]),
        potential=_potential(base, ground),
    )


def ground_of(base: Dataset, enterprise: str) -> Ground:
    """Return what a form stands on where there is no round yet: what the dataset says of the enterprise.

    Parameters
    ----------
    base : Dataset
        No scenario applied.
    enterprise : str
        Its id.

    Raises
    ------
    NotFoundError
        The dataset does not know it.
    """
    if enterprise not in set(base["enterprises"]["enterprise"]):
        raise refusal("not_found", what="enterprise")
    return Ground(
        round=0,
        enterprise=enterprise,
        state="",
        version=0,
        submitted=False,
        origin="dataset",
        entries=tuple(entries_of(base, enterprise)),
        base=base,
    )


def _names(frame: pd.DataFrame, column: str) -> dict[str, tuple[str, str]]:
    pairs = zip(frame["name_en"], frame["name_zh"], strict=True)
    return dict(zip(frame[column], pairs, strict=True))


def _prices(markets: pd.DataFrame) -> dict[str, tuple[float, float]]:
    priced = markets[markets["price"] > 0].groupby("commodity")["price"]
    return {str(name): (float(rows.min()), float(rows.max())) for name, rows in priced}


def _potential(base: Dataset, ground: Ground) -> dict[tuple[str, str], float]:
    capacity: dict[tuple[str, str], Decimal] = {}
    for entry in ground.entries:
        if entry.sheet is Sheet.FACILITIES:
            key = (entry.site, entry.subject)
            capacity[key] = capacity.get(key, Decimal(0)) + entry.amount
    recipes = base["recipes"]
    found: dict[tuple[str, str], float] = {}
    for (site, process), much in capacity.items():
        mine = recipes[recipes["process"] == process]
        for good, rate in zip(mine["commodity"], mine["coefficient"], strict=True):
            found[site, good] = found.get((site, good), 0.0) + abs(float(rate)) * float(much)
    return found
