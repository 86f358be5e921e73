"""Answers of enterprises to proposals, and partnerships: the accepted proposals and the stages of their follow-up."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import lru_cache

from sqlalchemy import Connection, Executable, bindparam, select

from synergy.dataset.sheet import Dataset
from synergy.records.documents import CounterJSON
from synergy.records.figures import Number, decimal
from synergy.records.names import Answer, Seat, Stage, State
from synergy.records.proposals import Answered, Partnership, Staged
from synergy.records.rounds import Balance, Concluded
from synergy.store.access import Action, Actor, Resource, latest_run, members, only_own, require
from synergy.store.commit import Step, Transaction, commit, inserted
from synergy.store.datasets import archive, dataset_of, measures_of
from synergy.store.declarations import declaration_row
from synergy.store.messages import existing, refusal
from synergy.store.notices import PLANNERS, NoticeContent, post
from synergy.store.rounds import StepOptions, fits, moved, round_row
from synergy.store.rows import LineRow, OfferedRow, PartnershipRow, PartyRow, ProposalRow, RoundRow
from synergy.store.store import Store
from synergy.store.tables import declared, lines, matches, parties, partnerships, proposals, rounds

_GIVEN = (Answer.INTERESTED, Answer.ACCEPTED, Answer.DECLINED, Answer.COUNTERED)
_CLOSED = (Answer.ACCEPTED, Answer.DECLINED)
_ORDER = (Stage.AGREED, Stage.PERMITS, Stage.FINANCING, Stage.BUILDING, Stage.RUNNING)
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

    `counter` are its alternative terms, for lines with the enterprise at one end; `restated`: it repeats figures as
    they were proposed, as a form does, and these are not asked for.
    """

    answer: Answer
    reason: str = ""
    counter: Sequence[CounterOffer] = ()
    restated: bool = False


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
    only_own(actor, Action.ANSWER, "proposal")  # whether the account may answer at all; whether this one, see below
    asked = asked or StepOptions()

    def body(change: Transaction) -> Answered:
        connection = change.connection
        row, said = _offered(connection, actor, code)
        _sensible(reply)
        mine: Mapping[int, LineRow] = {}
        terms: list[CounterJSON] | None = None
        if reply.answer is Answer.COUNTERED and row.state == State.RESPONDING:  # else it is refused below
            found = connection.execute(select(lines).where(lines.c.proposal == row.id).order_by(lines.c.number))
            mine = {one.number: one for one in found if actor.enterprise in (one.from_enterprise, one.to_enterprise)}
            terms = _countered(connection, row, (mine, actor.enterprise), reply)
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
        _tell(change, row, {one.enterprise: _shared(terms or (), mine, one.enterprise) for one in others}, standing)
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
    return existing(row, "proposal")


def _offered(connection: Connection, actor: Actor, code: str) -> tuple[OfferedRow, dict[str | None, PartyRow]]:
    """Return a proposal that an actor may answer, with its round, and the answers of its parties by enterprise."""
    row = connection.execute(_OFFERED, {"code": code}).one_or_none()
    found: Sequence[PartyRow] = [] if row is None else connection.execute(_SAID, {"proposal": row.id}).all()
    require(actor, Action.ANSWER, Resource("proposal", frozenset(one.enterprise for one in found)))
    return existing(row, "proposal"), {one.enterprise: one for one in found}


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


def _countered(
    connection: Connection,
    row: OfferedRow,
    side: tuple[Mapping[int, LineRow], str | None],
    reply: Reply,
) -> list[CounterJSON]:
    """Validate a counter-offer and return it in the form of storage, with exact figures as text.

    `row` tells dataset and scenario of the round, `side` the lines of the enterprise that asks, by number, and the
    enterprise. Refused are lines of others, an invalid figure or none, a quantity above the one that the enterprise
    declared at its end of the exchange, and a price by which it would get no more, or pay no less, than proposed. No
    data of the other side is disclosed.
    """
    mine, enterprise = side
    dataset: Dataset | None = None
    made: list[CounterJSON] = []
    for item in reply.counter:
        line = existing(mine.get(item.number), "term")
        count, price = _figure("quantity", item.quantity), _figure("price", item.price)
        if reply.restated:
            count, price = None if count == line.quantity else count, None if price == line.price else price
            if count is None and price is None:
                continue
        if count is None and price is None:
            raise refusal("bad_value", what="counter", value="-", expected="quantity, price")
        sells = line.from_enterprise == enterprise
        if price is not None and line.price is not None and (price <= line.price if sells else price >= line.price):
            expected = f"{'>' if sells else '<'} {line.price.normalize():f}"
            raise refusal("bad_value", what="price", value=price, expected=expected)
        if count is not None and count > line.quantity:
            dataset = dataset if dataset is not None else dataset_of(archive(connection, row.frozen), row.scenario)
            most = _room(dataset, line, sells=sells)
            if count > max(most, line.quantity):
                raise refusal("bad_value", what="quantity", value=count, expected=f"<= {most.normalize():f}")
        quantity, money = (None if one is None else str(one) for one in (count, price))
        made.append({"number": line.number, "quantity": quantity, "price": money})
    if not made:
        raise refusal("unchanged")
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


def _room(dataset: Dataset, line: LineRow, *, sells: bool) -> Decimal:
    """Return the annual quantity declared by a seller or buyer at its end of a line, infinite where there is none."""
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


def _shared(counter: Sequence[CounterJSON], mine: Mapping[int, LineRow], partner: str) -> list[CounterJSON]:
    """Return the part of a counter-offer that concerns a partner: the lines between the two."""
    ends = {number: (line.from_enterprise, line.to_enterprise) for number, line in mine.items()}
    return [item for item in counter if partner in ends[item["number"]]]


def follow(store: Store, actor: Actor, partnership: int, stage: Stage, asked: StepOptions | None = None) -> Staged:
    """Advance a partnership to a later stage, or end it with a reason (`asked.note`).

    `actor` is a planner, or an editor of an enterprise that is part of it. Stages may be passed over. `RefusedError`:
    an earlier stage, one after the end, or an end without a reason.
    """
    asked = asked or StepOptions()
    with store.database.read() as connection:
        _partnership(connection, actor, partnership)
    if stage is Stage.ENDED and not asked.note.strip():
        raise refusal("reason")

    def body(change: Transaction) -> Staged:
        row = _partnership(change.connection, actor, partnership)
        now = Stage(row.stage)
        later = [] if now is Stage.ENDED else [*_ORDER[_ORDER.index(now) + 1 :], Stage.ENDED]
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


def _partnership(connection: Connection, actor: Actor, ident: int) -> PartnershipRow:
    """Return a partnership that an actor may update."""
    row = connection.execute(select(partnerships).where(partnerships.c.id == ident)).one_or_none()
    inside = select(parties.c.enterprise).where(parties.c.proposal == (None if row is None else row.proposal))
    require(actor, Action.FOLLOW, Resource("partnership", frozenset(connection.execute(inside).scalars())))
    return existing(row, "partnership")


def followed(store: Store, actor: Actor, round_id: int | None = None) -> list[Partnership]:
    """Return the partnerships visible to an actor by id, of one round or of all; an enterprise sees its own."""
    own = only_own(actor, Action.SEE_PARTNERSHIP, "partnership")
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

    Declared = free + committed + ended, none of them below 0. Committed: accepted by all parties. `NotFoundError`:
    there is no such round, or the enterprise takes no part in it.
    """
    round_id, enterprise = seat
    require(actor, Action.SEE_DECLARATION, Resource("declaration", frozenset({enterprise})))
    with store.database.read() as connection:
        row = round_row(connection, round_id)
        declaration_row(connection, round_id, enterprise)
        key = (declared.c.round == round_id) & (declared.c.enterprise == enterprise)
        wanted = select(declared, declared.c.subject.label("commodity")).order_by(declared.c.sheet, declared.c.ident)
        goods = connection.execute(wanted.where(key, declared.c.sheet != "facilities")).all()
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
