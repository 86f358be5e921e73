"""Studies of a round: long-running questions, queued for a worker."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlalchemy import Connection, func, select, update

from synergy.errors import NotFoundError
from synergy.records.documents import PlanJSON, ScenarioJSON, StudyArguments
from synergy.records.names import MatchState, StudyKind
from synergy.records.studies import Asked, Study, StudyHead
from synergy.scenario import JSON
from synergy.store.access import Action, Actor, Reach, Resource, reach, require
from synergy.store.backup import archive, dataset_of
from synergy.store.commit import Step, Transaction, commit, inserted
from synergy.store.leases import unheld
from synergy.store.messages import refusal
from synergy.store.queries import SHOWN
from synergy.store.questions import few
from synergy.store.results import packed, unpacked_record
from synergy.store.rounds import round_row
from synergy.store.rows import RoundRow, StudyRow
from synergy.store.runs import latest_match
from synergy.store.store import Store
from synergy.store.tables import matches, studies

MOST = 40  # of one enterprise in one round: asking again and again would feel out the others
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
    own = reach(actor, Action.STUDY) is Reach.OWN
    mine = frozenset({actor.enterprise} if own and actor.enterprise else ())
    require(actor, Action.STUDY, Resource("round", mine))
    if own and question.kind not in FOR_FIRMS:
        raise refusal("denied", role=str(actor.role), action=str(question.kind))
    given = {"round": round_id, "kind": question.kind, "asked": dict(question.asked)}
    enterprise = actor.enterprise if own else None

    def body(change: Transaction) -> Asked:
        connection = change.connection
        row = round_row(connection, round_id)
        match = _match(connection, row, question.kind, own=own)
        if own:
            _few(connection, round_id, str(enterprise))
            if question.kind is StudyKind.EXPLANATION:
                few(connection, str(enterprise), round_id)
                _theirs(connection, row, str(enterprise), question.asked)
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


def _few(connection: Connection, round_id: int, enterprise: str) -> None:
    own = (studies.c.round == round_id) & (studies.c.enterprise == enterprise)
    count = connection.execute(select(func.count()).where(own)).scalar_one()
    if count >= MOST:
        raise refusal("too_often", count=count)


def _theirs(connection: Connection, row: RoundRow, enterprise: str, asked: StudyArguments) -> None:
    sites = dataset_of(archive(connection, row.base))["sites"]
    own = set(sites.loc[sites["enterprise"] == enterprise, "site"])
    if not own & {asked.get("from_site"), asked.get("to_site")}:
        raise refusal("not_found", what="site")


def see_study(store: Store, actor: Actor, ident: int) -> Study:
    """Return a study, with its result once it is answered; an enterprise sees its own."""
    wanted = select(*_HEAD, studies.c.enterprise, studies.c.result).where(studies.c.id == ident)
    with store.database.read() as connection:
        row = connection.execute(wanted).one_or_none()
    mine = frozenset() if row is None or row.enterprise is None else frozenset({row.enterprise})
    require(actor, Action.SEE_STUDIES, Resource("study", mine))
    if row is None:
        raise refusal("not_found", what="study")
    return Study.of(row, result=None if row.result is None else json.loads(gzip.decompress(row.result)))


def list_studies(store: Store, actor: Actor, round_id: int) -> list[StudyHead]:
    """Return the studies of a round without their results, the latest first; an enterprise sees its own."""
    own = reach(actor, Action.SEE_STUDIES) is Reach.OWN
    mine = frozenset({actor.enterprise} if own and actor.enterprise else ())
    require(actor, Action.SEE_STUDIES, Resource("study", mine))
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
        held = StudyClaim(
            row.id, row.attempt + 1, StudyQuestion(StudyKind(row.kind), row.asked), row.enterprise, b"", {}, None
        )
        try:
            held = _given(connection, row, held)
        except NotFoundError as error:
            connection.execute(same.values(state=MatchState.FAILED, fault=str(error), finished=at))
            return None
        if row.attempt >= ATTEMPTS:
            connection.execute(same.values(state=MatchState.FAILED, fault="died again and again", finished=at))
            return None
        connection.execute(same.values(state=MatchState.RUNNING, attempt=row.attempt + 1, lease=at + LEASE))
        return held


def _given(connection: Connection, row: StudyRow, held: StudyClaim) -> StudyClaim:
    """Return a study completed with its dataset, scenario and plan."""
    if row.match is None:
        of = round_row(connection, row.round)
        return replace(held, archive=archive(connection, of.frozen or of.base), scenario=of.scenario)
    match = connection.execute(select(matches).where(matches.c.id == row.match)).one()
    plan = unpacked_record(match.plan)["plan"]
    return replace(held, archive=archive(connection, match.snapshot), scenario=match.scenario, plan=plan)


def finish_study(
    store: Store, actor: Actor, held: StudyClaim, result: Mapping[str, JSON] | None, fault: str = ""
) -> Asked:
    """Store the result or fault of a study, provided that the worker still holds it.

    Raises
    ------
    ConflictError
        The study is no longer this worker's.
    """
    require(actor, Action.WORK, Resource("study"))
    state = MatchState.FAILED if result is None else MatchState.DONE
    content = None if result is None else packed(result)
    own = (studies.c.id == held.study) & (studies.c.attempt == held.attempt) & (studies.c.state == MatchState.RUNNING)
    with store.database.write() as connection:
        values = {"state": state, "result": content, "fault": fault or None, "finished": store.now(), "lease": None}
        if connection.execute(update(studies).where(own).values(**values)).rowcount != 1:
            raise refusal("lost", match=held.study, attempt=held.attempt)
    return Asked(study=held.study, state=state)
