"""Models of plans, graphs, comparisons, events, accounts, tokens, datasets and schemas."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field
from synergy.web.api.models.parts import Given, Items, Name, Page

from synergy.errors import Severity
from synergy.records.accounts import Account, Token
from synergy.records.audit import Event, Head
from synergy.records.documents import Document
from synergy.records.figures import Ident, Record, example
from synergy.records.names import Role
from synergy.records.studies import DatasetHead
from synergy.store.access import SCOPES


class Proof(Record):
    """Bounds on the value of a plan, in money per year: proved by its duals, and claimed by the solver."""

    model_config = example({"dual": 1.02, "solver": 1.01})
    dual: float | None
    solver: float | None


class PlanDocument(Record):
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
    proposals: list[Document]


class Labels(Record):
    """Names, counties, units and evidence marks of the ids in a plan, by table and id."""

    model_config = example(
        {
            "round": 1,
            "match": 7,
            "currency": "CNY",
            "digest": "9b" * 32,
            "chain": {"number": 41, "mac": "5d" * 32},
            "labels": {"enterprises": {"EAST": {"name_en": "East Coking", "name_zh": "东部焦化"}}},
        }
    )
    round: Ident
    match: Ident
    currency: str
    digest: str
    chain: Head
    labels: dict[str, dict[str, Document]]


class CompareQuery(Given):
    """Two runs with plans."""

    first: Ident
    second: Ident


class Events(Items[Event]):
    """One page of events, newest first."""


class EventQuery(Page):
    """Filter of events."""

    round: Ident | None = Field(None, description="Those of one round.")


class ChainQuery(Given):
    """A published head that the audit chain must contain."""

    number: int | None = Field(None, ge=0, le=2**53)
    mac: str | None = Field(None, pattern="^[0-9a-f]{64}$")


class Accounts(Items[Account]):
    """One page of accounts, by name."""


class NewAccount(Given):
    """An account to create; without a password it can only use tokens."""

    model_config = Given.model_config | example({"name": "li", "role": "editor", "enterprise": "GLASS"})
    name: Name
    role: Literal["planner", "editor", "reader", "auditor", "client", "administrator"]
    enterprise: Name | None = None
    password: str | None = Field(None, min_length=10, max_length=200)


class AccountChange(Given):
    """Change of an account: disable or enable it, or set its password; either revokes its tokens."""

    model_config = Given.model_config | example({"disabled": True})
    disabled: bool | None = None
    password: str | None = Field(None, min_length=10, max_length=200)


class PasswordGiven(Given):
    """New password of the own account; its tokens are revoked."""

    model_config = Given.model_config | example({"password": "correct horse battery"})
    password: str = Field(min_length=10, max_length=200)


class Me(Record):
    """The account of a token, and its effective scopes."""

    model_config = example({"name": "li", "role": "editor", "enterprise": "GLASS", "scopes": ["read", "respond"]})
    name: str
    role: Role
    enterprise: str | None
    scopes: list[str]


class Tokens(Items[Token]):
    """One page of tokens, oldest first."""


class NewToken(Given):
    """A token to create for the own account."""

    model_config = Given.model_config | example({"label": "erp", "scopes": ["read", "respond"], "days": 90})
    label: str = Field(min_length=1, max_length=200)
    scopes: list[Literal[SCOPES]] = Field(min_length=1, max_length=20)  # type: ignore[valid-type]
    days: int = Field(90, ge=1, le=366)


class Datasets(Items[DatasetHead]):
    """One page of datasets, newest first."""


class NodeLink(Record):
    """A graph as `networkx.node_link_graph(graph, edges="edges")` reads it; `graph` holds its own attributes."""

    directed: bool
    multigraph: bool
    graph: dict[str, str]


class ProductNode(Record):
    """A commodity or a process."""

    id: str = Field(description="`commodity:ID` or `process:ID`.")
    kind: Literal["commodity", "process"]


class ProductEdge(Record):
    """A recipe: a commodity goes into a process, or comes out of it."""

    source: str
    target: str
    coefficient: float = Field(description="Units of the commodity for each unit of the activity.")


class ProductGraph(NodeLink):
    """Commodities and processes of a dataset, with edges from inputs to processes and on to outputs."""

    model_config = example(
        {
            "directed": True,
            "multigraph": False,
            "graph": {},
            "nodes": [{"kind": "commodity", "id": "commodity:COAL"}, {"kind": "process", "id": "process:COKING"}],
            "edges": [{"coefficient": 1.35, "source": "commodity:COAL", "target": "process:COKING"}],
        }
    )
    nodes: list[ProductNode]
    edges: list[ProductEdge]


class EnterpriseNode(Record):
    """An enterprise."""

    id: str


class PartnershipEdge(Record):
    """Deliveries of a commodity from one enterprise to another."""

    source: str
    target: str
    key: str = Field(description="The commodity, which tells edges between the same two apart.")
    commodity: str
    quantity: float = Field(description="Units of the commodity that leave in a year.")


class PartnershipGraph(NodeLink):
    """Enterprises of a round, with an edge for each commodity that one delivers to another by the plan."""

    model_config = example(
        {
            "directed": True,
            "multigraph": True,
            "graph": {},
            "nodes": [{"id": "EAST"}, {"id": "GLASS"}],
            "edges": [
                {"commodity": "COG", "quantity": 50000.0, "source": "EAST", "target": "GLASS", "key": "COG"},
            ],
        }
    )
    nodes: list[EnterpriseNode]
    edges: list[PartnershipEdge]


class Finding(Record):
    """One error or warning in a dataset, as printed by `synergy check --json`."""

    model_config = ConfigDict(extra="allow")  # the cell of a workbook
    table: str
    row: int | None
    column: str
    value: str
    message: str
    hint: str
    severity: Severity
    code: str


class Checked(Record):
    """Errors and warnings found in a dataset; nothing is stored."""

    model_config = example({"valid": True, "items": []})
    valid: bool
    items: list[Finding]


class Schemas(Items[str]):
    """Names of the available JSON Schemas."""

    model_config = example({"items": ["dataset", "plan", "proposal"], "next": None})


class Schema(Record):
    """A JSON Schema."""

    model_config = example({"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"})


class Root(Record):
    """Product version, and addresses of the lists and of the documentation."""

    model_config = example({"name": "Synergy", "version": "0.1.0", "links": {"rounds": "/api/v1/rounds"}})
    name: str
    version: str
    links: dict[str, str]
