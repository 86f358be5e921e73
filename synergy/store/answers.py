"""Answers of enterprises to proposals, and the resulting status of each proposal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from synergy.dataset.sheet import Dataset
from synergy.store.access import Action, Actor, Resource, members, require
from synergy.store.backup import archive, dataset_of
from synergy.store.column_types import decimal
from synergy.store.commit import Record, Step, Transaction, commit, inserted
from synergy.store.messages import refusal
from synergy.store.names import Answer, State
from synergy.store.notices import PLANNERS, NoticeContent, post
from synergy.store.rounds import StepOptions, fits, moved, round_row
from synergy.store.runs import latest_match
from synergy.store.store import Store
from synergy.store.tables import lines, matches, parties, partnerships, proposals

_GIVEN = (Answer.INTERESTED, Answer.ACCEPTED, Answer.DECLINED, Answer.COUNTERED)
_CLOSED = (Answer.ACCEPTED, Answer.DECLINED)
# asked for every page of a proposal: made once
_BY_CODE = select(proposals).where(proposals.c.code == bindparam("code"))
_INSIDE = select(parties.c.enterprise).where(parties.c.proposal == bindparam("proposal"))


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer of an enterprise to a proposal.

    Parameters
    ----------
    answer : Answer
        Interested, accepted, declined or countered.
    reason : str
        Needed to decline.
    counter : sequence of mapping
        ``{number, quantity, price}``: its alternative terms, for lines with the enterprise at one end.
    """

    answer: Answer
    reason: str = ""
    counter: Sequence[Mapping[str, Any]] = ()


def answer(store: Store, actor: Actor, code: str, reply: Reply, asked: StepOptions | None = None) -> Record:
    """Record the answer of an enterprise to a proposal.

    Parameters
    ----------
    store : Store
    actor : Actor
        An editor or client of an enterprise that is part of it.
    code : str
        The proposal's.
    reply : Reply
        The answer.
    asked : StepOptions, optional
        Version of the enterprise's answer that was seen, idempotency key.

    Returns
    -------
    dict
        ``{proposal, answer, version, standing}``: standing is the status of the proposal.

    Raises
    ------
    NotFoundError
        No such proposal, or one of others.
    RefusedError
        The round does not collect answers, the proposal is closed, or a counter-offer is wrong.
    ConflictError
        The enterprise has answered since the version that was seen.
    """
    asked = asked or StepOptions()
    with store.database.read() as connection:
        offered = proposal_row(connection, actor, Action.ANSWER, code)
        _sensible(reply)
        held, counter = round_row(connection, _round(connection, offered)), None
        if reply.answer is Answer.COUNTERED and held.state == State.RESPONDING:  # else it is refused below
            counter = countered(connection, held, (offered.id, actor.enterprise), reply.counter)
    given = {"proposal": code, "answer": reply.answer, "reason": reply.reason, "counter": list(reply.counter)}

    def body(change: Transaction) -> Record:
        connection = change.connection
        row = proposal_row(connection, actor, Action.ANSWER, code)
        _open(change, row)
        own = (parties.c.proposal == row.id) & (parties.c.enterprise == actor.enterprise)
        party = connection.execute(select(parties).where(own)).one()
        if party.answer in _CLOSED or row.answer in _CLOSED:
            raise refusal("answered", answer=party.answer if party.answer in _CLOSED else row.answer)
        seen = party.version if asked.version is None else asked.version
        values = {"answer": reply.answer, "reason": reply.reason, "counter": counter, "at": change.at}
        key = {"proposal": row.id, "enterprise": actor.enterprise}
        change.bump(parties, key, seen, "proposal", **values, actor=actor.name)
        standing = _settled(change, row)
        detail = {"answer": reply.answer, "reason": reply.reason, "counter": counter, "standing": standing}
        round_id = _round(connection, row)
        change.event("answer", f"proposal:{code}:{actor.enterprise}", detail, round_id)
        _tell(change, row, (round_id, actor, detail))
        return {"proposal": code, "answer": reply.answer, "version": seen + 1, "standing": standing}

    return commit(store, actor, Step("answer", given | {"version": asked.version}, asked.key), body)


def proposal_row(connection: Connection, actor: Actor, action: Action, code: str) -> Row[Any]:
    """Return the row of a proposal, subject to an access check.

    Parameters
    ----------
    connection : sqlalchemy.Connection
    actor, action
        The account and its action.
    code : str
        The proposal's.

    Raises
    ------
    NotFoundError
        There is none, or the actor is no part of it: the two look the same.
    DeniedError
        The actor may do this with no proposal.
    """
    row = connection.execute(_BY_CODE, {"code": code}).one_or_none()
    inside = connection.execute(_INSIDE, {"proposal": None if row is None else row.id}).scalars()
    require(actor, action, Resource("proposal", frozenset(inside)))
    if row is None:
        raise refusal("not_found", what="proposal")
    return row


def _sensible(reply: Reply) -> None:
    if reply.answer not in _GIVEN:
        raise refusal("unknown", what="answer", name=reply.answer, expected=", ".join(_GIVEN))
    if reply.answer is Answer.DECLINED and not reply.reason.strip():
        raise refusal("reason")
    if len(reply.reason) > 1000:
        raise refusal("bad_value", what="reason", value=len(reply.reason), expected="<= 1000")
    if (reply.answer is Answer.COUNTERED) != bool(reply.counter):
        raise refusal("bad_value", what="counter", value=len(reply.counter), expected="[{number, quantity, price}]")


def _round(connection: Connection, row: Row[Any]) -> int:
    return int(connection.execute(select(matches.c.round).where(matches.c.id == row.match)).scalar_one())


def _open(change: Transaction, row: Row[Any]) -> None:
    """Refuse unless the round collects answers to the run of the proposal."""
    connection = change.connection
    held = round_row(connection, _round(connection, row))
    fits(held, "answer")
    if held.answer_by is not None and change.at > held.answer_by:
        raise refusal("late", deadline=held.answer_by.isoformat(timespec="minutes"))
    latest = latest_match(connection, held.id)
    if latest is None or latest.id != row.match:
        raise refusal("not_found", what="proposal")


def _settled(change: Transaction, row: Row[Any]) -> str:
    """Update the status of a proposal from the answers of its parties, and return it."""
    found = change.connection.execute(select(parties.c.answer).where(parties.c.proposal == row.id)).scalars()
    said = [Answer(one) for one in found]
    if Answer.DECLINED in said:
        standing = Answer.DECLINED
    elif all(one is Answer.ACCEPTED for one in said):
        standing = Answer.ACCEPTED
    elif Answer.COUNTERED in said:
        standing = Answer.COUNTERED
    else:
        standing = Answer.NONE if all(one is Answer.NONE for one in said) else Answer.INTERESTED
    if standing != row.answer:
        change.bump(proposals, {"id": row.id}, row.version, "proposal", answer=standing)
    return str(standing)


def _tell(change: Transaction, row: Row[Any], said: tuple[int, Actor, Record]) -> None:
    """Notify the other parties of the counter-offer or new status, and the planners of the answer."""
    round_id, actor, detail = said
    connection = change.connection
    found = connection.execute(select(parties.c.enterprise).where(parties.c.proposal == row.id)).scalars()
    mine = own_lines(connection, row.id, actor.enterprise)
    for name in [name for name in found if name != actor.enterprise]:
        heard = shared(detail["counter"] or (), mine, name)
        if heard:
            post(change, [name], NoticeContent("countered", round_id, row.code, {"lines": heard}))
        else:
            post(change, [name], NoticeContent("answered", round_id, row.code, {"standing": detail["standing"]}))
    told = {"enterprise": actor.enterprise, "answer": detail["answer"]}
    post(change, [PLANNERS], NoticeContent("said", round_id, row.code, told))


def conclude(store: Store, actor: Actor, round_id: int, asked: StepOptions | None = None) -> Record:
    """Conclude a round: proposals accepted by all their parties become partnerships.

    Parameters
    ----------
    store : Store
    actor : Actor
        A planner.
    round_id : int
        Responding.
    asked : StepOptions, optional

    Returns
    -------
    dict
        ``{round, version, state, partnerships: [id]}``.
    """
    require(actor, Action.RUN_ROUND, Resource("round"))
    asked = asked or StepOptions()

    def body(change: Transaction) -> Record:
        connection = change.connection
        row = round_row(connection, round_id)
        fits(row, "conclude")
        latest = latest_match(connection, round_id)
        assert latest is not None
        agreed = (proposals.c.match == latest.id) & (proposals.c.answer == Answer.ACCEPTED)
        made = []
        for ident in connection.execute(select(proposals.c.id).where(agreed).order_by(proposals.c.id)).scalars().all():
            values = {"proposal": ident, "round": round_id, "reason": "", "since": change.at}
            made.append(inserted(connection, partnerships, **values))
            to = connection.execute(select(parties.c.enterprise).where(parties.c.proposal == ident)).scalars().all()
            post(change, to, NoticeContent("agreed", round_id, str(made[-1])))
        told = moved(change, row, "conclude", asked, {"partnerships": made})
        post(change, members(connection, round_id), NoticeContent("concluded", round_id, "", {"name": row.name}))
        return told | {"partnerships": made}

    return commit(store, actor, Step("round.conclude", {"round": round_id, **asked.given}, asked.key), body)


def own_lines(connection: Connection, proposal: int, enterprise: str | None) -> dict[int, Row[Any]]:
    """Return the lines of a proposal that have an enterprise at one end, by number."""
    found = connection.execute(select(lines).where(lines.c.proposal == proposal).order_by(lines.c.number))
    return {line.number: line for line in found if enterprise in (line.from_enterprise, line.to_enterprise)}


def countered(
    connection: Connection, row: Row[Any], part: tuple[int, str | None], asked: Sequence[Mapping[str, Any]]
) -> list[Record]:
    """Validate a counter-offer and return it in the form of storage, with exact figures as text.

    Parameters
    ----------
    connection : sqlalchemy.Connection
    row : sqlalchemy.Row
        The round.
    part : tuple of int and str
        The proposal, and the enterprise that asks.
    asked : sequence of mapping
        ``{number, quantity, price}`` by line, either figure may be missing.

    Raises
    ------
    NotFoundError
        A line that is none of the proposal's, or one between others.
    RefusedError
        No figure, or an invalid one: a quantity above the one that the enterprise declared at its end of the exchange,
        a price by which it would get no more, or pay no less, than proposed. No data of the other side is disclosed.
    """
    proposal, enterprise = part
    mine = own_lines(connection, proposal, enterprise)
    made = []
    for item in asked:
        line = mine.get(item.get("number", -1))
        if line is None:
            raise refusal("not_found", what="term")
        figures = {name: _figure(name, item.get(name)) for name in ("quantity", "price")}
        if all(one is None for one in figures.values()):
            raise refusal("bad_value", what="counter", value="-", expected="quantity, price")
        _better(line, enterprise, figures["price"])
        quantity = figures["quantity"]
        if quantity is not None and quantity > line.quantity:
            most = _room(dataset_of(archive(connection, row.frozen), row.scenario), line, enterprise)
            if quantity > max(most, line.quantity):
                raise refusal("bad_value", what="quantity", value=quantity, expected=f"<= {most.normalize():f}")
        texts = {name: None if one is None else str(one) for name, one in figures.items()}
        made.append({"number": line.number, **texts})
    return made


def _figure(name: str, value: Any) -> Decimal | None:
    if value is None:
        return None
    try:
        number = decimal(value)
    except ValueError as error:
        raise refusal("bad_value", what=name, value=value, expected=str(error)) from error
    if name == "quantity" and number < 0:
        raise refusal("bad_value", what=name, value=value, expected=">= 0")
    return number


def _better(line: Row[Any], enterprise: str | None, price: Decimal | None) -> None:
    """Refuse a countered price that is no improvement over the proposed one for the enterprise."""
    if price is None or line.price is None:
        return
    sells = line.from_enterprise == enterprise
    if price <= line.price if sells else price >= line.price:
        raise refusal(
            "bad_value", what="price", value=price, expected=f"{'>' if sells else '<'} {line.price.normalize():f}"
        )


def _room(dataset: Dataset, line: Row[Any], enterprise: str | None) -> Decimal:
    """Return the annual quantity declared by an enterprise at its end of a line, infinite where there is none."""
    sells = line.from_enterprise == enterprise
    kind, name = (line.outlet_kind, line.outlet) if sells else (line.inlet_kind, line.inlet)
    most = math.inf
    if kind in ("offer", "need"):
        frame = dataset[f"{kind}s"]
        most = float(frame.loc[frame[kind] == name, "quantity"].sum())
    elif kind == "facility":
        frame, recipes = dataset["facilities"], dataset["recipes"]
        (found,) = frame.loc[frame["facility"] == name, ["process", "capacity"]].itertuples(index=False)
        own = (recipes["process"] == found.process) & (recipes["commodity"] == line.commodity)
        most = float(found.capacity) * float(recipes.loc[own, "coefficient"].abs().sum())
    return decimal(f"{most:.6f}") if math.isfinite(most) else Decimal("Infinity")


def shared(counter: Sequence[Mapping[str, Any]], mine: Mapping[int, Row[Any]], partner: str) -> list[Record]:
    """Return the part of a counter-offer that concerns a partner: the lines between the two.

    Parameters
    ----------
    counter : sequence of mapping
        As from `countered`.
    mine : mapping of int to sqlalchemy.Row
        Lines of who asks, by number.
    partner : str
    """
    ends = {number: (line.from_enterprise, line.to_enterprise) for number, line in mine.items()}
    return [dict(item) for item in counter if partner in ends[item["number"]]]
