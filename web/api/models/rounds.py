"""Models of rounds, their runs and rulings."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field
from synergy.web.api.models.parts import Figure, Given, Items, Name, Page, QuantityGiven, Words

from synergy.records.documents import Document
from synergy.records.figures import Ident, example
from synergy.records.names import MatchState, State
from synergy.records.rounds import Aggregate, Doubt, Round, Ruling
from synergy.records.runs import PROGRESS, Progress, Requested, Run

Settlement = Literal["core", "nucleolus", "shapley", "owen", "midpoint", "proportional", "standalone", "none"]


class Rounds(Items[Round]):
    """One page of rounds, newest first."""


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
    settings: Document = Field(default_factory=dict, max_length=100)
    tables: dict[str, list[Document]] = Field(default_factory=dict, max_length=40)
    scale: list[Document] = Field(default_factory=list, max_length=200)


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


class Matches(Items[Run]):
    """One page of runs, oldest first."""


class MatchRequested(Requested):
    """A run that was requested, with its number, and the round after the request."""

    model_config = example(
        {"round": 1, "version": 5, "match": 7, "number": 1, "state": "requested", "round_state": "matching"}
    )
    round: Ident
    version: int
    number: int
    round_state: State


class ProgressList(Items[Progress]):
    """Progress records of a run, after the requested id."""

    model_config = example({"items": [PROGRESS], "next": "1.4", "state": "running"})
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
    quantity: Figure | QuantityGiven | None = Field(
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


class Rulings(Items[Ruling]):
    """One page of rulings, oldest first."""


class Doubts(Items[Doubt]):
    """Declared rows to review, by enterprise."""


class Aggregates(Items[Aggregate]):
    """Public totals by commodity."""
