"""Records of studies and of stored datasets."""

from __future__ import annotations

from pydantic import Field, JsonValue

from synergy.records.documents import Document
from synergy.records.figures import EnterpriseLabel, Ident, Label, Record, Time, example
from synergy.records.names import MatchState, StudyKind

_AT = "2026-03-01T08:00:00+00:00"
_STUDY: dict[str, JsonValue] = {
    "study": 2,
    "round": 1,
    "match": 7,
    "kind": "explanation",
    "asked": {"from_site": "EAST-1", "to_site": "GLASS-1", "commodity": "COG"},
    "actor": "anna",
    "state": "done",
    "fault": None,
    "requested": _AT,
    "finished": _AT,
}


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

    model_config = example({"dataset": "3f" * 32, "name": "lvliang", "tables": "7a" * 32, "created": _AT})
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
