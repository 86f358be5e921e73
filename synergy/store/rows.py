"""Rows of the database by their columns, as the functions of the store read them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Protocol

from synergy.records.documents import CounterJSON, Document, RoundOptions, RunOptions, ScenarioJSON, StoredProposalJSON
from synergy.records.figures import Columns


class RoundRow(Columns, Protocol):
    """A round; `base` and `frozen` are digests of datasets."""

    id: int
    name: str
    state: str
    version: int
    base: str
    frozen: str | None
    scenario: ScenarioJSON
    options: RoundOptions
    anonymous: bool
    deadline: datetime | None
    answer_by: datetime | None
    previous: int | None


class DeclarationRow(Columns, Protocol):
    """The status of a declaration."""

    version: int
    submitted: bool


class DeclaredRow(Columns, Protocol):
    """A declared offer, need or facility."""

    sheet: str
    ident: str
    site: str
    subject: str
    period: str
    amount: Decimal
    price: Decimal | None
    other: Document


class MatchRow(Columns, Protocol):
    """A run that has a plan."""

    id: int
    number: int
    snapshot: str
    scenario: ScenarioJSON
    options: RunOptions
    plan: bytes
    digest: str


class ActiveRow(Protocol):
    """A run that was requested or is under way."""

    id: int
    state: str
    lease: datetime | None


class RunRow(Columns, Protocol):
    """A run, and the dataset of its round."""

    base: str
    value: Decimal | None
    gain: Decimal | None


class ProposalRow(Columns, Protocol):
    """A proposal."""

    id: int
    code: str
    match: int
    kind: str
    answer: str
    version: int
    record: StoredProposalJSON


class OfferedRow(Protocol):
    """A proposal and its round; a round that collects answers is frozen."""

    id: int
    code: str
    match: int
    answer: str
    version: int
    round: int
    state: str
    answer_by: datetime | None
    frozen: str
    scenario: ScenarioJSON


class PartyRow(Columns, Protocol):
    """A party to a proposal, and its answer."""

    proposal: int
    enterprise: str
    answer: str
    version: int
    reason: str
    counter: list[CounterJSON] | None
    actor: str | None
    at: datetime | None


class LineRow(Columns, Protocol):
    """A line of a proposal: units a year, money per unit."""

    proposal: int
    number: int
    from_enterprise: str
    from_site: str
    to_enterprise: str
    to_site: str
    commodity: str
    mode: str
    outlet_kind: str
    outlet: str
    inlet_kind: str
    inlet: str
    quantity: Decimal
    price: Decimal | None


class PartnershipRow(Protocol):
    """A partnership."""

    proposal: int
    round: int
    stage: str
    version: int


class UserRow(Columns, Protocol):
    """An account."""

    id: int
    name: str
    role: str
    enterprise: str | None
    password: str | None
    disabled: bool
    failures: int
    version: int


class EventRow(Columns, Protocol):
    """An event of the audit chain."""

    number: int
    action: str
    subject: str
    detail: Document


class WebhookRow(Protocol):
    """A webhook."""

    version: int
    ended: datetime | None
