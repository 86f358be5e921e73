"""What a form is read against: the enterprise's own places and figures, and what is public of the dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

import pandas as pd

from synergy.dataset.dataset import Dataset
from synergy.store.declaring import entries_of
from synergy.store.names import Sheet
from synergy.store.overlay import Entry
from synergy.store.previewing import Ground
from synergy.store.words import refusal
from synergy.texts import say
from synergy.units import counted_in

Place = tuple[str, str]  # a site, and a process or commodity there


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
    made, used : mapping of tuple of str to float
        What own facilities make, and use, at most in a year, by site and commodity.
    """

    sites: Mapping[str, tuple[str, str]]
    subjects: Mapping[Sheet, Mapping[str, str]]
    names: Mapping[str, tuple[str, str]]
    periods: tuple[str, ...]
    currency: str
    entries: tuple[Entry, ...]
    prices: Mapping[str, tuple[float, float]]
    made: Mapping[Place, float]
    used: Mapping[Place, float]

    def last(self, sheet: Sheet, site: str, subject: str, period: str) -> list[Entry]:
        """Return last figures of the same thing at the same place."""
        wanted = (sheet, site, subject, period)
        return [one for one in self.entries if (one.sheet, one.site, one.subject, one.period) == wanted]

    def named(self, ident: str, lang: str) -> str:
        """Return id and name, as a drop-down shows them."""
        name = say(self.names.get(ident, ("", "")), lang)
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
    public = _public(base)
    made, used = _potential(public.rates, ground.entries)
    return Context(
        sites=_names(own, "site"),
        subjects=public.subjects,
        names=public.names,
        periods=public.periods,
        currency=base.settings.currency,
        entries=ground.entries,
        prices=public.prices,
        made=made,
        used=used,
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


@dataclass(frozen=True, slots=True)
class _Public:
    """What a dataset tells everybody who fills in a form; `rates` are what a process makes or uses (below 0)."""

    subjects: Mapping[Sheet, Mapping[str, str]]
    names: Mapping[str, tuple[str, str]]
    periods: tuple[str, ...]
    prices: Mapping[str, tuple[float, float]]
    rates: Mapping[str, Sequence[tuple[str, float]]]


@lru_cache(maxsize=8)
def _public(base: Dataset) -> _Public:
    goods, ways, recipes = base["commodities"], base["processes"], base["recipes"]
    units = dict(zip(goods["commodity"], goods["unit"].map(counted_in), strict=True))
    running = dict(zip(ways["process"], ways["activity_unit"].map(counted_in), strict=True))
    rates: dict[str, list[tuple[str, float]]] = {}
    for process, good, rate in zip(recipes["process"], recipes["commodity"], recipes["coefficient"], strict=True):
        rates.setdefault(process, []).append((good, float(rate)))
    return _Public(
        subjects={Sheet.OFFERS: units, Sheet.NEEDS: units, Sheet.FACILITIES: running},
        names=_names(goods, "commodity") | _names(ways, "process"),
        periods=tuple(base["periods"]["period"]) if "periods" in base.given else (),
        prices=_prices(base["markets"]),
        rates=rates,
    )


def _names(frame: pd.DataFrame, column: str) -> dict[str, tuple[str, str]]:
    pairs = zip(frame["name_en"], frame["name_zh"], strict=True)
    return dict(zip(frame[column], pairs, strict=True))


def _prices(markets: pd.DataFrame) -> dict[str, tuple[float, float]]:
    priced = markets[markets["price"] > 0].groupby("commodity")["price"]
    return {str(name): (float(rows.min()), float(rows.max())) for name, rows in priced}


def _potential(
    rates: Mapping[str, Sequence[tuple[str, float]]], entries: Sequence[Entry]
) -> tuple[dict[Place, float], dict[Place, float]]:
    capacity: dict[Place, Decimal] = {}
    for entry in entries:
        if entry.sheet is Sheet.FACILITIES:
            key = (entry.site, entry.subject)
            capacity[key] = capacity.get(key, Decimal(0)) + entry.amount
    made: dict[Place, float] = {}
    used: dict[Place, float] = {}
    for (site, process), much in capacity.items():
        for good, rate in rates.get(process, ()):
            found = made if rate > 0 else used
            found[site, good] = found.get((site, good), 0.0) + abs(rate) * float(much)
    return made, used
