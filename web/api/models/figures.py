"""Money, quantities, times and names, the same wherever they stand."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

FIGURE = r"^-?[0-9]{1,12}(\.[0-9]{1,6})?$"
Figure = Annotated[str, Field(pattern=FIGURE, examples=["1234.5"], description="An exact decimal number as a text.")]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Ident = Annotated[int, Field(ge=1, le=2**31 - 1)]
Time = Annotated[AwareDatetime, Field(examples=["2026-03-01T08:00:00+00:00"], description="RFC 3339, in UTC.")]
Words = Annotated[str, Field(max_length=1000)]


class Given(BaseModel):
    """A body: what it does not name is not taken."""

    model_config = ConfigDict(extra="forbid")


class Told(BaseModel):
    """An answer, or a part of one."""

    model_config = ConfigDict(extra="allow")


class Money(Given):
    """An amount of money, exact."""

    amount: Figure
    currency: str = Field(min_length=3, max_length=3, pattern=r"^[A-Z]{3}$", examples=["CNY"])


class Quantity(Given):
    """An amount of something, exact, with its unit."""

    value: Figure
    unit: str = Field(min_length=1, max_length=32, examples=["t"])


class Problem(Told):
    """A problem document (RFC 9457)."""

    type: str = Field(examples=["/api/v1/problems/not_found"])
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    instance: str
    request_id: str
    errors: list[Fault] = Field(default_factory=list)


class Fault(Told):
    """One place where a request or dataset is wrong."""

    pointer: str = Field(description="JSON pointer into the body, name of a parameter, or table, row and column.")
    code: str
    detail: str


Problem.model_rebuild()


def example(value: Any) -> ConfigDict:
    """Return the configuration of a model with an example."""
    return ConfigDict(json_schema_extra={"examples": [value]})
