"""Answers of enterprises to proposals, and the resulting status of each proposal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal

from sqlalchemy import Connection, bindparam, select

from synergy.dataset.sheet import Dataset
from synergy.records.documents import CounterJSON
from synergy.records.figures import Number, decimal
from synergy.records.names import Answer, State
from synergy.records.proposals import Answered
from synergy.records.rounds import Concluded
from synergy.store.access import Action, Actor, Resource, latest_run, members, require
from synergy.store.backup import archive, dataset_of
from synergy.store.commit import Step, Transaction, commit, inserted
from synergy.store.messages import refusal
from synergy.store.notices import PLANNERS, NoticeContent, post
from synergy.store.rounds import StepOptions, fits, moved, round_row
from synergy.store.rows import LineRow, OfferedRow, PartyRow, ProposalRow
from synergy.store.store import Store
from synergy.store.tables import lines, matches, parties, partnerships, proposals, rounds

_GIVEN = (Answer.INTERESTED, Answer.ACCEPTED, Answer.DECLINED, Answer.COUNTERED)
_CLOSED = (Answer.ACCEPTED, Answer.DECLINED)
# asked for every page of a proposal: made once
_BY_CODE = select(proposals).where(proposals.c.code == bindparam("code"))
_INSIDE = select(parties.c.enterprise).where(parties.c.proposal == bindparam("proposal"))
# with the round, and without the plan of the run
_OFFERED = (
    select(
        *(proposals.c[name] for name in ("id", "code", "match", "answer", "version")),
        rounds.c.id.label("round"),
        *(rounds.c[name] for name in ("state", "answer_by", "frozen", "scenario")),
    )
    .join(matches, matches.c.id == proposals.c.match)
    .join(rounds, rounds.c.id == matches.c.round)
    .where(proposals.c.code == bindparam("code"))
)
_SAID = select(parties).where(parties.c.proposal == bindparam("proposal"))


@dataclass(frozen=True, slots=True)
class CounterOffer:
    """Quantity (units a year) or price (money per unit) that an enterprise asks for one line of a proposal.

    None: as proposed. A text that is no number is refused with the answer.
    """

    number: int
    quantity: Number | None = None
    price: Number | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer of an enterprise to a proposal: interested, accepted, declined (with a reason) or countered.

    `counter` are its alternative terms, for lines with the enterprise at one end.
    """

    answer: Answer
    reason: str = ""
    counter: Sequence[CounterOffer] = ()


def answer(store: Store, actor: Actor, code: str, reply: Reply, asked: StepOptions | None = None) -> Answered:
    """Record the answer of an enterprise to a proposal; `asked.version` is that of the enterprise's answer.

    Raises
    ------
    NotFoundError
        No such proposal, or one of others.
    RefusedError
        The round does not collect answers, the proposal is closed, or a counter-offer is wrong.
    ConflictError
        The enterprise has answered since the version that was seen.
    """
    # whether the account may answer at all; whether this proposal is looked up with it
    require(actor, Action.ANSWER, Resource("proposal", frozenset({actor.enterprise} if actor.enterprise else ())))
    asked = asked or StepOptions()

    def body(change: Transaction) -> Answered:
        connection = change.connection
        row, said = _offered(connection, actor, code)
        _sensible(reply)
        mine: Mapping[int, LineRow] = {}
        terms: list[CounterJSON] | None = None
        if reply.answer is Answer.COUNTERED and row.state == State.RESPONDING:  # else it is refused below
            mine = own_lines(connection, row.id, actor.enterprise)
            terms = countered(connection, row, (mine, actor.enterprise), reply.counter)
        _open(change, row)
        party = said[actor.enterprise]
        if party.answer in _CLOSED or row.answer in _CLOSED:
            raise refusal("answered", answer=party.answer if party.answer in _CLOSED else row.answer)
        seen = party.version if asked.version is None else asked.version
        stated = {"answer": reply.answer, "reason": reply.reason, "counter": terms}
        key = {"proposal": row.id, "enterprise": actor.enterprise}
        change.bump(parties, key, seen, "proposal", **stated, at=change.at, actor=actor.name)
        others = [one for name, one in said.items() if name != actor.enterprise]
        standing = _standing([reply.answer, *(Answer(one.answer) for one in others)])
        if standing != row.answer:
            change.bump(proposals, {"id": row.id}, row.version, "proposal", answer=standing)
        detail = stated | {"standing": standing}
        change.event("answer", f"proposal:{code}:{actor.enterprise}", detail, row.round)
        _tell(change, row, {one.enterprise: shared(terms or (), mine, one.enterprise) for one in others}, standing)
        told = {"enterprise": actor.enterprise, "answer": reply.answer}
        post(change, [PLANNERS], NoticeContent("said", row.round, code, told))
        return Answered(proposal=code, answer=reply.answer, version=seen + 1, standing=standing)

    counter = [asdict(one) for one in reply.counter]
    given = {"proposal": code, "answer": reply.answer, "reason": reply.reason, "counter": counter}
    return commit(store, actor, Step("answer", given | {"version": asked.version}, asked.key), Answered, body)


def proposal_row(connection: Connection, actor: Actor, action: Action, code: str) -> ProposalRow:
    """Return the row of a proposal, subject to an access check.

    Raises
    ------
    NotFoundError
        There is none, or the actor is not part of it; the two cannot be told apart.
    DeniedError
        The actor may do this with no proposal.
    """
    row = connection.execute(_BY_CODE, {"code": code}).one_or_none()
    inside = connection.execute(_INSIDE, {"proposal": None if row is None else row.id}).scalars()
    require(actor, action, Resource("proposal", frozenset(inside)))
    if row is None:
        raise refusal("not_found", what="proposal")
    return row


def _offered(connection: Connection, actor: Actor, code: str) -> tuple[OfferedRow, dict[str | None, PartyRow]]:
    """Return a proposal that an actor may answer, with its round, and the answers of its parties by enterprise."""
    row = connection.execute(_OFFERED, {"code": code}).one_or_none()
    found: Sequence[PartyRow] = [] if row is None else connection.execute(_SAID, {"proposal": row.id}).all()
    require(actor, Action.ANSWER, Resource("proposal", frozenset(one.enterprise for one in found)))
    if row is None:
        raise refusal("not_found", what="proposal")
    return row, {one.enterprise: one for one in found}


def _sensible(reply: Reply) -> None:
    if reply.answer not in _GIVEN:
        raise refusal("unknown", what="answer", name=reply.answer, expected=", ".join(_GIVEN))
    if reply.answer is Answer.DECLINED and not reply.reason.strip():
        raise refusal("reason")
    if len(reply.reason) > 1000:
        raise refusal("bad_value", what="reason", value=len(reply.reason), expected="<= 1000")
    if (reply.answer is Answer.COUNTERED) != bool(reply.counter):
        raise refusal("bad_value", what="counter", value=len(reply.counter), expected="[{number, quantity, price}]")


def _open(change: Transaction, row: OfferedRow) -> None:
    """Refuse unless the round collects answers to the run of the proposal."""
    fits(row.state, "answer")
    if row.answer_by is not None and change.at > row.answer_by:
        raise refusal("late", deadline=row.answer_by.isoformat(timespec="minutes"))
    if change.connection.execute(select(latest_run(row.round))).scalar() != row.match:
        raise refusal("not_found", what="proposal")


def _standing(said: Sequence[Answer]) -> Answer:
    """Return the status of a proposal that follows from the answers of its parties."""
    if Answer.DECLINED in said:
        return Answer.DECLINED
    if all(one is Answer.ACCEPTED for one in said):
        return Answer.ACCEPTED
    if Answer.COUNTERED in said:
        return Answer.COUNTERED
    return Answer.NONE if all(one is Answer.NONE for one in said) else Answer.INTERESTED


def _tell(change: Transaction, row: OfferedRow, heard: Mapping[str, list[CounterJSON]], standing: Answer) -> None:
    """Notify the other parties of their lines of a counter-offer, those without such a line of the new status."""
    for name, asked in heard.items():
        if asked:
            post(change, [name], NoticeContent("countered", row.round, row.code, {"lines": asked}))
    rest = [name for name, asked in heard.items() if not asked]
    if rest:
        post(change, rest, NoticeContent("answered", row.round, row.code, {"standing": standing}))


def conclude(store: Store, actor: Actor, round_id: int, asked: StepOptions | None = None) -> Concluded:
    """Conclude a round that collects answers: proposals accepted by all their parties become partnerships."""
    require(actor, Action.RUN_ROUND, Resource("round"))
    asked = asked or StepOptions()

    def body(change: Transaction) -> Concluded:
        connection = change.connection
        row = round_row(connection, round_id)
        fits(row.state, "conclude")
        agreed = (proposals.c.match == latest_run(round_id)) & (proposals.c.answer == Answer.ACCEPTED)
        made = []
        for ident in connection.execute(select(proposals.c.id).where(agreed).order_by(proposals.c.id)).scalars().all():
            values = {"proposal": ident, "round": round_id, "reason": "", "since": change.at}
            made.append(inserted(connection, partnerships, **values))
            to = connection.execute(select(parties.c.enterprise).where(parties.c.proposal == ident)).scalars().all()
            post(change, to, NoticeContent("agreed", round_id, str(made[-1])))
        told = moved(change, row, "conclude", asked, {"partnerships": made})
        post(change, members(connection, round_id), NoticeContent("concluded", round_id, "", {"name": row.name}))
        return Concluded(**dict(told), partnerships=made)

    given = {"round": round_id, **asked.given}
    return commit(store, actor, Step("round.conclude", given, asked.key), Concluded, body)


def own_lines(connection: Connection, proposal: int, enterprise: str | None) -> dict[int, LineRow]:
    """Return the lines of a proposal that have an enterprise at one end, by number."""
    found = connection.execute(select(lines).where(lines.c.proposal == proposal).order_by(lines.c.number))
    return {line.number: line for line in found if enterprise in (line.from_enterprise, line.to_enterprise)}


def countered(
    connection: Connection,
    row: OfferedRow,
    side: tuple[Mapping[int, LineRow], str | None],
    asked: Sequence[CounterOffer],
) -> list[CounterJSON]:
    """Validate a counter-offer and return it in the form of storage, with exact figures as text.

    `row` tells dataset and scenario of the round, `side` the lines of the enterprise that asks, by number, and the
    enterprise.

    Raises
    ------
    NotFoundError
        A line that is none of the proposal's, or one between others.
    RefusedError
        No figure, or an invalid one: a quantity above the one that the enterprise declared at its end of the exchange,
        a price by which it would get no more, or pay no less, than proposed. No data of the other side is disclosed.
    """
    mine, enterprise = side
    dataset: Dataset | None = None
    made: list[CounterJSON] = []
    for item in asked:
        line = mine.get(item.number)
        if line is None:
            raise refusal("not_found", what="term")
        count, price = _figure("quantity", item.quantity), _figure("price", item.price)
        if count is None and price is None:
            raise refusal("bad_value", what="counter", value="-", expected="quantity, price")
        _better(line, enterprise, price)
        if count is not None and count > line.quantity:
            dataset = dataset if dataset is not None else dataset_of(archive(connection, row.frozen), row.scenario)
            most = _room(dataset, line, enterprise)
            if count > max(most, line.quantity):
                raise refusal("bad_value", what="quantity", value=count, expected=f"<= {most.normalize():f}")
        quantity, money = (None if one is None else str(one) for one in (count, price))
        made.append({"number": line.number, "quantity": quantity, "price": money})
    return made


def _figure(name: str, value: Number | None) -> Decimal | None:
    if value is None:
        return None
    try:
        number = decimal(value)
    except ValueError as error:
        raise refusal("bad_value", what=name, value=value, expected=str(error)) from error
    if name == "quantity" and number < 0:
        raise refusal("bad_value", what=name, value=value, expected=">= 0")
    return number


def _better(line: LineRow, enterprise: str | None, price: Decimal | None) -> None:
    """Refuse a countered price that is no improvement over the proposed one for the enterprise."""
    if price is None or line.price is None:
        return
    sells = line.from_enterprise == enterprise
    if price <= line.price if sells else price >= line.price:
        raise refusal(
            "bad_value", what="price", value=price, expected=f"{'>' if sells else '<'} {line.price.normalize():f}"
        )


def _room(dataset: Dataset, line: LineRow, enterprise: str | None) -> Decimal:
    """Return the annual quantity declared by an enterprise at its end of a line, infinite where there is none."""
    sells = line.from_enterprise == enterprise
    kind, name = (line.outlet_kind, line.outlet) if sells else (line.inlet_kind, line.inlet)
    most = math.inf
    if kind in ("offer", "need"):
        frame = dataset[f"{kind}s"]
        most = float(frame.loc[frame[kind] == name, "quantity"].sum())
    elif kind == "facility":
        frame, recipes = dataset["facilities"], dataset["recipes"]
        own = frame["facility"] == name
        made = recipes["process"].isin(frame.loc[own, "process"]) & (recipes["commodity"] == line.commodity)
        most = float(frame.loc[own, "capacity"].sum()) * float(recipes.loc[made, "coefficient"].abs().sum())
    return decimal(f"{most:.6f}") if math.isfinite(most) else Decimal("Infinity")


def shared(counter: Sequence[CounterJSON], mine: Mapping[int, LineRow], partner: str) -> list[CounterJSON]:
    """Return the part of a counter-offer that concerns a partner: the lines between the two."""
    ends = {number: (line.from_enterprise, line.to_enterprise) for number, line in mine.items()}
    return [item for item in counter if partner in ends[item["number"]]]
