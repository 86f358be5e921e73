"""Models of declarations."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from synergy.web.api.models.parts import Fault, Figure, Given, Items, MoneyGiven, Name, QuantityGiven

from synergy.records.declarations import Balance, DeclarationHead, DeclarationStored
from synergy.records.figures import example
from synergy.records.names import Sheet

Cell = Annotated[str, Field(max_length=200)] | float | bool


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
    amount: Figure | QuantityGiven = Field(
        description="A year, or in the period; a bare text is in the subject's own unit."
    )
    price: Figure | MoneyGiven | None = Field(
        None, description="Least accepted, most paid, or cost of running; per unit."
    )
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


class DeclarationHeads(Items[DeclarationHead]):
    """One page of the members of a round, by name."""


class Declared(DeclarationStored):
    """The stored or checked declaration, with warnings about unusual values."""

    model_config = example(
        {"round": 1, "enterprise": "GLASS", "version": 2, "origin": "typed", "entries": [], "warnings": []}
    )
    warnings: list[Fault]


class Balances(Items[Balance]):
    """One page of balances."""
