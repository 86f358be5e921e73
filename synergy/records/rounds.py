"""Records of rounds: their state, set-up, members, declarations, rulings and public totals."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, JsonValue

from synergy.records.documents import Document
from synergy.records.figures import AT, Ident, Money, Quantity, Record, Time, example
from synergy.records.names import Sheet, State

_TOLD: dict[str, JsonValue] = {
    "round": 1,
    "enterprise": "GLASS",
    "version": 2,
    "submitted": True,
    "origin": "typed",
    "reminders": 0,
    "at": AT,
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


class Round(Record):
    """Public facts of a round."""

    model_config = example(
        {
            "round": 1,
            "name": "spring",
            "state": "declaring",
            "version": 2,
            "deadline": "2026-03-31T16:00:00+00:00",
            "answer_by": None,
            "anonymous": False,
            "created": AT,
            "members": 57,
            "declared": 12,
        }
    )
    round: Ident
    name: str
    state: State
    version: int
    deadline: Time | None
    answer_by: Time | None
    anonymous: bool
    created: Time
    members: int
    declared: int


class Setup(Record):
    """Dataset, scenario and options of a round."""

    model_config = example(
        {
            "round": 3,
            "dataset": "lvliang",
            "base": "3f" * 32,
            "frozen": None,
            "scenario": {"name": "base"},
            "options": {},
            "previous": None,
            "creator": "anna",
        }
    )
    round: Ident
    dataset: str
    base: str = Field(description="Digest of the dataset.")
    frozen: str | None = Field(description="Digest of the dataset with what was declared, once that is closed.")
    scenario: Document
    options: Document
    previous: int | None
    creator: str


class RoundNames(Record):
    """Currency of a round, and the labels of its ids by table (`synergy.records.files`)."""

    currency: str
    labels: dict[str, dict[str, Document]]


class Moved(Record):
    """The new state and version of a round."""

    model_config = example({"round": 1, "version": 3, "state": "frozen"})
    round: Ident
    version: int
    state: State


class Reminded(Moved):
    """A round after a reminder, with the enterprises that it went to."""

    model_config = example({"round": 1, "version": 3, "state": "declaring", "reminded": ["GLASS"]})
    reminded: list[str]


class Frozen(Moved):
    """A round whose declarations are closed: digest of its dataset, and the enterprises that declared nothing."""

    model_config = example(
        {"round": 1, "version": 4, "state": "frozen", "snapshot": "3f" * 32, "undeclared": ["GLASS"]}
    )
    snapshot: str
    undeclared: list[str]


class Concluded(Moved):
    """A round that is over, with the partnerships that it made."""

    model_config = example({"round": 1, "version": 9, "state": "concluded", "partnerships": [4]})
    partnerships: list[int]


class Ruled(Moved):
    """A round after a new ruling."""

    model_config = example({"round": 1, "version": 6, "state": "review", "ruling": 3})
    ruling: Ident


class Ruling(Record):
    """A ruling of a round, made by a planner or derived from an answer."""

    model_config = example(
        {
            "ruling": 3,
            "match": 7,
            "kind": "forbid",
            "cause": "planner",
            "pattern": {"from_enterprise": "EAST", "commodity": "COG"},
            "withdrawn": False,
            "at": AT,
            "actor": "anna",
        }
    )
    ruling: Ident
    match: Ident | None
    kind: Literal["forbid", "fix", "cap", "build", "price", "note"]
    cause: str
    pattern: Document
    withdrawn: bool
    at: Time
    actor: str


class Member(Record):
    """A member of a round: the status of its declaration, and its number of rows by table."""

    enterprise: str
    submitted: bool
    origin: str
    reminders: int
    version: int
    at: Time | None
    rows: dict[str, int]


class Doubt(Record):
    """A declared row to review before the declarations are frozen."""

    model_config = example(
        {
            "enterprise": "GLASS",
            "sheet": "needs",
            "ident": "GLASS-1:LNG:n",
            "site": "GLASS-1",
            "subject": "LNG",
            "period": "",
            "amount": {"value": "70000", "unit": "t"},
            "price": None,
            "why": ["required"],
        }
    )
    enterprise: str
    sheet: Sheet
    ident: str
    site: str
    subject: str
    period: str
    amount: Quantity
    price: Money | None
    why: list[Literal["required", "must_clear", "must_run", "checked", "large"]]


class Telltale(Record):
    """A commodity whose exchange names a partner of an anonymous round, because few have it."""

    commodity: str
    name_en: str
    name_zh: str


class Aggregate(Record):
    """Total quantity of one commodity exchanged between enterprises; published for large enough groups only."""

    model_config = example({"commodity": "COG", "quantity": {"value": "120000", "unit": "kNm3"}, "enterprises": 6})
    commodity: str
    quantity: Quantity
    enterprises: int


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


class Preview(DeclarationStored):
    """Changes that a declaration would make to `origin`: the current declaration, the last one or the dataset."""

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
