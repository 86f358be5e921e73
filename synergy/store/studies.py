"""Questions about the plan of a round: studies queued for a worker, and short questions of enterprises.

Those of enterprises are limited per round, because answers reveal data of others.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta

from sqlalchemy import Connection, func, select, update

from synergy.errors import NotFoundError
from synergy.records.documents import PlanJSON, RoundJSON, ScenarioJSON, StudyArguments
from synergy.records.names import MatchState, StudyKind
from synergy.records.runs import Asked, QuestionAsked, QuestionsLeft, Study, StudyHead
from synergy.scenario import JSON
from synergy.store.access import Action, Actor, Reach, Resource, only_own, reach, require
from synergy.store.commit import Step, Transaction, commit, inserted
from synergy.store.datasets import archive, dataset_of
from synergy.store.leases import unheld
from synergy.store.messages import existing, refusal
from synergy.store.queries import SHOWN
from synergy.store.results import packed, unpacked_record
from synergy.store.rounds import round_row
from synergy.store.rows import MatchRow, RoundRow
from synergy.store.runs import latest_match
from synergy.store.store import Store
from synergy.store.tables import events, matches, studies

MOST_STUDIES = 40  # of one enterprise in one round: asking again and again would feel out the others
MOST_QUESTIONS = 12  # questions of one enterprise in one round, on its pages and by studies together
LEASE = timedelta(minutes=12)  # longer than any study may take
ATTEMPTS = 3
FOR_FIRMS = (StudyKind.EXPLANATION, StudyKind.PATHWAYS)
_HEAD = [studies.c.id.label("study"), *(studies.c[name] for name in StudyHead.model_fields if name in studies.c)]


@dataclass(frozen=True, slots=True)
class StudyQuestion:
    """Question of a study: its kind and arguments."""

    kind: StudyKind
    asked: StudyArguments


@dataclass(frozen=True, slots=True)
class StudyClaim:
    """Study held by a worker.

    `study` and `attempt` are a fencing token: results are stored only if they come from this attempt. It is answered in
    the view of `enterprise`; None: the planner's.
    """

    study: int
    attempt: int
    question: StudyQuestion
    enterprise: str | None
    archive: bytes = field(repr=False)
    scenario: ScenarioJSON = field(repr=False)
    plan: PlanJSON | None = field(repr=False)


def ask(store: Store, actor: Actor, round_id: int, question: StudyQuestion, key: str | None = None) -> Asked:
    """Request a study of a round, to be answered by a worker.

    A planner or auditor may ask anything; an enterprise why an exchange of its own is in the plan or not, once
    proposals are published, and what could be made of a commodity of its own.

    Raises
    ------
    DeniedError
        An enterprise requests a kind of study reserved for planners.
    NotFoundError
        No such round, or an exchange of others.
    RefusedError
        There is no plan to ask about, partners have no names, or the enterprise has asked too often.
    """
    own = only_own(actor, Action.STUDY, "round")
    if own and question.kind not in FOR_FIRMS:
        raise refusal("denied", role=str(actor.role), action=str(question.kind))
    given = {"round": round_id, "kind": question.kind, "asked": dict(question.asked)}
    enterprise = actor.enterprise if own else None

    def body(change: Transaction) -> Asked:
        connection = change.connection
        row = round_row(connection, round_id)
        match = _match(connection, row, question.kind, own=own)
        if own:
            mine = (studies.c.round == round_id) & (studies.c.enterprise == str(enterprise))
            count = connection.execute(select(func.count()).where(mine)).scalar_one()
            if count >= MOST_STUDIES:
                raise refusal("too_often", count=count)
            if question.kind is StudyKind.EXPLANATION:
                _few(connection, str(enterprise), round_id)
                sites = dataset_of(archive(connection, row.base))["sites"]
                places = set(sites.loc[sites["enterprise"] == str(enterprise), "site"])
                if not places & {question.asked.get("from_site"), question.asked.get("to_site")}:
                    raise refusal("not_found", what="site")
        values = {**given, "match": match, "actor": actor.name, "enterprise": enterprise}
        ident = inserted(connection, studies, **values, state=MatchState.REQUESTED, requested=change.at)
        change.event("study.ask", f"study:{ident}", {"kind": question.kind}, round_id)
        return Asked(study=ident, state=MatchState.REQUESTED)

    return commit(store, actor, Step("study.ask", given, key), Asked, body)


def _match(connection: Connection, row: RoundRow, kind: StudyKind, *, own: bool) -> int | None:
    """Return the run that a question refers to, None for pathways."""
    if kind is StudyKind.PATHWAYS:
        return None
    latest = latest_match(connection, row.id)
    if latest is None or (own and row.state not in SHOWN):
        raise refusal("no_plan")
    if own and row.anonymous:
        raise refusal("anonymous")
    return int(latest.id)


def see_study(store: Store, actor: Actor, ident: int) -> Study:
    """Return a study, with its result once it is answered; an enterprise sees its own."""
    wanted = select(*_HEAD, studies.c.enterprise, studies.c.result).where(studies.c.id == ident)
    with store.database.read() as connection:
        row = connection.execute(wanted).one_or_none()
    mine = frozenset() if row is None or row.enterprise is None else frozenset({row.enterprise})
    require(actor, Action.SEE_STUDIES, Resource("study", mine))
    row = existing(row, "study")
    return Study.of(row, result=None if row.result is None else json.loads(gzip.decompress(row.result)))


def list_studies(store: Store, actor: Actor, round_id: int) -> list[StudyHead]:
    """Return the studies of a round without their results, the latest first; an enterprise sees its own."""
    own = only_own(actor, Action.SEE_STUDIES, "study")
    wanted = select(*_HEAD).where(studies.c.round == round_id).order_by(studies.c.id.desc())
    if own:
        wanted = wanted.where(studies.c.enterprise == actor.enterprise)
    with store.database.read() as connection:
        round_row(connection, round_id)
        return [StudyHead.of(row) for row in connection.execute(wanted)]


def claim_study(store: Store, actor: Actor) -> StudyClaim | None:
    """Claim the oldest available study; None where there is nothing to do."""
    require(actor, Action.WORK, Resource("study"))
    with store.database.write() as connection:
        at = store.now()
        wanted = select(studies).where(unheld(studies, at, LEASE)).order_by(studies.c.id).limit(1)
        row = connection.execute(wanted.with_for_update(skip_locked=True)).one_or_none()
        if row is None:
            return None
        same = update(studies).where(studies.c.id == row.id)
        plan: PlanJSON | None = None
        try:
            if row.match is None:
                of = round_row(connection, row.round)
                content, scenario = archive(connection, of.frozen or of.base), of.scenario
            else:
                match = connection.execute(select(matches).where(matches.c.id == row.match)).one()
                plan = unpacked_record(match.plan)["plan"]
                content, scenario = archive(connection, match.snapshot), match.scenario
        except NotFoundError as error:
            connection.execute(same.values(state=MatchState.FAILED, fault=str(error), finished=at))
            return None
        if row.attempt >= ATTEMPTS:
            connection.execute(same.values(state=MatchState.FAILED, fault="died again and again", finished=at))
            return None
        connection.execute(same.values(state=MatchState.RUNNING, attempt=row.attempt + 1, lease=at + LEASE))
        question = StudyQuestion(StudyKind(row.kind), row.asked)
        return StudyClaim(row.id, row.attempt + 1, question, row.enterprise, content, scenario, plan)


def finish_study(
    store: Store, actor: Actor, held: StudyClaim, result: Mapping[str, JSON] | None, fault: str = ""
) -> Asked:
    """Store the result or fault of a study; `ConflictError` where the worker no longer holds it."""
    require(actor, Action.WORK, Resource("study"))
    state = MatchState.FAILED if result is None else MatchState.DONE
    content = None if result is None else packed(result)
    own = (studies.c.id == held.study) & (studies.c.attempt == held.attempt) & (studies.c.state == MatchState.RUNNING)
    with store.database.write() as connection:
        values = {"state": state, "result": content, "fault": fault or None, "finished": store.now(), "lease": None}
        if connection.execute(update(studies).where(own).values(**values)).rowcount != 1:
            raise refusal("lost", match=held.study, attempt=held.attempt)
    return Asked(study=held.study, state=state)


@dataclass(frozen=True, slots=True)
class Wondered:
    """Exchange in question: origin, destination and commodity."""

    origin: str
    target: str
    commodity: str


@dataclass(frozen=True, slots=True)
class QuestionInput:
    """Inputs for the computation of an answer, none of which are disclosed; `archive` is the frozen dataset."""

    archive: bytes
    scenario: ScenarioJSON
    plan: PlanJSON


def left(store: Store, actor: Actor, round_id: int) -> QuestionsLeft:
    """Return the number of questions that an enterprise has left in a round, with all sites and commodities.

    `NotFoundError`: there is no such round, or it has not been published.
    """
    _ask(actor)
    with store.database.read() as connection:
        _, record = _run(connection, round_id)
        count = _used(connection, str(actor.enterprise), round_id)
    return QuestionsLeft.model_validate({"left": MOST_QUESTIONS - count, "most": MOST_QUESTIONS, **record["labels"]})


def wonder(store: Store, actor: Actor, round_id: int, question: Wondered) -> tuple[QuestionAsked, QuestionInput]:
    """Register a question of an enterprise about an exchange of its own, and return it with the inputs of its answer.

    A repeated question counts once.

    Raises
    ------
    NotFoundError
        No such place or commodity, neither place is the enterprise's, or the round is not published.
    RefusedError
        The enterprise has asked too often.
    """
    _ask(actor, Action.STUDY)
    with store.database.read() as connection:
        latest, record = _run(connection, round_id)
        content = archive(connection, latest.snapshot)
    labels = record["labels"]
    ends = [labels["sites"].get(site) for site in (question.origin, question.target)]
    if None in ends or actor.enterprise not in {end["enterprise"] for end in ends if end is not None}:
        raise refusal("not_found", what="site")
    if question.commodity not in labels["commodities"]:
        raise refusal("not_found", what="commodity")
    key = f"why:{latest.id}:{question.origin}>{question.target}:{question.commodity}"

    def body(change: Transaction) -> QuestionAsked:
        count = _few(change.connection, str(actor.enterprise), round_id)
        change.event("why", f"why:{round_id}:{actor.enterprise}", asdict(question), round_id)
        return QuestionAsked(match=latest.id, left=MOST_QUESTIONS - count - 1)

    told = commit(store, actor, Step("why", {"round": round_id, **asdict(question)}, key), QuestionAsked, body)
    return told, QuestionInput(content, latest.scenario, record["plan"])


def _ask(actor: Actor, action: Action = Action.SEE_PROPOSAL) -> None:
    if reach(actor, Action.SEE_PROPOSAL) is Reach.ALL:  # who sees plans asks of the plan itself
        raise refusal("denied", role=str(actor.role), action="why")
    only_own(actor, action, "proposal")


def _run(connection: Connection, round_id: int) -> tuple[MatchRow, RoundJSON]:
    """Return the latest run of a round whose exchanges may be asked about, and the record of the round."""
    row = round_row(connection, round_id)
    latest = latest_match(connection, round_id)
    if latest is None or row.state not in SHOWN:
        raise refusal("not_found", what="match")
    if row.anonymous:  # that an exchange is in the plan would name a partner
        raise refusal("anonymous")
    return latest, unpacked_record(latest.plan)


def _used(connection: Connection, enterprise: str, round_id: int) -> int:
    """Return the number of questions of an enterprise in a round, on its pages and by studies."""
    asked = (events.c.round == round_id) & (events.c.subject == f"why:{round_id}:{enterprise}")
    mine = (studies.c.round == round_id) & (studies.c.enterprise == enterprise)
    wanted = ((events, asked), (studies, mine & (studies.c.kind == StudyKind.EXPLANATION)))
    counts = (select(func.count()).select_from(table).where(which) for table, which in wanted)
    return sum(int(connection.execute(count).scalar_one()) for count in counts)


def _few(connection: Connection, enterprise: str, round_id: int) -> int:
    """Return the number of questions of an enterprise in a round; refuse where the limit is reached."""
    count = _used(connection, enterprise, round_id)
    if count >= MOST_QUESTIONS:
        raise refusal("too_often", count=count)
    return count
