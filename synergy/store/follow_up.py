"""Follow-up of accepted proposals: stages of implementation, and reasons for an end."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from functools import lru_cache

from sqlalchemy import Connection, Executable, bindparam, select

from synergy.records.declarations import Balance
from synergy.records.names import Answer, Seat, Stage, State
from synergy.records.proposals import Partnership, Staged
from synergy.store.access import Action, Actor, Reach, Resource, latest_run, reach, require
from synergy.store.backup import measures_of
from synergy.store.commit import Step, Transaction, commit
from synergy.store.declarations import declaration_row
from synergy.store.messages import refusal
from synergy.store.notices import PLANNERS, NoticeContent, post
from synergy.store.rounds import StepOptions, round_row
from synergy.store.rows import PartnershipRow, RoundRow
from synergy.store.store import Store
from synergy.store.tables import declared, lines, parties, partnerships, proposals

_ORDER = (Stage.AGREED, Stage.PERMITS, Stage.FINANCING, Stage.BUILDING, Stage.RUNNING)


def follow(store: Store, actor: Actor, partnership: int, stage: Stage, asked: StepOptions | None = None) -> Staged:
    """Advance a partnership to a later stage, or end it with a reason (`asked.note`).

    `actor` is a planner, or an editor of an enterprise that is part of it. Stages may be passed over.

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

    def body(change: Transaction) -> Staged:
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
        return Staged(partnership=partnership, stage=stage, version=seen + 1)

    given = {"partnership": partnership, "stage": stage, **asked.given}
    return commit(store, actor, Step("follow", given, asked.key), Staged, body)


def _later(stage: Stage) -> list[Stage]:
    if stage is Stage.ENDED:
        return []
    return [*_ORDER[_ORDER.index(stage) + 1 :], Stage.ENDED]


def _partnership(connection: Connection, actor: Actor, ident: int) -> PartnershipRow:
    """Return a partnership that an actor may update."""
    row = connection.execute(select(partnerships).where(partnerships.c.id == ident)).one_or_none()
    inside = select(parties.c.enterprise).where(parties.c.proposal == (None if row is None else row.proposal))
    require(actor, Action.FOLLOW, Resource("partnership", frozenset(connection.execute(inside).scalars())))
    if row is None:
        raise refusal("not_found", what="partnership")
    return row


def followed(store: Store, actor: Actor, round_id: int | None = None) -> list[Partnership]:
    """Return the partnerships visible to an actor by id, of one round or of all; an enterprise sees its own."""
    own = reach(actor, Action.SEE_PARTNERSHIP) is Reach.OWN
    mine = frozenset({actor.enterprise} if own and actor.enterprise else ())
    require(actor, Action.SEE_PARTNERSHIP, Resource("partnership", mine))
    given = {"round": round_id, "enterprise": actor.enterprise}
    with store.database.read() as connection:
        return [Partnership.of(row) for row in connection.execute(_wanted(own, round_id is not None), given)]


@lru_cache
def _wanted(own: bool, of_round: bool) -> Executable:
    """Return the query for partnerships, optionally of one enterprise or of one round."""
    facts = [partnerships.c[name] for name in ("round", "stage", "version", "reason", "since")]
    wanted = select(partnerships.c.id.label("partnership"), *facts, proposals.c.code.label("proposal"))
    wanted = wanted.join(proposals, proposals.c.id == partnerships.c.proposal)
    if of_round:
        wanted = wanted.where(partnerships.c.round == bindparam("round"))
    if own:
        inside = select(parties.c.proposal).where(parties.c.enterprise == bindparam("enterprise"))
        wanted = wanted.where(partnerships.c.proposal.in_(inside))
    return wanted.order_by(partnerships.c.id)


def balance(store: Store, actor: Actor, seat: Seat) -> list[Balance]:
    """Return the quantities a year of the offers and needs of an enterprise in a round.

    Declared = free + committed + ended, none of them below 0. Committed: accepted by all parties.

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
            select(declared, declared.c.subject.label("commodity"))
            .where(key, declared.c.sheet != "facilities")
            .order_by(declared.c.sheet, declared.c.ident)
        ).all()
        used = _used(connection, row)
        units = measures_of(connection, row.base)
    found = []
    for one in goods:
        figures = {"declared": one.amount} | {kind: used[kind, one.ident] for kind in ("committed", "ended")}
        figures["free"] = one.amount - figures["committed"] - figures["ended"]
        found.append(Balance.of(one, **{name: units.amount(one.subject, value) for name, value in figures.items()}))
    return found


def _used(connection: Connection, row: RoundRow) -> dict[tuple[str, str], Decimal]:
    """Return the committed and ended quantities of each offer and need, a flow shared by proposals counted once."""
    used: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    rows = connection.execute(
        select(lines, partnerships.c.stage)
        .join(proposals, proposals.c.id == lines.c.proposal)
        .outerjoin(partnerships, partnerships.c.proposal == proposals.c.id)
        .where(proposals.c.match == latest_run(row.id), proposals.c.answer == Answer.ACCEPTED)
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
