"""Questions of enterprises about their own exchanges, limited per round because answers reveal data of others."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, func, select

from synergy.records.documents import LabelsJSON, PlanJSON, RoundJSON, ScenarioJSON
from synergy.records.names import StudyKind
from synergy.records.studies import QuestionAsked, QuestionsLeft
from synergy.store.access import Action, Actor, Reach, Resource, reach, require
from synergy.store.backup import archive
from synergy.store.commit import Step, Transaction, commit
from synergy.store.messages import refusal
from synergy.store.queries import SHOWN
from synergy.store.results import unpacked_record
from synergy.store.rounds import round_row
from synergy.store.rows import MatchRow
from synergy.store.runs import latest_match
from synergy.store.store import Store
from synergy.store.tables import events, studies

MOST = 12  # questions of one enterprise in one round, on its pages and by studies together


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

    Raises
    ------
    NotFoundError
        There is no such round, or it has not been published.
    """
    _ask(actor)
    with store.database.read() as connection:
        _, record = _run(connection, round_id)
        count = used(connection, str(actor.enterprise), round_id)
    return QuestionsLeft.model_validate({"left": MOST - count, "most": MOST, **record["labels"]})


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
    _known(actor, record["labels"], question)
    key = f"why:{latest.id}:{question.origin}>{question.target}:{question.commodity}"

    def body(change: Transaction) -> QuestionAsked:
        count = few(change.connection, str(actor.enterprise), round_id)
        change.event("why", f"why:{round_id}:{actor.enterprise}", asdict(question), round_id)
        return QuestionAsked(match=latest.id, left=MOST - count - 1)

    told = commit(store, actor, Step("why", {"round": round_id, **asdict(question)}, key), QuestionAsked, body)
    return told, QuestionInput(content, latest.scenario, record["plan"])


def _ask(actor: Actor, action: Action = Action.SEE_PROPOSAL) -> None:
    mine = frozenset({actor.enterprise} if actor.enterprise else ())
    if reach(actor, Action.SEE_PROPOSAL) is Reach.ALL:  # who sees plans asks of the plan itself
        raise refusal("denied", role=str(actor.role), action="why")
    require(actor, action, Resource("proposal", mine))


def _run(connection: Connection, round_id: int) -> tuple[MatchRow, RoundJSON]:
    """Return the latest run of a round whose exchanges may be asked about, and the record of the round."""
    row = round_row(connection, round_id)
    latest = latest_match(connection, round_id)
    if latest is None or row.state not in SHOWN:
        raise refusal("not_found", what="match")
    if row.anonymous:  # that an exchange is in the plan would name a partner
        raise refusal("anonymous")
    return latest, unpacked_record(latest.plan)


def used(connection: Connection, enterprise: str, round_id: int) -> int:
    """Return the number of questions of an enterprise in a round, on its pages and by studies."""
    asked = (events.c.round == round_id) & (events.c.subject == f"why:{round_id}:{enterprise}")
    mine = (studies.c.round == round_id) & (studies.c.enterprise == enterprise)
    wanted = ((events, asked), (studies, mine & (studies.c.kind == StudyKind.EXPLANATION)))
    return sum(
        int(connection.execute(select(func.count()).select_from(table).where(which)).scalar_one())
        for table, which in wanted
    )


def few(connection: Connection, enterprise: str, round_id: int) -> int:
    """Return the number of questions of an enterprise in a round, and refuse where the limit is reached.

    Raises
    ------
    RefusedError
        The limit is reached.
    """
    count = used(connection, enterprise, round_id)
    if count >= MOST:
        raise refusal("too_often", count=count)
    return count


def _known(actor: Actor, labels: LabelsJSON, question: Wondered) -> None:
    """Refuse unknown sites and commodities, and exchanges between other enterprises."""
    ends = [labels["sites"].get(site) for site in (question.origin, question.target)]
    if None in ends or actor.enterprise not in {end["enterprise"] for end in ends if end is not None}:
        raise refusal("not_found", what="site")
    if question.commodity not in labels["commodities"]:
        raise refusal("not_found", what="commodity")
