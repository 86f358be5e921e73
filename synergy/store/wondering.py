"""Why not? An enterprise asks about its own exchanges, so many a round: each answer tells a little of others."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from synergy.store.access import Action, Actor, Reach, Resource, reach, require
from synergy.store.archives import archive
from synergy.store.commit import Change, Record, Step, commit
from synergy.store.matching import latest_match
from synergy.store.results import unpacked_record
from synergy.store.rounds import round_row
from synergy.store.seeing import SHOWN
from synergy.store.store import Store
from synergy.store.tables import events
from synergy.store.words import refusal

MOST = 12  # questions of one enterprise in one round


@dataclass(frozen=True, slots=True)
class Wondered:
    """An exchange that somebody asks about: between which sites, of what."""

    origin: str
    target: str
    commodity: str


@dataclass(frozen=True, slots=True)
class Ground:
    """What an answer follows from, for the process that works it out; none of it is shown as it is.

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
    """Return how many questions an enterprise may still ask in a round, and which places and goods there are.

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
        used = _used(connection, actor, round_id)
    labels = record["labels"]
    names = ("name_en", "name_zh", "enterprise")
    sites = {site: {name: label[name] for name in names} for site, label in labels["sites"].items()}
    goods = {good: {name: label[name] for name in names[:2]} for good, label in labels["commodities"].items()}
    return {"left": MOST - used, "most": MOST, "sites": sites, "commodities": goods}


def wonder(store: Store, actor: Actor, round_id: int, question: Wondered) -> tuple[Record, Ground]:
    """Book a question; one that was asked before counts once.

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
    tuple of dict and Ground
        ``{match, left}``, and what the answer follows from.

    Raises
    ------
    NotFoundError
        No such round, place or commodity, or none of the two places is the enterprise's.
    RefusedError
        It has asked as often as it may.
    """
    _ask(actor)
    with store.database.read() as connection:
        latest, record = _run(connection, round_id)
        content = archive(connection, latest.snapshot)
    _known(actor, record["labels"], question)
    key = f"why:{latest.id}:{question.origin}>{question.target}:{question.commodity}"

    def body(change: Change) -> Record:
        used = _used(change.connection, actor, round_id)
        if used >= MOST:
            raise refusal("too_often", count=used)
        change.event("why", f"why:{round_id}:{actor.enterprise}", asdict(question), round_id)
        return {"match": latest.id, "left": MOST - used - 1}

    told = commit(store, actor, Step("why", {"round": round_id, **asdict(question)}, key), body)
    return told, Ground(content, latest.scenario, record["plan"])


def _ask(actor: Actor) -> None:
    mine = frozenset({actor.enterprise} if actor.enterprise else ())
    if reach(actor, Action.SEE_PROPOSAL) is Reach.ALL:  # who sees plans asks of the plan itself
        raise refusal("denied", role=str(actor.role), action="why")
    require(actor, Action.SEE_PROPOSAL, Resource("proposal", mine))


def _run(connection: Connection, round_id: int) -> tuple[Any, Record]:
    row = round_row(connection, round_id)
    latest = latest_match(connection, round_id)
    if latest is None or row.state not in SHOWN:
        raise refusal("not_found", what="match")
    return latest, unpacked_record(latest.plan)


def _used(connection: Connection, actor: Actor, round_id: int) -> int:
    own = (events.c.round == round_id) & (events.c.subject == f"why:{round_id}:{actor.enterprise}")
    return int(connection.execute(select(func.count()).select_from(events).where(own)).scalar_one())


def _known(actor: Actor, labels: Record, question: Wondered) -> None:
    """Refuse places and goods that are not there, and exchanges between others."""
    ends = [labels["sites"].get(site) for site in (question.origin, question.target)]
    if None in ends or actor.enterprise not in {end["enterprise"] for end in ends}:
        raise refusal("not_found", what="site")
    if question.commodity not in labels["commodities"]:
        raise refusal("not_found", what="commodity")
