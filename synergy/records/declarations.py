"""Records of declarations: their status, entries, balances, and the changes that one would make."""

from __future__ import annotations

from typing import Any

from pydantic import Field, JsonValue

from synergy.records.documents import Document
from synergy.records.figures import Ident, Money, Quantity, Record, Time, example
from synergy.records.names import Sheet

_TOLD: dict[str, JsonValue] = {
    "round": 1,
    "enterprise": "GLASS",
    "version": 2,
    "submitted": True,
    "origin": "typed",
    "reminders": 0,
    "at": "2026-03-01T08:00:00+00:00",
}
_ENTRY: dict[str, JsonValue] = {
    "sheet": "needs",
    "ident": "GLASS-1:COG:n",
    "site": "GLASS-1",
    "subject": "COG",
    "period": "",
    "amount": {"value": "60000", "unit": "kNm3"},
    "price": {"amount": "950", "currency": "CNY"},
    "other": {},
}


class Assumed(Record):
    """A default value used for a column that was not declared."""

    column: str
    value: Any
    source: str


class DeclaredEntry(Record):
    """One declared offer, need or facility."""

    sheet: Sheet
    ident: str
    site: str
    subject: str = Field(description="Commodity, or process of a facility.")
    period: str
    amount: Quantity
    price: Money | None
    other: Document
    assumed: list[Assumed]


class DeclarationHead(Record):
    """A member of a round, and whether it has declared."""

    model_config = example(_TOLD)
    round: Ident
    enterprise: str
    version: int
    submitted: bool
    origin: str
    reminders: int
    at: Time | None


class Declaration(DeclarationHead):
    """The declaration of an enterprise in a round."""

    model_config = example(
        {**_TOLD, "entries": [{**_ENTRY, "assumed": [{"column": "min_fill", "value": 0, "source": "default"}]}]}
    )
    entries: list[DeclaredEntry]


class DeclarationStored(Record):
    """The stored declaration."""

    round: Ident
    enterprise: str
    version: int
    origin: str
    entries: list[DeclaredEntry]


class ChangedEntry(Record):
    """An entry that a declaration would change: values before and after, by field."""

    sheet: Sheet
    ident: str
    site: str
    fields: dict[str, tuple[Any, Any]]


class Preview(Record):
    """Changes that a declaration would make to `origin`: the current declaration, the last one or the dataset."""

    round: Ident
    enterprise: str
    version: int
    origin: str
    entries: list[DeclaredEntry]
    added: list[DeclaredEntry]
    removed: list[DeclaredEntry]
    changed: list[ChangedEntry]
    same: int


class Balance(Record):
    """Balance of one offer or need: declared = free + committed + ended."""

    model_config = example(
        {
            "sheet": "needs",
            "ident": "GLASS-1:COG:n",
            "site": "GLASS-1",
            "commodity": "COG",
            "declared": {"value": "60000", "unit": "kNm3"},
            "free": {"value": "20000", "unit": "kNm3"},
            "committed": {"value": "40000", "unit": "kNm3"},
            "ended": {"value": "0", "unit": "kNm3"},
        }
    )
    sheet: Sheet
    ident: str
    site: str
    commodity: str
    declared: Quantity
    free: Quantity
    committed: Quantity
    ended: Quantity


class Good(Record):
    """A physical commodity that an enterprise offers or produces."""

    commodity: str
    name_en: str
    name_zh: str
