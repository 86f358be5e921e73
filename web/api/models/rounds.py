"""Models of rounds, their runs and rulings."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field
from synergy.web.api.dispatch import Page
from synergy.web.api.models.records import Figure, Given, Ident, Money, Name, Quantity, Time, Told, Words, example

from synergy.store.names import MatchState, Sheet, State

Settlement = Literal["core", "nucleolus", "shapley", "owen", "midpoint", "proportional", "standalone", "none"]
_AT = "2026-03-01T08:00:00+00:00"


class Round(Told):
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
            "created": _AT,
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


class Rounds(Told):
    """One page of rounds, newest first."""

    items: list[Round]
    next: str | None


class RoundQuery(Page):
    """Filter of rounds."""

    state: State | None = Field(None, description="Those in one state.")


class Options(Given):
    """Matching options; omitted ones default as on the command line, with `core` as settlement."""

    gap: float | None = Field(None, ge=0, le=1, description="Relative gap to stop at.")
    time_limit: float | None = Field(None, gt=0, le=86_400, description="Seconds.")
    settlement: Settlement | None = None
    base: Name | None = Field(None, description="What `proportional` shares by: weight, standalone or an indicator.")
    workers: int | None = Field(None, ge=1, le=256)
    seed: int | None = Field(None, ge=0, le=2**31 - 1)


class ScenarioGiven(Given):
    """Policy scenario of a round, as in a scenario file."""

    name: str = Field("base", min_length=1, max_length=100)
    settings: dict[str, Any] = Field(default_factory=dict, max_length=100)
    tables: dict[str, list[dict[str, Any]]] = Field(default_factory=dict, max_length=40)
    scale: list[dict[str, Any]] = Field(default_factory=list, max_length=200)


class NewRound(Given):
    """A round to create: dataset, scenario, options, members and deadlines."""

    model_config = Given.model_config | example(
        {
            "name": "spring",
            "dataset": "3f0c5b0d6c7e1e5b3a8e2c8d9f4a6b7c8d9e0f1a2b3c4d5e6f708192a3b4c5d6",
            "scenario": {"name": "dearer carbon", "settings": {"carbon_price": 100}},
            "options": {"gap": 0.0001, "settlement": "core"},
            "deadline": "2026-03-31T16:00:00+00:00",
        }
    )
    name: str = Field(min_length=1, max_length=200)
    dataset: str = Field(pattern="^[0-9a-f]{64}$", description="Digest of a dataset that was sent to `/datasets`.")
    scenario: ScenarioGiven = Field(default_factory=lambda: ScenarioGiven.model_validate({}))
    options: Options = Field(default_factory=lambda: Options.model_validate({}))
    members: list[Name] | None = Field(None, min_length=1, max_length=5000, description="All where none is named.")
    anonymous: bool = False
    ladder: float = Field(0.12, ge=0, le=1, description="Step of the ladder on which costs are frozen; 0 for none.")
    deadline: AwareDatetime | None = Field(None, description="Until when enterprises may declare.")
    answer_by: AwareDatetime | None = Field(None, description="Until when enterprises may answer.")
    previous: Ident | None = Field(None, description="The round that `as last time` means.")


class Note(Given):
    """An optional note for the audit record; the body may be omitted."""

    model_config = Given.model_config | example({"note": "agreed in the meeting"})
    note: Words = ""


class Deadlines(Note):
    """New deadlines of a round: at least one, in the future; an omitted one is unchanged."""

    model_config = Given.model_config | example(
        {"answer_by": "2126-04-30T16:00:00+00:00", "note": "asked by two firms"}
    )
    deadline: AwareDatetime | None = Field(None, description="Until when enterprises may declare.")
    answer_by: AwareDatetime | None = Field(None, description="Until when enterprises may answer.")


class MatchAsked(Note):
    """A run to request; the body may be omitted."""

    model_config = Given.model_config | example({"note": "from the plan of the base", "start": [6]})
    start: list[Ident] = Field(
        default=[], max_length=10, description="Runs of any round whose plans the search begins with, where one fits."
    )


class Moved(Told):
    """The new state and version of a round."""

    model_config = example({"round": 1, "version": 3, "state": "frozen"})
    round: Ident
    version: int
    state: State


class Match(Told):
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
            "requested": _AT,
            "started": _AT,
            "finished": _AT,
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
    requested: Time
    started: Time | None
    finished: Time | None


class Matches(Told):
    """One page of runs, oldest first."""

    items: list[Match]
    next: str | None


class Requested(Told):
    """A run that was requested, or was asked to end."""

    model_config = example({"match": 7, "state": "requested"})
    match: Ident
    state: str


_PROGRESS = {
    "id": "1.4",
    "attempt": 1,
    "number": 4,
    "at": _AT,
    "phase": "search",
    "seconds": 2.5,
    "best": {"amount": "90000000", "currency": "CNY"},
    "bound": {"amount": "91500000", "currency": "CNY"},
    "gap": 0.0167,
}


class Progress(Told):
    """One progress record of a run."""

    model_config = example(_PROGRESS)
    id: str = Field(description="As in `Last-Event-ID`.")
    attempt: int
    number: int
    at: Time
    phase: str
    seconds: float | None
    best: Money | None
    bound: Money | None = Field(description="By the solver's claim.")
    gap: float | None = Field(description="By the solver's claim.")


class ProgressList(Told):
    """Progress records of a run, after the requested id."""

    model_config = example({"items": [_PROGRESS], "next": "1.4", "state": "running"})
    items: list[Progress]
    next: str | None = Field(description="The id to ask with as `after` next time.")
    state: MatchState


class After(Given):
    """Position in the progress of a run."""

    after: Annotated[str, Field(pattern=r"^[0-9]{1,9}\.[0-9]{1,9}$")] | None = Field(
        None, description="Id of the last one that was seen."
    )


class Pattern(Given):
    """Pattern of exchanges; an omitted key matches any value."""

    from_enterprise: Name | None = None
    from_site: Name | None = None
    to_enterprise: Name | None = None
    to_site: Name | None = None
    commodity: Name | None = None
    quantity: Figure | Quantity | None = Field(
        None, description="For `fix` alone: units a year, a bare text in the unit of the commodity."
    )


class Exclusion(Given):
    """Forbid the matching exchanges in the next run."""

    kind: Literal["forbid"]
    pattern: Pattern


class Fixing(Given):
    """Fix the quantity of an exchange in the next run."""

    kind: Literal["fix"]
    pattern: Pattern


class Remark(Given):
    """A note on a proposal, for the record."""

    kind: Literal["note"]
    text: str = Field(min_length=1, max_length=4000)
    proposal: str | None = Field(None, min_length=1, max_length=32)


class NewRuling(Given):
    """A ruling to add: forbid or fix exchanges in the next run, or add a note."""

    model_config = Given.model_config | example(
        {"ruling": {"kind": "forbid", "pattern": {"from_enterprise": "EAST", "commodity": "COG"}}}
    )
    ruling: Exclusion | Fixing | Remark = Field(discriminator="kind")


class Ruling(Told):
    """A ruling of a round, made by a planner or derived from an answer."""

    model_config = example(
        {
            "ruling": 3,
            "match": 7,
            "kind": "forbid",
            "cause": "planner",
            "pattern": {"from_enterprise": "EAST", "commodity": "COG"},
            "withdrawn": False,
            "at": _AT,
            "actor": "anna",
        }
    )
    ruling: Ident
    match: Ident | None
    kind: Literal["forbid", "fix", "cap", "build", "price", "note"]
    cause: str
    pattern: dict[str, Any]
    withdrawn: bool
    at: Time
    actor: str


class Rulings(Told):
    """One page of rulings, oldest first."""

    items: list[Ruling]
    next: str | None


class Ruled(Moved):
    """A round after a new ruling."""

    model_config = example({"round": 1, "version": 6, "state": "review", "ruling": 3})
    ruling: Ident


class Doubt(Told):
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


class Doubts(Told):
    """Declared rows to review, by enterprise."""

    items: list[Doubt]
    next: str | None


class Aggregate(Told):
    """Total quantity of one commodity exchanged between enterprises; published for large enough groups only."""

    model_config = example({"commodity": "COG", "quantity": {"value": "120000", "unit": "kNm3"}, "enterprises": 6})
    commodity: str
    quantity: Quantity
    enterprises: int


class Aggregates(Told):
    """Public totals by commodity."""

    items: list[Aggregate]
    next: str | None
