"""Questions of enterprises about their own exchanges, limited per round because answers reveal data of others."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from synergy.store.access import Action, Actor, Reach, Resource, reach, require
from synergy.store.backup import archive
from synergy.store.commit import Record, Step, Transaction, commit
from synergy.store.messages import refusal
from synergy.store.names import StudyKind
from synergy.store.queries import SHOWN
from synergy.store.results import unpacked_record
from synergy.store.rounds import round_row
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
    """Inputs for the computation of an answer, none of which are disclosed.

    Parameters
    ----------
    archive : bytes
        The frozen dataset.
    scenario, plan : mapping
        Records.
    """

    archive: bytes
    scenario: Record
    plan: Record


def left(store: Store, actor: Actor, round_id: int) -> Record:
    """Return the number of questions that an enterprise has left in a round, with all sites and commodities.

    Returns
    -------
    dict
        ``{left, most, sites, commodities}``: names of all places, with whose they are, and of all goods; public facts.

    Raises
    ------
    NotFoundError
        There is no such round, or it has not been published.
    """
    _ask(actor)
    with store.database.read() as connection:
        _, record = _run(connection, round_id)
        count = used(connection, str(actor.enterprise), round_id)
    labels = record["labels"]
    names = ("name_en", "name_zh", "enterprise")
    sites = {site: {name: label[name] for name in names} for site, label in labels["sites"].items()}
    goods = {good: {name: label[name] for name in names[:2]} for good, label in labels["commodities"].items()}
    return {"left": MOST - count, "most": MOST, "sites": sites, "commodities": goods}


def wonder(store: Store, actor: Actor, round_id: int, question: Wondered) -> tuple[Record, QuestionInput]:
    """Register a question; a repeated question counts once.

    Parameters
    ----------
    store : Store
    actor : Actor
        An enterprise, about an exchange of which one end is its own.
    round_id : int
        Published or later.
    question : Wondered

    Returns
    -------
    tuple of dict and QuestionInput
        ``{match, left}``, and the inputs of the answer.

    Raises
    ------
    NotFoundError
        No such round, place or commodity, or none of the two places is the enterprise's.
    RefusedError
        It has asked as often as it may.
    """
    _ask(actor, Action.STUDY)
    with store.database.read() as connection:
        latest, record = _run(connection, round_id)
        content = archive(connection, latest.snapshot)
    _known(actor, record["labels"], question)
    key = f"why:{latest.id}:{question.origin}>{question.target}:{question.commodity}"

    def body(change: Transaction) -> Record:
        count = few(change.connection, str(actor.enterprise), round_id)
        change.event("why", f"why:{round_id}:{actor.enterprise}", asdict(question), round_id)
        return {"match": latest.id, "left": MOST - count - 1}

    told = commit(store, actor, Step("why", {"round": round_id, **asdict(question)}, key), body)
    return told, QuestionInput(content, latest.scenario, record["plan"])


def _ask(actor: Actor, action: Action = Action.SEE_PROPOSAL) -> None:
    mine = frozenset({actor.enterprise} if actor.enterprise else ())
    if reach(actor, Action.SEE_PROPOSAL) is Reach.ALL:  # who sees plans asks of the plan itself
        raise refusal("denied", role=str(actor.role), action="why")
    require(actor, action, Resource("proposal", mine))


def _run(connection: Connection, round_id: int) -> tuple[Any, Record]:
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
        As often as it may.
    """
    count = used(connection, enterprise, round_id)
    if count >= MOST:
        raise refusal("too_often", count=count)
    return count


def _known(actor: Actor, labels: Record, question: Wondered) -> None:
    """Refuse unknown sites and commodities, and exchanges between other enterprises."""
    ends = [labels["sites"].get(site) for site in (question.origin, question.target)]
    if None in ends or actor.enterprise not in {end["enterprise"] for end in ends}:
        raise refusal("not_found", what="site")
    if question.commodity not in labels["commodities"]:
        raise refusal("not_found", what="commodity")
