"""Uncertain figures: declared as an interval, left at a default, or an unstated quality."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

import numpy as np
import pandas as pd

from synergy.candidates.candidates import ExclusionReason, quality_rows
from synergy.dataset.schema import TABLES
from synergy.dataset.sheet import Dataset
from synergy.model.build import Model
from synergy.network.ends import EndKind
from synergy.network.network import Network
from synergy.network.places import Bools, Floats
from synergy.proposals.names import Names, names
from synergy.texts import Catalogue

APART = ("indicators", "deals")  # tables that enter no plan
# one price is one figure wherever it is paid: rows that share these columns move together
TOGETHER: Mapping[tuple[str, str], str] = MappingProxyType({("markets", "price"): "commodity"})


class Origin(StrEnum):
    """Reason why a figure is uncertain."""

    DECLARED = "declared"  # an interval stands beside it
    DEFAULT = "default"  # it stands at its default, which may mean that nobody said anything
    UNSTATED = "unstated"  # a quality that an inlet limits and the outlet does not state


# English, Chinese
SAID = Catalogue(
    {
        "markets": ("market price of {commodity} (markets: {count})", "{commodity}的市场价格（{count} 个市场）"),
        "quality": ("{name} of {commodity} from {holder}", "{holder}所供{commodity}的{name}"),
        "cell": ("{column}: {row} ({about})", "{column}：{row}（{about}）"),
        Origin.DECLARED: ("declared", "申报区间"),
        Origin.DEFAULT: ("at its default", "取默认值"),
        Origin.UNSTATED: ("not stated", "未申报"),
    }
)


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One table row of an uncertain figure.

    `place` is the position in the table, -1 where there is no row yet; `line` that of the file, the header being line
    1; `key` its ids. `low`, `value` and `high` are the interval and nominal value, NaN where nothing is stated.
    """

    place: int
    line: int | None
    key: tuple[str, ...]
    low: float
    value: float
    high: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One uncertain figure: a cell, or the price of a commodity at all its markets.

    Its rows move to their low ends, or to their high ends, together.
    """

    table: str
    column: str
    rows: tuple[FigureRow, ...]
    origin: Origin

    @property
    def ends(self) -> tuple[str, ...]:
        """Return the ends, ``low`` and ``high``, at which some row differs from its value."""
        return tuple(
            end
            for end in ("low", "high")
            if any(not np.isnan(getattr(row, end)) and getattr(row, end) != row.value for row in self.rows)
        )


def changed(dataset: Dataset, figure: Figure, end: str) -> Dataset:
    """Return the dataset with one of its figures set to an end, ``low`` or ``high``."""
    table = dataset[figure.table].copy()
    for row in figure.rows:
        value = getattr(row, end)
        if row.place >= 0:
            table.loc[table.index[row.place], figure.column] = value
        else:
            cells = dict(zip(TABLES[figure.table].key, row.key, strict=True)) | {figure.column: value}
            table = pd.concat([table, pd.DataFrame([cells])], ignore_index=True)
    return replace(dataset, tables={**dataset.tables, figure.table: table})


def figures_of(dataset: Dataset, model: Model) -> list[Figure]:
    """Return all uncertain figures of a dataset.

    `model` is that of the dataset, with the exchanges that an unstated quality excludes.
    """
    return [*_declared(dataset), *_prices(dataset), *_opex(dataset), *_qualities(dataset, model)]


def _rows(dataset: Dataset, table: str, wide: Bools, numbers: tuple[Floats, Floats, Floats]) -> Iterator[FigureRow]:
    """Yield the rows of a table selected by a mask, with low, value and high."""
    frame, keys = dataset[table], TABLES[table].key
    for place in np.flatnonzero(wide).tolist():
        key = tuple(str(frame[name].iloc[place]) for name in keys)
        low, value, high = (float(part[place]) for part in numbers)
        yield FigureRow(place, int(frame.index[place]), key, low, value, high)


def _declared(dataset: Dataset) -> Iterator[Figure]:
    """Yield the figures with a declared interval."""
    for name, table in TABLES.items():
        frame = dataset[name]
        for column in table.numbers if name not in APART and len(frame) else ():
            value = frame[column.name].to_numpy(float)
            ends = [frame.get(f"{column.name}_{end}") for end in ("low", "high")]
            low, high = (value if end is None else end.fillna(frame[column.name]).to_numpy(float) for end in ends)
            rows = tuple(_rows(dataset, name, (low < value) | (value < high), (low, value, high)))
            group = TOGETHER.get((name, column.name))
            if group is None:
                yield from (Figure(name, column.name, (row,), Origin.DECLARED) for row in rows)
            else:
                of: dict[str, list[FigureRow]] = {}
                for row in rows:
                    of.setdefault(str(frame[group].iloc[row.place]), []).append(row)
                yield from (Figure(name, column.name, tuple(part), Origin.DECLARED) for part in of.values())


def _prices(dataset: Dataset) -> Iterator[Figure]:
    """Yield the zero prices of offers and needs, with the highest price of the commodity as the high end."""
    paid: dict[str, float] = {}
    for name in ("markets", "needs", "offers", "deals"):
        for commodity, price in zip(dataset[name]["commodity"], dataset[name]["price"].fillna(0.0), strict=True):
            paid[commodity] = max(paid.get(commodity, 0.0), float(price))
    for name in ("offers", "needs"):
        frame = dataset[name]
        value = frame["price"].to_numpy(float)
        high = np.asarray(frame["commodity"].map(paid), float)
        silent = (value == 0) & (high > 0)
        for column in ("price_low", "price_high"):
            silent &= frame[column].isna().to_numpy(bool) if column in frame else np.ones(len(frame), dtype=bool)
        for row in _rows(dataset, name, silent, (value, value, high)):
            yield Figure(name, "price", (row,), Origin.DEFAULT)


def _opex(dataset: Dataset) -> Iterator[Figure]:
    """Yield the blank opex of facilities, with the range over the process and its other facilities."""
    frame = dataset["facilities"]
    stated = frame.groupby("process")["opex"].agg(["min", "max"]).reindex(frame["process"])
    usual = dataset["processes"].set_index("process")["opex"].reindex(frame["process"]).to_numpy(float)
    low, high = np.fmin(stated["min"].to_numpy(float), usual), np.fmax(stated["max"].to_numpy(float), usual)
    blank = frame["opex"].isna().to_numpy(bool) & (low < high)
    for row in _rows(dataset, "facilities", blank, (low, usual, high)):
        yield Figure("facilities", "opex", (row,), Origin.DEFAULT)


def _qualities(dataset: Dataset, model: Model) -> Iterator[Figure]:
    """Yield the unstated qualities that exclude exchanges, at a value within all limits of their inlets."""
    network = model.candidates.network
    arc = np.flatnonzero((model.candidates.reason == ExclusionReason.QUALITY_UNSTATED).any(axis=1))
    if not len(arc):
        return
    rows = quality_rows(network)
    pairs = pd.DataFrame({"sink": network.arcs.inlet[arc], "source": network.arcs.outlet[arc]}).merge(rows, on="sink")
    signature = network.sources.signature[pairs["source"].to_numpy(int)]
    silent = np.isnan(network.qualities.values[signature, pairs["property"].to_numpy(int)])
    seen: set[tuple[str, ...]] = set()
    for (source, prop), of in pairs[silent].groupby(["source", "property"], sort=True):
        value = float(pd.Series([of["minimum"].max(), of["maximum"].min()]).mean())  # either may be absent
        name = str(network.qualities.properties[int(prop)])
        for end in np.flatnonzero(network.outlets.group == int(source)).tolist():
            commodity = str(network.places.commodities[network.outlets.commodity[end]])
            key = (_holder(dataset, network, end), commodity, name)
            if key not in seen:
                seen.add(key)
                yield Figure("qualities", "value", (FigureRow(-1, None, key, np.nan, np.nan, value),), Origin.UNSTATED)


def _holder(dataset: Dataset, network: Network, end: int) -> str:
    """Return the id of an outlet's holder in `qualities`: offer, store, market or process."""
    kind, ref = EndKind(int(network.outlets.kind[end])), int(network.outlets.ref[end])
    if kind is EndKind.UNIT:
        return str(network.places.processes[network.units.process[ref]])
    table = {EndKind.OFFER: "offers", EndKind.STORE: "stores", EndKind.MARKET: "markets"}[kind]
    return str(dataset[table][TABLES[table].key[0]].iloc[ref])


def subject(dataset: Dataset, figure: Figure, lang: str) -> str:
    """Return the description of a figure in words."""
    said, row = names(dataset, lang), figure.rows[0]
    if figure.origin is Origin.UNSTATED:
        holder, commodity, name = row.key
        called = {"name": name, "commodity": said.commodity[commodity], "holder": _called(dataset, said, holder)}
        return SAID.say("quality", lang, **called)
    cells = dataset[figure.table].iloc[row.place]
    if figure.table == "markets" and figure.column == "price":
        return SAID.say("markets", lang, commodity=said.commodity[str(cells["commodity"])], count=len(figure.rows))
    column = TABLES[figure.table].by_name.get(figure.column)
    assert column is not None
    kinds = (("commodity", said.commodity), ("process", said.process), ("site", said.site), ("enterprise", said.owner))
    about = [of.get(str(cells[name]), str(cells[name])) for name, of in kinds if name in cells.index and cells[name]]
    joined = ("、" if lang == "zh" else ", ").join(about) or figure.table
    title = column.zh if lang == "zh" else column.en
    return SAID.say("cell", lang, column=title, row=" / ".join(row.key), about=joined)


def _called(dataset: Dataset, said: Names, holder: str) -> str:
    """Return the name of the holder of a quality: the process, or the site of an offer or store."""
    if holder in said.process:
        return said.process[holder]
    for table, key in (("offers", "offer"), ("stores", "store")):
        rows = dataset[table]
        here = rows.loc[rows[key] == holder, "site"]
        if len(here):
            return said.site[str(here.iloc[0])]
    return holder
