"""Life cycle of a round: states and transitions, members, deadlines.

A step raises `RefusedError` where it does not fit the state, `ConflictError` where the round was changed since it was
read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from synergy.dataset.sheet import Dataset
from synergy.records.documents import Document
from synergy.records.names import State
from synergy.records.rounds import Moved, Reminded
from synergy.scenario import Scenario
from synergy.settlement import ASKED, DEFAULT
from synergy.store.access import Action, Actor, Resource, departed, involved, members, require
from synergy.store.commit import Step, Transaction, commit, inserted
from synergy.store.datasets import dataset_of, keep, scenario_record, snapshot_from
from synergy.store.messages import existing, refusal
from synergy.store.notices import NoticeContent, post
from synergy.store.rows import RoundRow
from synergy.store.store import Store
from synergy.store.tables import declarations, rounds

_LIVE = tuple(state for state in State if state not in (State.CONCLUDED, State.CANCELLED))
# step: from which states, to which one (None: it stays)
STEPS: Mapping[str, tuple[tuple[State, ...], State | None]] = {
    "open": ((State.DRAFT,), State.DECLARING),
    "remind": ((State.DECLARING,), None),
    "extend": (_LIVE, None),
    "extend_declaring": ((State.DRAFT, State.DECLARING, State.FROZEN), None),
    "declare": ((State.DECLARING,), None),
    "freeze": ((State.DECLARING,), State.FROZEN),
    "reopen": ((State.FROZEN,), State.DECLARING),
    "match": ((State.FROZEN, State.REVIEW, State.RESPONDING), State.MATCHING),
    "rule": ((State.REVIEW,), None),
    "publish": ((State.REVIEW,), State.PUBLISHED),
    "collect": ((State.PUBLISHED,), State.RESPONDING),
    "answer": ((State.RESPONDING,), None),
    "conclude": ((State.RESPONDING,), State.CONCLUDED),
    "cancel": (_LIVE, State.CANCELLED),
}
ADVANCES = ("open", "reopen", "publish", "collect", "cancel")
_BY_ID = select(rounds).where(rounds.c.id == bindparam("ident"))
STEP = 0.12  # of the ladder of costs, which hides at least 10.7 % of each cost
SETTLEMENT = DEFAULT  # of a round where none is named
SETTLEMENTS = ASKED  # what a round can be made with
OPTIONS = ("gap", "time_limit", "settlement", "base", "price_step", "workers", "threads", "seed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Data of a new round.

    `archive` is the zip archive of the dataset of the association: goods, processes, places, markets, and known data of
    members. `options` are fields of `synergy.options.Options`. `members` None: every enterprise of the dataset.
    `anonymous`: partners have no name until all of them showed interest. `ladder` is the step of the ladder to which
    costs of enterprises are rounded (`synergy.store.freezing`), 0 for none. Until `deadline` and `answer_by`
    enterprises may declare, and answer. `previous` is the round that "as last time" means.
    """

    name: str
    archive: bytes = field(repr=False)
    scenario: Scenario = field(default_factory=Scenario)
    options: Document = field(default_factory=dict)
    members: tuple[str, ...] | None = None
    anonymous: bool = False
    ladder: float = STEP
    deadline: datetime | None = None
    answer_by: datetime | None = None
    previous: int | None = None


def create(store: Store, actor: Actor, draft: Draft, key: str | None = None) -> Moved:
    """Create a round as a planner.

    Raises
    ------
    DatasetError
        The dataset, or the scenario on it, is wrong.
    RefusedError
        An unknown member or option.
    """
    require(actor, Action.CREATE_ROUND, Resource("round"))
    snapshot = snapshot_from(draft.archive)
    with store.database.read() as connection:
        names = _members(connection, dataset_of(snapshot.archive), draft)
    dataset_of(snapshot.archive, scenario_record(draft.scenario))
    given = {
        "name": draft.name,
        "base": snapshot.digest,
        "scenario": scenario_record(draft.scenario),
        "options": {"settlement": SETTLEMENT, **draft.options, "ladder": draft.ladder},
        "anonymous": draft.anonymous,
        "deadline": draft.deadline,
        "answer_by": draft.answer_by,
        "previous": draft.previous,
    }

    def body(change: Transaction) -> Moved:
        connection = change.connection
        if draft.previous is not None:
            round_row(connection, draft.previous)
        keep(connection, snapshot, change.at)
        row = {**given, "state": State.DRAFT, "created": change.at, "creator": actor.name}
        ident = inserted(connection, rounds, **row)
        people = [{"round": ident, "enterprise": name, "origin": "dataset"} for name in names]
        connection.execute(insert(declarations), people)
        told = {name: value for name, value in given.items() if name != "scenario"}
        change.event("round.create", f"round:{ident}", told | {"members": len(names)}, ident)
        return Moved(round=ident, version=1, state=State.DRAFT)

    return commit(store, actor, Step("round.create", given | {"members": list(names)}, key), Moved, body)


def _members(connection: Connection, dataset: Dataset, draft: Draft) -> tuple[str, ...]:
    """Return the members of a new round; refuse unknown or departed enterprises and invalid options or names."""
    known = [str(name) for name in dataset["enterprises"]["enterprise"]]
    gone = departed(connection, known)
    for name in draft.members or ():
        if name not in known:
            raise refusal("unknown", what="enterprise", name=name, expected=", ".join(known[:10]))
        if name in gone:
            raise refusal("left", enterprise=name)
    for name in draft.options:
        if name not in OPTIONS:
            raise refusal("bad_value", what="options", value=name, expected=", ".join(OPTIONS))
    if not 0 <= draft.ladder <= 1:
        raise refusal("bad_value", what="ladder", value=draft.ladder, expected="0 - 1")
    if not 0 < len(draft.name.strip()) <= 200:
        raise refusal("bad_value", what="name", value=len(draft.name), expected="1 - 200")
    if draft.members is None:
        return tuple(name for name in known if name not in gone)
    return tuple(dict.fromkeys(draft.members))


def advance(store: Store, actor: Actor, round_id: int, step: str, asked: StepOptions | None = None) -> Moved:
    """Advance a round by a step that only changes its state: one of `ADVANCES`.

    ``reopen`` takes declarations again after they were frozen, so that one that leaves no plan can be corrected or left
    out; earlier frozen datasets and runs stay in the record.
    """
    require(actor, Action.RUN_ROUND, Resource("round"))
    asked = asked or StepOptions()
    if step not in ADVANCES:
        raise refusal("bad_value", what="step", value=step, expected=", ".join(ADVANCES))

    def body(change: Transaction) -> Moved:
        row = round_row(change.connection, round_id)
        detail = {"note": asked.note} if asked.note else {}
        if step == "reopen":
            told = moved(change, row, step, asked, detail | {"snapshot": row.frozen}, frozen=None)
        else:
            told = moved(change, row, step, asked, detail)
        _tell(change, row, step)
        return told

    return commit(store, actor, Step(f"round.{step}", {"round": round_id, **asked.given}, asked.key), Moved, body)


def _tell(change: Transaction, row: RoundRow, step: str) -> None:
    """Notify the enterprises that a step concerns."""
    kind, everybody, deadline = {
        "open": ("opened", True, row.deadline),
        "reopen": ("opened", True, row.deadline),
        "publish": ("published", False, None),
        "collect": ("collect", False, row.answer_by),
        "cancel": ("withdrawn", True, None),
    }[step]
    if step == "cancel" and row.state == State.DRAFT:
        return
    if step == "reopen" and row.deadline is not None and row.deadline < change.at:  # planners alone can declare
        return
    to = members(change.connection, row.id) if everybody else involved(change.connection, row.id)
    fields = {"name": row.name, "deadline": None if deadline is None else deadline.isoformat(timespec="minutes")}
    post(change, to, NoticeContent(kind, row.id, "", fields))


@dataclass(frozen=True, slots=True)
class StepOptions:
    """Common arguments of a step: version, idempotency key, note and warm starts.

    `version` is that of the object that the caller saw; None: whatever it is. `start` are runs whose plans a search
    begins with.
    """

    version: int | None = None
    key: str | None = None
    note: str = ""
    start: tuple[int, ...] = ()

    @property
    def given(self) -> dict[str, object]:
        """Return the arguments that a repeated idempotency key must match."""
        return {"version": self.version, "note": self.note} | ({"start": list(self.start)} if self.start else {})


def remind(store: Store, actor: Actor, round_id: int, asked: StepOptions | None = None) -> Reminded:
    """Send a reminder to every enterprise without a declaration, and count it."""
    require(actor, Action.RUN_ROUND, Resource("round"))
    asked = asked or StepOptions()

    def body(change: Transaction) -> Reminded:
        row = round_row(change.connection, round_id)
        late = (declarations.c.round == round_id) & declarations.c.submitted.is_(False)
        reminded = members(change.connection, round_id, late=True)
        deadline = None if row.deadline is None else row.deadline.isoformat(timespec="minutes")
        post(change, reminded, NoticeContent("reminder", round_id, "", {"name": row.name, "deadline": deadline}))
        change.connection.execute(update(declarations).where(late).values(reminders=declarations.c.reminders + 1))
        return Reminded(**dict(moved(change, row, "remind", asked, {"reminded": reminded})), reminded=reminded)

    return commit(store, actor, Step("round.remind", {"round": round_id, **asked.given}, asked.key), Reminded, body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Until:
    """New deadlines of a round, for declarations and for answers; None leaves a deadline unchanged."""

    deadline: datetime | None = None
    answer_by: datetime | None = None


def extend(store: Store, actor: Actor, round_id: int, until: Until, asked: StepOptions | None = None) -> Moved:
    """Move the deadlines of a round, including expired ones, and notify the enterprises affected.

    Each must be after now; that for declarations moves as long as there can be any. `RefusedError`: no deadline, one in
    the past, or a round that is over.
    """
    require(actor, Action.RUN_ROUND, Resource("round"))
    asked = asked or StepOptions()
    both = {"deadline": until.deadline, "answer_by": until.answer_by}
    values = {name: moment for name, moment in both.items() if moment is not None}
    if not values:
        raise refusal("bad_value", what="deadline, answer_by", value="–", expected="2026-12-01T18:00+08:00")

    def body(change: Transaction) -> Moved:
        row = round_row(change.connection, round_id)
        fits(row.state, "extend")
        if until.deadline is not None:
            fits(row.state, "extend_declaring")
        for moment in values.values():
            if moment <= change.at:
                raise refusal("past", deadline=_minute(moment), now=_minute(change.at))
        said = {name: _minute(moment) for name, moment in values.items()}
        detail = said | ({"note": asked.note} if asked.note else {})
        told = moved(change, row, "extend", asked, detail, **values)
        if until.deadline is not None and row.state == State.DECLARING:
            fields = {"name": row.name, "deadline": said["deadline"]}
            post(change, members(change.connection, round_id), NoticeContent("declare_until", round_id, "", fields))
        if until.answer_by is not None and row.state in (State.PUBLISHED, State.RESPONDING):
            fields = {"name": row.name, "deadline": said["answer_by"]}
            post(change, involved(change.connection, round_id), NoticeContent("answer_until", round_id, "", fields))
        return told

    given = {"round": round_id, **values, **asked.given}
    return commit(store, actor, Step("round.extend", given, asked.key), Moved, body)


def _minute(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="minutes")


def round_row(connection: Connection, round_id: int) -> RoundRow:
    """Return the row of a round; `NotFoundError` where there is none."""
    return existing(connection.execute(_BY_ID, {"ident": round_id}).one_or_none(), "round")


def fits(state: str, step: str) -> State | None:
    """Return the target state of a step, None where it stays; `RefusedError` where the step does not fit the state."""
    before, after = STEPS[step]
    if state not in before:
        raise refusal("step", action=step, state=state, expected=", ".join(before))
    return after


def moved(
    change: Transaction, row: RoundRow, step: str, asked: StepOptions, detail: Mapping[str, object], **values: object
) -> Moved:
    """Apply a step of `STEPS` to a round inside a transaction, with other columns that change, and record its event."""
    seen = row.version if asked.version is None else asked.version
    state = fits(row.state, step) or State(row.state)
    change.bump(rounds, {"id": row.id}, seen, "round", state=state, **values)
    change.event(f"round.{step}", f"round:{row.id}", {**detail, "state": state, "version": seen + 1}, row.id)
    return Moved(round=row.id, version=seen + 1, state=state)
