"""Overlay of declarations on the dataset of the association; the merged dataset is frozen."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

import pandas as pd

from synergy.dataset.findings import Where, problem_of, shown
from synergy.dataset.package import write
from synergy.dataset.read import check
from synergy.dataset.schema import TABLES
from synergy.dataset.sheet import Dataset
from synergy.dataset.typed import known_as
from synergy.errors import Problem, Severity
from synergy.records.documents import Document
from synergy.records.names import Sheet
from synergy.records.rounds import Assumed
from synergy.scenario import JSON, Cell, Scenario
from synergy.store.messages import refusal
from synergy.texts import Catalogue

# table: columns of the name, of what is offered, needed or run, of its amount and of its price
COLUMNS: Mapping[Sheet, tuple[str, str, str, str]] = MappingProxyType(
    {
        Sheet.OFFERS: ("offer", "commodity", "quantity", "price"),
        Sheet.NEEDS: ("need", "commodity", "quantity", "price"),
        Sheet.FACILITIES: ("facility", "process", "capacity", "opex"),
    }
)
MARKS = frozenset({"kept", "checked"})  # of an entry, beside columns: as the dataset has it; far off, and meant
PARTS = frozenset({"qualities", "limits"})  # of an entry, beside columns: by property
BOUNDS: Mapping[str, str] = MappingProxyType({"min": "minimum", "max": "maximum"})  # of a limit, as programs call them
_HOLDERS = ("qualities", "limits", "availability")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Declared offer, need or facility of an enterprise; commodity or process, amount and site are required.

    `subject` is the commodity, or the process of a facility. `amount` is in units a year (or in the period), activity a
    year of a facility; `price` per unit: least accepted, highest paid, or cost of running. `ident` is the name of the
    row; "" for one made of site and subject. `period` "" is year-round. `other` has other columns of the table by name,
    as texts, and ``qualities`` (numbers) or ``limits`` (``minimum`` and ``maximum``) by property.
    """

    sheet: Sheet
    site: str
    subject: str
    amount: Decimal
    price: Decimal | None = None
    ident: str = ""
    period: str = ""
    other: Document = field(default_factory=dict)


def overlaid(base: Dataset, owned: Mapping[str, Sequence[Entry]]) -> Dataset:
    """Return a dataset, without a scenario, with the data of some enterprises replaced by their declarations.

    Enterprises that are not named keep their data. The result is not checked: see `checked`. Rows stay where the
    dataset has theirs, new ones follow in the order given.
    """
    sites = base["sites"]
    theirs = set(sites.loc[sites["enterprise"].isin(list(owned)), "site"])
    entries = [entry for declared in owned.values() for entry in declared]
    tables, gone = dict(base.tables), set()
    for sheet, (name, *_) in COLUMNS.items():
        frame = base[sheet]
        leaving = frame["site"].isin(theirs)
        gone |= set(frame.loc[leaving, name])
        news = [_row(entry) for entry in entries if entry.sheet is sheet]
        tables[sheet] = _in_order(_stacked(str(sheet), frame[~leaving], news), frame[name], name)
    gone -= {entry.ident for entry in entries if entry.other.get("kept")}
    stated = {entry.ident for entry in entries if not entry.other.get("kept")}
    for table in _HOLDERS:
        frame = base[table]
        tables[table] = frame[~frame["holder"].isin(gone | stated)]
    for table in ("qualities", "limits"):
        news = [row for entry in entries if not entry.other.get("kept") for row in _held(entry, table)]
        tables[table] = _stacked(table, tables[table], news)
    used = {str(sheet) for sheet in Sheet if len(tables[sheet])} | {t for t in _HOLDERS if len(tables[t])}
    return replace(base, tables=tables, given=base.given | used, scenario=Scenario())


def _in_order(frame: pd.DataFrame, names: pd.Series, name: str) -> pd.DataFrame:
    """Return a table with known rows in their original order, so that an unchanged table has the same bytes."""
    places = {ident: place for place, ident in enumerate(names)}
    order = sorted(range(len(frame)), key=lambda row: (places.get(frame[name].iloc[row], len(places)), row))
    return frame.iloc[order].reset_index(drop=True)


def _row(entry: Entry) -> dict[str, Cell]:
    """Return an entry as a row of its table, without blank fields."""
    name, subject, amount, price = COLUMNS[entry.sheet]
    row: dict[str, Cell] = {name: entry.ident, "site": entry.site, subject: entry.subject, amount: float(entry.amount)}
    if entry.period:
        row["period"] = entry.period
    if entry.price is not None:
        row[price] = float(entry.price)
    return row | beside(entry)


def beside(entry: Entry) -> dict[str, Cell]:
    """Return the additional columns of an entry that take effect, by their names in the table.

    Columns of name, site, subject, amount, price and period are left out: the fields of the entry give them.
    """
    found: dict[str, Cell] = {}
    for key in sorted(entry.other.keys() - PARTS - MARKS, key=lambda key: (key != known_as(entry.sheet, key), key)):
        name = known_as(entry.sheet, key)
        if name not in _fields(entry.sheet):
            found.setdefault(name, entry.other[key])
    return found


def _fields(sheet: Sheet) -> Mapping[str, str]:
    """Return the table columns filled by fields of an entry, with the names of these fields."""
    name, subject, amount, price = COLUMNS[sheet]
    own = {name: "ident", subject: "subject", amount: "amount", price: "price"}
    return {**own, "site": "site", "period": "period"}


def unused(where: Where, name: str, instead: str) -> Problem:
    """Return the warning that an additional column has no effect, and that a field of the entry (`instead`) counts."""
    said, hint, hint_zh = shown(name), f"`{instead}` of the entry counts", f"以条目的 `{instead}` 为准"
    if not instead:
        hint, hint_zh = "the name has another meaning", "该名称另有含义"
    en, zh = f"`{said}` among the other columns is not used", f"其他列中的 `{said}` 未使用"
    return Problem(*where, said, en, hint, Severity.WARNING, "form_column", zh, hint_zh)


def _faults(entry: Entry, row: int) -> Iterable[Problem]:
    """Yield the problems of additional columns of an entry, which the reader of the dataset cannot see."""
    where = Where(str(entry.sheet), row, "other")
    for name, value in entry.other.items():
        field = _fields(entry.sheet).get(known_as(entry.sheet, name))
        fits = _by_property(name, value) if name in PARTS else not isinstance(value, list | Mapping)
        if not fits:
            expected, chinese = _EXPECTED.get(name, _EXPECTED["other"])
            told = {"expected": expected, "expected_zh": chinese, "hint": ""}
            yield problem_of("wrong_kind", where, f"{name}: {value}", told)
        elif field is not None and name not in PARTS:
            yield unused(where, name, field)


_EXPECTED = Catalogue(
    {
        "qualities": ("a number for each property", "每个指标一个数值"),
        "limits": ("minimum and maximum for each property", "每个指标的 minimum 和 maximum"),
        "other": ("text or a number", "文本或数字"),
    }
)


def _by_property(table: str, value: JSON) -> bool:
    """Return whether a value is a valid mapping of qualities or limits by property."""
    if not isinstance(value, Mapping):
        return False
    if table == "qualities":
        return not any(isinstance(one, list | Mapping) for one in value.values())
    names = {*BOUNDS, *BOUNDS.values()}
    return all(
        isinstance(one, Mapping)
        and not one.keys() - names
        and not any(isinstance(x, list | Mapping) for x in one.values())
        for one in value.values()
    )


def _held(entry: Entry, table: str) -> Iterable[dict[str, Cell]]:
    """Yield the rows of qualities or limits stated by an entry; invalid ones are reported by `checked`."""
    stated = entry.other.get(table, {})
    for name, value in stated.items() if _by_property(table, stated) else ():
        row = {"holder": entry.ident, "commodity": entry.subject, "property": name}
        yield row | (
            {"value": value} if table == "qualities" else {BOUNDS.get(key, key): x for key, x in value.items()}
        )


def _stacked(table: str, frame: pd.DataFrame, rows: Sequence[Mapping[str, Cell]]) -> pd.DataFrame:
    """Return a table with rows appended, as text and numbers accepted by the reader."""
    if not rows:
        return frame
    kinds = {column.name: column for column in TABLES[table].columns}
    columns = list(dict.fromkeys([*frame.columns, *(name for row in rows for name in row)]))
    made: dict[str, pd.Series] = {}
    for name in columns:
        column = kinds.get(name)
        blank = "" if column is None or column.textual else column.default
        old = list(frame[name]) if name in frame else [None] * len(frame)
        cells = [*old, *(row.get(name, blank) for row in rows)]
        texts = column is None or column.textual or any(isinstance(cell, str) for cell in cells)
        made[name] = pd.Series([_text(cell) for cell in cells], dtype=object) if texts else pd.Series(cells)
    return pd.DataFrame(made)


def _text(cell: object) -> str:
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    return str(cell).lower() if isinstance(cell, bool) else str(cell)


def checked(
    dataset: Dataset, own: Mapping[str, Sequence[Entry]] | None = None
) -> tuple[Dataset | None, tuple[Problem, ...]]:
    """Return an overlaid dataset as read and validated, with its problems.

    With `own`, these are the problems of those entries alone, by table and their number there, from 1.
    """
    with TemporaryDirectory(prefix="synergy-") as name:
        write(dataset, Path(name) / "dataset")
        found, problems = check(Path(name) / "dataset")
    if own is None:
        return found, problems
    entries = [entry for declared in own.values() for entry in declared]
    return found, tuple(_theirs(dataset, entries, problems))


def _theirs(dataset: Dataset, entries: Collection[Entry], problems: Iterable[Problem]) -> Iterable[Problem]:
    """Yield the problems of declared rows, with the number of the entry; details of other rows are withheld."""
    number: dict[tuple[str, str], int] = {}
    for entry in entries:
        number[entry.sheet, entry.ident] = 1 + sum(sheet == entry.sheet for sheet, _ in number)
        yield from _faults(entry, number[entry.sheet, entry.ident])
    for problem in problems:
        known = COLUMNS.get(Sheet(problem.table)) if problem.table in set(Sheet) else None
        if known is not None and problem.row == 1:  # the header: of who names the column, else of nobody
            named = [one for one in entries if one.sheet == problem.table and problem.column in beside(one)]
            if problem.severity is not Severity.ERROR:
                named = named[-1:]
            yield from (replace(problem, row=number[one.sheet, one.ident]) for one in named)
            if not named and problem.severity is Severity.ERROR:
                yield replace(problem, row=None, value="")
        elif known is not None and problem.row is not None:
            ident = dataset.tables[problem.table][known[0]].iloc[problem.row - 2]  # the header is line 1
            if (problem.table, ident) in number:
                yield replace(problem, row=number[problem.table, ident])
        elif problem.severity is Severity.ERROR:
            yield replace(problem, row=None, value="")


def filled(base: Dataset, enterprise: str, entries: Sequence[Entry]) -> tuple[list[Entry], list[list[Assumed]]]:
    """Return entries completed with names and library data of a dataset, and assumptions; refuse sites of others."""
    sites = base["sites"]
    own = set(sites.loc[sites["enterprise"] == enterprise, "site"])
    taken = set(base["enterprises"]["enterprise"])
    for table, column in (("stores", "store"), ("markets", "market"), ("processes", "process")):
        taken |= set(base[table][column])
    for sheet, (column, *_) in COLUMNS.items():  # names of rows of others
        taken |= set(base[sheet].loc[~base[sheet]["site"].isin(own), column])
    done, said = [], []
    for entry in entries:
        if entry.site not in own:
            raise refusal("not_found", what="site")
        wanted = entry.ident or f"{entry.site}:{entry.subject}:{str(entry.sheet)[0]}"
        ident, count = wanted, 1
        while ident in taken:  # a given name that is taken is prefixed with the enterprise
            ident = f"{enterprise}:{wanted}" if entry.ident and count == 1 else f"{wanted}:{count}"
            count += 1
        taken.add(ident)
        whole, assumed = _completed(base, replace(entry, ident=ident))
        done.append(whole)
        said.append(assumed)
    return done, said


def _completed(base: Dataset, entry: Entry) -> tuple[Entry, list[Assumed]]:
    """Return an entry completed with library data, and the assumptions made."""
    assumed = []
    if entry.price is None and entry.sheet is Sheet.FACILITIES:
        known = base["processes"].set_index("process")["opex"]
        value = float(known[entry.subject]) if entry.subject in known.index else None
        assumed.append(Assumed(column="opex", value=value, source="library"))
    elif entry.price is None:
        assumed.append(Assumed(column="price", value=0, source="default"))
    other = dict(entry.other)
    if not other.get("kept"):
        if entry.sheet is Sheet.OFFERS and "qualities" not in other:
            found = _qualities(base, entry)
            if found:
                other["qualities"] = found
                assumed += [Assumed(column=f"quality {key}", value=one, source="library") for key, one in found.items()]
        named = {*COLUMNS[entry.sheet], "site", "period", *other}
        for column in TABLES[entry.sheet].columns:
            if column.name not in named and column.default is not None:
                assumed.append(Assumed(column=column.name, value=column.default, source="default"))
    return replace(entry, other=other), assumed


def _qualities(base: Dataset, entry: Entry) -> dict[str, float]:
    """Return the qualities of a commodity as made by the process at the site, else by the only known maker."""
    recipes, facilities, qualities = base["recipes"], base["facilities"], base["qualities"]
    makers = set(recipes.loc[(recipes["commodity"] == entry.subject) & (recipes["coefficient"] > 0), "process"])
    here = makers & set(facilities.loc[facilities["site"] == entry.site, "process"])
    stated = qualities[(qualities["commodity"] == entry.subject) & qualities["holder"].isin(here or makers)]
    if stated["holder"].nunique() != 1:
        return {}
    return {str(name): float(value) for name, value in zip(stated["property"], stated["value"], strict=True)}
