"""Models of plans, comparisons, events, accounts, tokens, datasets and schemas."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from synergy.web.api.dispatch import Page

from synergy.store.access import SCOPES
from synergy.store.names import Role

FIGURE = r"^-?[0-9]{1,12}(\.[0-9]{1,6})?$"
Figure = Annotated[str, Field(pattern=FIGURE, examples=["1234.5"], description="An exact decimal number as a text.")]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Ident = Annotated[int, Field(ge=1, le=2**31 - 1)]
Time = Annotated[AwareDatetime, Field(examples=["2026-03-01T08:00:00+00:00"], description="RFC 3339, in UTC.")]
Words = Annotated[str, Field(max_length=1000)]
_AT = "2026-03-01T08:00:00+00:00"
_MAC = "5d" * 32


class Given(BaseModel):
    """Base of request models; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class Told(BaseModel):
    """Base of response models; additional fields are allowed."""

    model_config = ConfigDict(extra="allow")


class Money(Given):
    """An exact amount of money with its currency."""

    amount: Figure
    currency: str = Field(min_length=3, max_length=3, pattern=r"^[A-Z]{3}$", examples=["CNY"])


class Quantity(Given):
    """An exact quantity with its unit."""

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
    """One error or warning, with its location in a request or dataset."""

    pointer: str = Field(description="JSON pointer into the body, name of a parameter, or table, row and column.")
    code: str
    detail: str


Problem.model_rebuild()


def example(value: Any) -> ConfigDict:
    """Return a model configuration with an example."""
    return ConfigDict(json_schema_extra={"examples": [value]})


class Proof(Told):
    """Bounds on the value of a plan, in money per year: proved by its duals, and claimed by the solver."""

    model_config = example({"dual": 1.02, "solver": 1.01})
    dual: float | None
    solver: float | None


class PlanDocument(Told):
    """The plan document, as printed by `synergy match --json`; its schema is at `/schemas/plan`."""

    model_config = example(
        {"schema": "synergy/plan/1", "status": "optimal", "value": 1.0, "bound": 1.01, "gap": 0.01, "proposals": []}
    )
    schema_: str = Field(alias="schema")
    status: Literal["optimal", "feasible"]
    value: float
    bound: float | None
    gap: float | None
    proof: Proof | None = Field(None, description="Missing in documents of earlier releases.")
    proposals: list[dict[str, Any]]


class Labels(Told):
    """Names, counties, units and evidence marks of the ids in a plan, by table and id."""

    model_config = example(
        {
            "round": 1,
            "match": 7,
            "currency": "CNY",
            "digest": "9b" * 32,
            "chain": {"number": 41, "mac": _MAC},
            "labels": {"enterprises": {"EAST": {"name_en": "East Coking", "name_zh": "东部焦化"}}},
        }
    )
    round: Ident
    match: Ident
    currency: str
    digest: str
    chain: Head
    labels: dict[str, dict[str, dict[str, Any]]]


class Head(Told):
    """Head of the audit chain."""

    number: int
    mac: str


class CompareQuery(Given):
    """Two runs with plans."""

    first: Ident
    second: Ident


class Comparison(Told):
    """New, lost and changed proposals between two runs, and the inputs that explain them."""

    model_config = example(
        {
            "value": [{"amount": "91", "currency": "CNY"}, {"amount": "95.5", "currency": "CNY"}],
            "gain": [None, None],
            "apart": True,
            "sole": {"cause": "setting", "what": "carbon_price"},
            "unproposed": [False, False],
            "inputs": {"settings": ["carbon_price"], "rulings": [], "rows": []},
            "new": [],
            "lost": [],
            "changed": [],
        }
    )
    value: list[Money | None]
    gain: list[Money | None]
    apart: bool
    sole: dict[str, Any] | None
    unproposed: list[bool]
    inputs: dict[str, Any]
    new: list[dict[str, Any]]
    lost: list[dict[str, Any]]
    changed: list[dict[str, Any]]


class Event(Told):
    """One event of the audit chain."""

    model_config = example(
        {
            "number": 41,
            "at": _AT,
            "actor": "anna",
            "action": "round.open",
            "subject": "round:1",
            "round": 1,
            "detail": {"state": "declaring", "version": 2},
            "mac": _MAC,
        }
    )
    number: int
    at: Time
    actor: str
    action: str
    subject: str
    round: Ident | None
    detail: dict[str, Any]
    mac: str


class Events(Told):
    """One page of events, newest first."""

    items: list[Event]
    next: str | None


class EventQuery(Page):
    """Filter of events."""

    round: Ident | None = Field(None, description="Those of one round.")


class ChainQuery(Given):
    """A published head that the audit chain must contain."""

    number: int | None = Field(None, ge=0, le=2**53)
    mac: str | None = Field(None, pattern="^[0-9a-f]{64}$")


class Chain(Told):
    """Result of the verification of the audit chain."""

    model_config = example({"sound": True, "count": 41, "head": {"number": 41, "mac": _MAC}, "broken": None})
    sound: bool
    count: int
    head: Head
    broken: int | None


class Account(Told):
    """An account, without its password."""

    model_config = example(
        {"user": 3, "name": "li", "role": "editor", "enterprise": "GLASS", "disabled": False, "version": 1}
        | {"failures": 0}
    )
    user: Ident
    name: str
    role: Role
    enterprise: str | None
    disabled: bool
    version: int
    failures: int = Field(description="Wrong sign-ins since the last right one, from whatever address.")


class Accounts(Told):
    """One page of accounts, by name."""

    items: list[Account]
    next: str | None


class NewAccount(Given):
    """An account to create; without a password it can only use tokens."""

    model_config = Given.model_config | example({"name": "li", "role": "editor", "enterprise": "GLASS"})
    name: Name
    role: Literal["planner", "editor", "reader", "auditor", "client", "administrator"]
    enterprise: Name | None = None
    password: str | None = Field(None, min_length=10, max_length=200)


class AccountMade(Told):
    """The created account."""

    model_config = example({"user": 3, "name": "li", "role": "editor", "enterprise": "GLASS"})
    user: Ident
    name: str
    role: Role
    enterprise: str | None


class AccountChange(Given):
    """Change of an account: disable or enable it, or set its password; either revokes its tokens."""

    model_config = Given.model_config | example({"disabled": True})
    disabled: bool | None = None
    password: str | None = Field(None, min_length=10, max_length=200)


class AccountChanged(Told):
    """The account after the change."""

    model_config = example({"user": 3, "name": "li", "disabled": True, "version": 2})
    user: Ident
    name: str
    disabled: bool
    version: int


class PasswordGiven(Given):
    """New password of the own account; its tokens are revoked."""

    model_config = Given.model_config | example({"password": "correct horse battery"})
    password: str = Field(min_length=10, max_length=200)


class Me(Told):
    """The account of a token, and its effective scopes."""

    model_config = example({"name": "li", "role": "editor", "enterprise": "GLASS", "scopes": ["read", "respond"]})
    name: str
    role: Role
    enterprise: str | None
    scopes: list[str]


class Token(Told):
    """A token, without its secret."""

    model_config = example(
        {"id": 5, "label": "erp", "scopes": ["read"], "created": _AT, "expires": _AT, "revoked": None}
    )
    id: Ident
    label: str
    scopes: list[str]
    created: Time
    expires: Time
    revoked: Time | None


class Tokens(Told):
    """One page of tokens, oldest first."""

    items: list[Token]
    next: str | None


class NewToken(Given):
    """A token to create for the own account."""

    model_config = Given.model_config | example({"label": "erp", "scopes": ["read", "respond"], "days": 90})
    label: str = Field(min_length=1, max_length=200)
    scopes: list[Literal[SCOPES]] = Field(min_length=1, max_length=20)  # type: ignore[valid-type]
    days: int = Field(90, ge=1, le=366)


class TokenMade(Told):
    """The created token with its secret, which is not shown again."""

    model_config = example(
        {"id": 5, "token": "syn_Zk1...", "label": "erp", "scopes": ["read"], "expires": "2026-06-01T08:00:00+00:00"}
    )
    id: Ident
    token: str
    label: str
    scopes: list[str]
    expires: Time


class Dataset(Told):
    """A stored dataset."""

    model_config = example({"dataset": "3f" * 32, "name": "lvliang", "tables": "7a" * 32, "created": _AT})
    dataset: str
    name: str
    tables: str = Field(description="Digest of what the tables say, as in plan documents.")
    created: Time | None = None


class Datasets(Told):
    """One page of datasets, newest first."""

    items: list[Dataset]
    next: str | None


class Finding(Told):
    """One error or warning in a dataset, as printed by `synergy check --json`."""

    table: str
    row: int | None
    column: str
    value: str
    message: str
    hint: str
    severity: Literal["error", "warning"]
    code: str


class Checked(Told):
    """Errors and warnings found in a dataset; nothing is stored."""

    model_config = example({"valid": True, "items": []})
    valid: bool
    items: list[Finding]


class Schemas(Told):
    """Names of the available JSON Schemas."""

    model_config = example({"items": ["dataset", "plan", "proposal"], "next": None})
    items: list[str]
    next: str | None


class Schema(Told):
    """A JSON Schema."""

    model_config = example({"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"})


class Root(Told):
    """Product version, and addresses of the lists and of the documentation."""

    model_config = example({"name": "Synergy", "version": "0.1.0", "links": {"rounds": "/api/v1/rounds"}})
    name: str
    version: str
    links: dict[str, str]


class Reason(Given):
    """An optional note for the audit record; the body may be omitted."""

    note: Words = ""


Labels.model_rebuild()
