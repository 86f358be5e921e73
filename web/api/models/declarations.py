"""Models of declarations."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field
from synergy.web.api.models.records import Fault, Figure, Given, Ident, Money, Name, Quantity, Time, Told, example

from synergy.store.names import Sheet

Cell = Annotated[str, Field(max_length=200)] | float | bool
_TOLD = {
    "round": 1,
    "enterprise": "GLASS",
    "version": 2,
    "submitted": True,
    "origin": "typed",
    "reminders": 0,
    "at": "2026-03-01T08:00:00+00:00",
}
_ENTRY = {
    "sheet": "needs",
    "ident": "GLASS-1:COG:n",
    "site": "GLASS-1",
    "subject": "COG",
    "period": "",
    "amount": {"value": "60000", "unit": "kNm3"},
    "price": {"amount": "950", "currency": "CNY"},
    "other": {},
}


class Bound(Given):
    """Lower and upper bound of a property."""

    min: float | None = None
    max: float | None = None


class More(Given):
    """Optional parts of an entry: qualities of an offer, limits of a need, and further columns by name."""

    qualities: dict[Name, float] = Field(default_factory=dict, max_length=40)
    limits: dict[Name, Bound] = Field(default_factory=dict, max_length=40)
    columns: dict[Name, Cell] = Field(default_factory=dict, max_length=40, description="Of the table, by name.")


class EntryGiven(Given):
    """One offer, need or facility; sheet, site, subject and amount are required."""

    sheet: Sheet
    site: Name
    subject: Name = Field(description="Commodity, or process of a facility.")
    amount: Figure | Quantity = Field(description="A year, or in the period; a bare text is in the subject's own unit.")
    price: Figure | Money | None = Field(None, description="Least accepted, most paid, or cost of running; per unit.")
    ident: str = Field("", max_length=64, description="Name of the row; blank for a new one.")
    period: str = Field("", max_length=64)
    checked: bool = Field(False, description="Figures far from the last ones, or from the market's, are meant.")
    other: More = Field(default_factory=More)


class DeclarationGiven(Given):
    """A declaration of an enterprise; earlier rows that it does not mention are kept."""

    model_config = Given.model_config | example(
        {"entries": [{"sheet": "needs", "site": "GLASS-1", "subject": "COG", "amount": "60000", "price": "950"}]}
    )
    entries: list[EntryGiven] = Field(max_length=2000)
    withdraw: list[Name] = Field(default_factory=list, max_length=2000, description="Names of rows that are withdrawn.")
    only: bool = Field(False, description="All that is not among the entries is withdrawn.")


class Assumed(Told):
    """A default value used for a column that was not declared."""

    column: str
    value: Any
    source: str


class EntryTold(Told):
    """One declared offer, need or facility."""

    sheet: Sheet
    ident: str
    site: str
    subject: str
    period: str
    amount: Quantity
    price: Money | None
    other: dict[str, Any]
    assumed: list[Assumed]


class DeclarationHead(Told):
    """A member of a round, and whether it has declared."""

    model_config = example(_TOLD)
    round: Ident
    enterprise: str
    version: int
    submitted: bool
    origin: str
    reminders: int
    at: Time | None


class DeclarationHeads(Told):
    """One page of the members of a round, by name."""

    items: list[DeclarationHead]
    next: str | None


class Declaration(DeclarationHead):
    """The declaration of an enterprise in a round."""

    model_config = example(
        {**_TOLD, "entries": [{**_ENTRY, "assumed": [{"column": "min_fill", "value": 0, "source": "default"}]}]}
    )
    entries: list[EntryTold]


class Declared(Told):
    """The stored or checked declaration, with warnings about unusual values."""

    model_config = example(
        {"round": 1, "enterprise": "GLASS", "version": 2, "origin": "typed", "entries": [], "warnings": []}
    )
    round: Ident
    enterprise: str
    version: int
    origin: str
    entries: list[EntryTold]
    warnings: list[Fault]


class Balance(Told):
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


class Balances(Told):
    """One page of balances."""

    items: list[Balance]
    next: str | None
