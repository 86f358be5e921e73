"""Parts that the models share: bases of requests and of pages of lists, short texts, and problem documents."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from synergy.records.figures import Record

LONGEST = 200  # rows on one page
USUAL = 50
_FIGURE = r"^-?[0-9]{1,12}(\.[0-9]{1,6})?$"
Figure = Annotated[str, Field(pattern=_FIGURE, examples=["1234.5"], description="An exact decimal number as a text.")]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Words = Annotated[str, Field(max_length=1000)]
Row = TypeVar("Row")


class Given(BaseModel):
    """Base of request models; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class MoneyGiven(Given):
    """An exact amount of money with its currency."""

    amount: Figure
    currency: str = Field(min_length=3, max_length=3, pattern=r"^[A-Z]{3}$", examples=["CNY"])


class QuantityGiven(Given):
    """An exact quantity with its unit."""

    value: Figure
    unit: str = Field(min_length=1, max_length=32, examples=["t"])


class Page(Given):
    """Pagination parameters of a list."""

    limit: int = Field(USUAL, ge=1, le=LONGEST, description="Rows on one page.")
    cursor: str | None = Field(None, max_length=300, description="`next` of the page before; opaque.")


class Items(Record, Generic[Row]):
    """One page of a list, and the cursor of the next page."""

    items: list[Row]
    next: str | None


class Fault(Record):
    """One error or warning, with its location in a request or dataset."""

    pointer: str = Field(description="JSON pointer into the body, name of a parameter, or table, row and column.")
    code: str
    detail: str


class Problem(Record):
    """A problem document (RFC 9457)."""

    type: str = Field(examples=["/api/v1/problems/not_found"])
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    instance: str
    request_id: str
    errors: list[Fault] = Field(default_factory=list)

    def document(self) -> dict[str, object]:
        """Return the problem document as plain JSON, without a list of errors where there are none."""
        return self.model_dump(mode="json", exclude_defaults=True)
