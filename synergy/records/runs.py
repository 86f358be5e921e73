"""Records of matching runs: inputs, plan, progress, comparison; of studies and of stored datasets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import Field, JsonValue

from synergy.plan import Kind
from synergy.records.accounts import Head
from synergy.records.documents import Document, RoundJSON, RunOptions, ScenarioJSON
from synergy.records.figures import AT, EnterpriseLabel, Ident, Label, Money, Quantity, Record, Time, example
from synergy.records.names import MatchState, StudyKind
from synergy.records.rounds import Moved
from synergy.scenario import JSON

PROGRESS: dict[str, JsonValue] = {
    "id": "1.4",
    "attempt": 1,
    "number": 4,
    "at": AT,
    "phase": "search",
    "seconds": 2.5,
    "best": {"amount": "90000000", "currency": "CNY"},
    "bound": {"amount": "91500000", "currency": "CNY"},
    "gap": 0.0167,
    "done": None,
    "total": None,
}
_STUDY: dict[str, JsonValue] = {
    "study": 2,
    "round": 1,
    "match": 7,
    "kind": "explanation",
    "asked": {"from_site": "EAST-1", "to_site": "GLASS-1", "commodity": "COG"},
    "actor": "anna",
    "state": "done",
    "fault": None,
    "requested": AT,
    "finished": AT,
}


class Run(Record):
    """A run of a round; its plan is at `/matches/{match}/plan`."""

    model_config = example(
        {
            "match": 7,
            "round": 1,
            "number": 1,
            "state": "done",
            "status": "optimal",
            "attempt": 1,
            "value": {"amount": "91234567.25", "currency": "CNY"},
            "gain": {"amount": "1234567.5", "currency": "CNY"},
            "digest": "9b" * 32,
            "snapshot": "3f" * 32,
            "fault": None,
            "diagnosis": None,
            "cancel": False,
            "options": {"gap": 0.0001},
            "versions": {"highspy": "1.16.0"},
            "requested": AT,
            "started": AT,
            "finished": AT,
        }
    )
    match: Ident
    round: Ident
    number: int
    state: MatchState
    status: str | None = Field(
        description="`optimal`: the gap asked for is reached by the least of the bounds that `proof` of the plan tells."
    )
    attempt: int
    value: Money | None
    gain: Money | None
    digest: str | None
    snapshot: str
    fault: str | None
    diagnosis: list[Document] | None
    options: Document
    versions: Document | None
    cancel: bool
    requested: Time
    started: Time | None
    finished: Time | None


@dataclass(frozen=True, slots=True)
class RunInput:
    """Inputs and result of a run, for replay or comparison; `record` is None where there is no plan."""

    match: int
    round: int
    snapshot: str
    scenario: ScenarioJSON
    options: RunOptions
    checkpoint: Mapping[str, JSON] | None
    record: RoundJSON | None
    digest: str | None
    status: str | None


class RunRequested(Moved):
    """A round whose run was requested, with the key and number of the run."""

    match: Ident
    number: int


class Requested(Record):
    """A run that was requested, or was asked to end."""

    model_config = example({"match": 7, "state": "requested"})
    match: Ident
    state: MatchState


class RunFinished(Requested):
    """A run that ended, and its number of proposals."""

    proposals: int


class Replayed(Record):
    """Result of the replay of a run: digests of the stored and the new plan, and claims that do not follow."""

    match: Ident
    stored: str | None
    how: Literal["replayed", "verified"]
    same: bool
    found: str | None
    findings: list[str]


class PlanRecord(Record):
    """The latest plan of a round as documents: the plan and the labels of its ids; digest and audit chain head."""

    match: Ident
    digest: str
    chain: Head
    currency: str
    plan: Document
    labels: dict[str, dict[str, Document]]


class Progress(Record):
    """One progress record of a run."""

    model_config = example(PROGRESS)
    id: str = Field(description="As in `Last-Event-ID`.")
    attempt: int
    number: int
    at: Time
    phase: str
    seconds: float | None = None
    best: Money | None = None
    bound: Money | None = Field(None, description="By the solver's claim.")
    gap: float | None = Field(None, description="By the solver's claim.")
    done: int | None = None
    total: int | None = None


class ChangeCause(Record):
    """An input that differs between two runs and touches a proposal, or that alone differs."""

    cause: Literal["ruling", "declaration", "dataset", "setting", "others", "search"]
    what: str | Document | None


class ComparedTerm(Record):
    """Quantity of an exchange of a proposal in one of two runs."""

    from_site: str
    to_site: str
    commodity: str
    quantity: Quantity


class ComparedProposal(Record):
    """A proposal that differs between two runs: its exchanges before and after, and the inputs that explain them."""

    proposal: str
    kind: Kind
    enterprises: list[str]
    before: list[ComparedTerm]
    after: list[ComparedTerm]
    why: list[ChangeCause]


class ComparedInputs(Record):
    """Differences of the inputs of two runs, with the scenarios applied."""

    settings: list[str]
    rulings: list[Document]
    rows: list[Document]


class Comparison(Record):
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
    value: list[Money | None] = Field(description="Before and after.")
    gain: list[Money | None] = Field(description="Before and after.")
    apart: bool = Field(description="Whether the values differ by more than the gaps leave open.")
    sole: ChangeCause | None = Field(description="The input that alone differs, which is proven to be the cause.")
    unproposed: list[bool] = Field(description="Which of the two made no proposals, so that nothing is compared.")
    inputs: ComparedInputs
    new: list[ComparedProposal]
    lost: list[ComparedProposal]
    changed: list[ComparedProposal]


class Asked(Record):
    """A requested study."""

    model_config = example({"study": 2, "state": "requested"})
    study: Ident
    state: MatchState


class StudyHead(Record):
    """A study without its result."""

    model_config = example(_STUDY)
    study: Ident
    round: Ident
    match: Ident | None
    kind: StudyKind
    asked: Document
    actor: str
    state: MatchState
    fault: str | None
    requested: Time
    finished: Time | None


class Study(StudyHead):
    """A study; its result is the document that the command line prints with `--json`."""

    model_config = example({**_STUDY, "result": {"schema": "synergy/explanation/1", "in_plan": True, "reasons": []}})
    result: Document | None


class QuestionSite(Label):
    """Name of a site, and its enterprise."""

    enterprise: str


class QuestionsLeft(Record):
    """Number of questions that an enterprise has left in a round, with the public sites and commodities."""

    left: int
    most: int
    sites: dict[str, QuestionSite]
    commodities: dict[str, Label]


class QuestionAsked(Record):
    """A registered question of an enterprise: the run that it is about, and the number of questions left."""

    match: Ident
    left: int


class DatasetMade(Record):
    """The stored dataset: its digest, and the digest of its tables as in plan documents."""

    model_config = example({"dataset": "3f" * 32, "name": "lvliang", "tables": "7a" * 32})
    dataset: str
    name: str
    tables: str = Field(description="Digest of what the tables say, as in plan documents.")


class DatasetHead(DatasetMade):
    """A stored dataset."""

    model_config = example({"dataset": "3f" * 32, "name": "lvliang", "tables": "7a" * 32, "created": AT})
    created: Time


class DatasetMember(EnterpriseLabel):
    """An enterprise of a dataset."""

    enterprise: str


class DatasetFacts(Record):
    """Facts of a dataset for the creation of a round: enterprises, settings, currency and number of periods."""

    name: str
    enterprises: list[DatasetMember]
    settings: Document
    currency: str
    periods: int
