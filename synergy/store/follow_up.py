"""Follow-up of accepted proposals: stages of implementation, and reasons for an end."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, select

from synergy.store.access import Action, Actor, Reach, Resource, reach, require
from synergy.store.column_types import written
from synergy.store.commit import Record, Step, Transaction, commit
from synergy.store.declarations import declaration_row
from synergy.store.messages import refusal
from synergy.store.names import Answer, Seat, Stage, State
from synergy.store.notices import PLANNERS, NoticeContent, post
from synergy.store.rounds import StepOptions, round_row
from synergy.store.runs import latest_match
from synergy.store.store import Store
from synergy.store.tables import declared, lines, parties, partnerships, proposals

_ORDER = (Stage.AGREED, Stage.PERMITS, Stage.FINANCING, Stage.BUILDING, Stage.RUNNING)


def follow(store: Store, actor: Actor, partnership: int, stage: Stage, asked: StepOptions | None = None) -> Record:
    """Advance a partnership to a later stage, or end it with a reason (`asked.note`).

    Parameters
    ----------
    store : Store
    actor : Actor
        A planner, or an editor of an enterprise that is part of it.
    partnership : int
    stage : Stage
        A later one; stages may be passed over, none is gone back to.
    asked : StepOptions, optional
        Version that was seen, idempotency key, reason.

    Returns
    -------
    dict
        ``{partnership, stage, version}``.

    Raises
    ------
    RefusedError
        An earlier stage, one after the end, or an end without a reason.
    """
    asked = asked or StepOptions()
    with store.database.read() as connection:
        _partnership(connection, actor, partnership)
    if stage is Stage.ENDED and not asked.note.strip():
        raise refusal("reason")

    def body(change: Transaction) -> Record:
        row = _partnership(change.connection, actor, partnership)
        later = _later(Stage(row.stage))
        if stage not in later:
            raise refusal("stage", stage=row.stage, expected=", ".join(later) or "-", given=stage)
        seen = row.version if asked.version is None else asked.version
        values = {"stage": stage, "reason": asked.note, "since": change.at}
        change.bump(partnerships, {"id": partnership}, seen, "partnership", **values)
        detail = {"stage": stage, "reason": asked.note, "version": seen + 1}
        change.event("follow", f"partnership:{partnership}", detail, row.round)
        inside = select(parties.c.enterprise).where(parties.c.proposal == row.proposal)
        others = [name for name in change.connection.execute(inside).scalars() if name != actor.enterprise]
        told = NoticeContent("stage", row.round, str(partnership), {"stage": stage, "reason": asked.note})
        post(change, [*others, *([] if actor.enterprise is None else [PLANNERS])], told)
        return {"partnership": partnership, "stage": stage, "version": seen + 1}

    given = {"partnership": partnership, "stage": stage, **asked.given}
    return commit(store, actor, Step("follow", given, asked.key), body)


def _later(stage: Stage) -> list[Stage]:
    if stage is Stage.ENDED:
        return []
    return [*_ORDER[_ORDER.index(stage) + 1 :], Stage.ENDED]


def _partnership(connection: Connection, actor: Actor, ident: int) -> Row[Any]:
    """Return a partnership that an actor may update."""
    row = connection.execute(select(partnerships).where(partnerships.c.id == ident)).one_or_none()
    inside = select(parties.c.enterprise).where(parties.c.proposal == (None if row is None else row.proposal))
    require(actor, Action.FOLLOW, Resource("partnership", frozenset(connection.execute(inside).scalars())))
    if row is None:
        raise refusal("not_found", what="partnership")
    return row


def followed(store: Store, actor: Actor, round_id: int | None = None) -> list[Record]:
    """Return the partnerships visible to an actor.

    Parameters
    ----------
    store : Store
    actor : Actor
        An enterprise sees those that it is part of.
    round_id : int, optional
        Those of one round.

    Returns
    -------
    list of dict
        ``{partnership, round, proposal, stage, version, reason, since}``, by id.
    """
    own = reach(actor, Action.SEE_PARTNERSHIP) is Reach.OWN
    mine = frozenset({actor.enterprise} if own and actor.enterprise else ())
    require(actor, Action.SEE_PARTNERSHIP, Resource("partnership", mine))
    given: Record = {} if round_id is None else {"round": round_id}
    given |= {"enterprise": actor.enterprise} if own else {}
    with store.database.read() as connection:
        rows = connection.execute(_wanted(own, round_id is not None), given).all()
    names = ("round", "stage", "version", "reason")
    return [
        {
            "partnership": row.id,
            "proposal": row.code,
            "since": row.since.isoformat(),
            **{name: row._mapping[name] for name in names},
        }
        for row in rows
    ]


@lru_cache
def _wanted(own: bool, of_round: bool) -> Select[Any]:
    """Return the query for partnerships, optionally of one enterprise or of one round."""
    wanted = select(partnerships, proposals.c.code).join(proposals, proposals.c.id == partnerships.c.proposal)
    if of_round:
        wanted = wanted.where(partnerships.c.round == bindparam("round"))
    if own:
        inside = select(parties.c.proposal).where(parties.c.enterprise == bindparam("enterprise"))
        wanted = wanted.where(partnerships.c.proposal.in_(inside))
    return wanted.order_by(partnerships.c.id)


def balance(store: Store, actor: Actor, seat: Seat) -> list[Record]:
    """Return the declared, committed, ended and free quantities of an enterprise in a round.

    Parameters
    ----------
    store : Store
    actor : Actor
        Of the enterprise, or a planner.
    seat : Seat
        Round and enterprise.

    Returns
    -------
    list of dict
        ``{sheet, ident, site, commodity, declared, free, committed, ended}`` of offers and needs, units a year as
        exact texts: declared = free + committed + ended, none of them below 0. Committed: accepted by all parties.

    Raises
    ------
    NotFoundError
        There is no such round, or the enterprise takes no part in it.
    """
    round_id, enterprise = seat
    require(actor, Action.SEE_DECLARATION, Resource("declaration", frozenset({enterprise})))
    with store.database.read() as connection:
        row = round_row(connection, round_id)
        declaration_row(connection, round_id, enterprise)
        key = (declared.c.round == round_id) & (declared.c.enterprise == enterprise)
        goods = connection.execute(
            select(declared).where(key, declared.c.sheet != "facilities").order_by(declared.c.sheet, declared.c.ident)
        ).all()
        used = _used(connection, row)
    found = []
    for one in goods:
        committed, ended = used["committed", one.ident], used["ended", one.ident]
        figures = {"declared": one.amount, "committed": committed, "ended": ended}
        figures["free"] = one.amount - committed - ended
        told = {name: written(value) for name, value in figures.items()}
        found.append({"sheet": one.sheet, "ident": one.ident, "site": one.site, "commodity": one.subject, **told})
    return found


def _used(connection: Connection, row: Row[Any]) -> dict[tuple[str, str], Decimal]:
    """Return the committed and ended quantities of each offer and need, a flow shared by proposals counted once."""
    used: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    latest = latest_match(connection, row.id)
    if latest is None:
        return used
    rows = connection.execute(
        select(lines, partnerships.c.stage)
        .join(proposals, proposals.c.id == lines.c.proposal)
        .outerjoin(partnerships, partnerships.c.proposal == proposals.c.id)
        .where(proposals.c.match == latest.id, proposals.c.answer == Answer.ACCEPTED)
        .order_by(lines.c.proposal, lines.c.number)
    )
    seen = set()
    for line in rows:
        key = (line.from_site, line.to_site, line.commodity, line.mode, line.outlet, line.inlet)
        if key in seen or row.state == State.CANCELLED:
            continue
        seen.add(key)
        kind = "ended" if line.stage == Stage.ENDED else "committed"
        for side, name in ((line.outlet_kind, line.outlet), (line.inlet_kind, line.inlet)):
            if side in ("offer", "need"):
                used[kind, name] += line.quantity
    return used
