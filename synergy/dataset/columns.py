"""Vocabulary of the schema: definitions of columns and tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypedDict, Unpack

from synergy.scenario import JSON


class ColumnType(StrEnum):
    """Data type of the cells of a column."""

    ID = "id"  # a name made of letters, digits and _ - . :
    LABEL = "label"  # a key that is free text, as the name of a quality
    TEXT = "text"
    CHOICE = "choice"
    BOOLEAN = "boolean"
    NUMBER = "number"
    DATE = "date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Definition of a column: type, unit, default, bounds, reference and description in English and Chinese.

    Parameters
    ----------
    unit : str
        Unit of the number; "" for pure numbers and text.
    key, required : bool
        Part of the table's key; may not be blank.
    default : float, bool, str or None
        Value of a blank cell; None where blank stays blank (NaN or "").
    refs, choices : tuple of str
        Tables one of which must know the id; words allowed for a `ColumnType.CHOICE`.
    minimum, maximum, above : float or None
        Least and greatest number allowed; the number has to be greater than `above`.
    amount : bool
        A quantity or capacity: a zero is worth a warning.
    """

    name: str
    kind: ColumnType
    en: str
    zh: str
    unit: str = ""
    key: bool = False
    required: bool = False
    default: float | bool | str | None = None
    refs: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    amount: bool = False

    @property
    def textual(self) -> bool:
        """Whether cells are text ("" when blank)."""
        return self.kind not in (ColumnType.NUMBER, ColumnType.BOOLEAN)

    def record(self) -> dict[str, JSON]:
        """Return the column as a plain JSON record."""
        record: dict[str, JSON] = {"name": self.name, "type": str(self.kind), "description": self.en}
        record |= {"description_zh": self.zh, "key": self.key, "required": self.required}
        optional = {
            "unit": self.unit,
            "default": self.default,
            "references": list(self.refs),
            "choices": list(self.choices),
            "minimum": self.minimum,
            "maximum": self.maximum,
            "greater_than": self.above,
        }
        return record | {name: value for name, value in optional.items() if value not in (None, "", [])}


class _Rules(TypedDict, total=False):
    required: bool
    default: float
    minimum: float
    maximum: float
    above: float
    amount: bool


@dataclass(frozen=True, slots=True)
class Table:
    """Definition of a table: columns in the order written, description of a row, whether a dataset requires it."""

    name: str
    columns: tuple[Column, ...]
    en: str
    zh: str
    required: bool = False

    @property
    def key(self) -> tuple[str, ...]:
        """Columns of the unique key; empty where rows have no key."""
        return tuple(column.name for column in self.columns if column.key)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column | None:
        """Return the column of that name; None where the table has none."""
        return next((column for column in self.columns if column.name == name), None)

    def of_kind(self, *kinds: ColumnType) -> tuple[Column, ...]:
        """Return the columns of some kinds, in order."""
        return tuple(column for column in self.columns if column.kind in kinds)

    def record(self) -> dict[str, JSON]:
        """Return the table as a plain JSON record."""
        columns = [column.record() for column in self.columns]
        record: dict[str, JSON] = {"name": self.name, "required": self.required, "key": list(self.key)}
        return record | {"description": self.en, "description_zh": self.zh, "columns": columns}


def identity(name: str, en: str, zh: str) -> Column:
    """Return the id column (primary key) of a table."""
    return Column(name=name, kind=ColumnType.ID, en=en, zh=zh, key=True, required=True)


def part(name: str, en: str, zh: str, refs: Sequence[str] = ()) -> Column:
    """Return a column that is part of a composite key."""
    return Column(name=name, kind=ColumnType.ID, en=en, zh=zh, key=True, required=True, refs=tuple(refs))


def reference(name: str, table: str, en: str, zh: str, *, required: bool = True) -> Column:
    """Return a reference column: the id of a row of another table."""
    return Column(name=name, kind=ColumnType.ID, en=en, zh=zh, required=required, refs=(table,))


def text(name: str, en: str, zh: str, *, required: bool = False) -> Column:
    """Return a column of free text."""
    return Column(name=name, kind=ColumnType.TEXT, en=en, zh=zh, required=required)


def choice(name: str, en: str, zh: str, choices: Sequence[str], *, required: bool = False) -> Column:
    """Return a column of a few allowed words."""
    return Column(name=name, kind=ColumnType.CHOICE, en=en, zh=zh, choices=tuple(choices), required=required)


def flag(name: str, en: str, zh: str) -> Column:
    """Return a true/false column, false when blank."""
    return Column(name=name, kind=ColumnType.BOOLEAN, en=en, zh=zh, default=False)


def date(name: str, en: str, zh: str) -> Column:
    """Return a column of calendar dates."""
    return Column(name=name, kind=ColumnType.DATE, en=en, zh=zh)


def number(name: str, unit: str, en: str, zh: str, **rules: Unpack[_Rules]) -> Column:
    """Return a column of numbers; `rules` are fields of `Column`."""
    return Column(name=name, kind=ColumnType.NUMBER, en=en, zh=zh, unit=unit, **rules)


def amount(name: str, unit: str, en: str, zh: str, *, required: bool = False) -> Column:
    """Return a column of quantities or capacities: never negative, zero worth a warning."""
    return number(name, unit, en, zh, required=required, minimum=0.0, amount=True)


def fraction(name: str, en: str, zh: str, **rules: Unpack[_Rules]) -> Column:
    """Return a column of parts between 0 and 1."""
    bounded: _Rules = {"minimum": 0.0, "maximum": 1.0, **rules}
    return number(name, "1", en, zh, **bounded)


def names() -> tuple[Column, Column]:
    """Return the two name columns that many tables share."""
    return (text("name_en", "Name in English", "英文名称"), text("name_zh", "Name in Chinese", "中文名称"))
