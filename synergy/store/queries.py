"""Read queries by role: rounds and their members, runs, plans, progress, proposals and public sums."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache

from sqlalchemy import BindParameter, Connection, Executable, bindparam, case, func, or_, select

from synergy.records.accounts import Head
from synergy.records.documents import SettlementJSON
from synergy.records.figures import Measures
from synergy.records.files import labels
from synergy.records.names import State
from synergy.records.proposals import Happening, OwnProposal, WholeProposal
from synergy.records.rounds import Aggregate, DeclarationHead, Member, Round, RoundNames, Setup
from synergy.records.runs import DatasetFacts, DatasetMember, PlanRecord, Progress, Run, RunInput
from synergy.settlement.division import RuleNote
from synergy.store.access import Action, Actor, Reach, Resource, only_own, reach, require
from synergy.store.answers import proposal_row
from synergy.store.datasets import archive, dataset_of, measures_of
from synergy.store.messages import existing, refusal
from synergy.store.proposal_views import Reader, own_part, whole
from synergy.store.results import unpacked_record
from synergy.store.rounds import round_row
from synergy.store.rows import LineRow, PartyRow, ProposalRow, RunRow
from synergy.store.runs import latest_match
from synergy.store.store import Store
from synergy.store.tables import (
    chain,
    declarations,
    declared,
    events,
    lines,
    matches,
    parties,
    partnerships,
    progress,
    proposals,
    rounds,
    snapshots,
)

SHOWN = (State.PUBLISHED, State.RESPONDING, State.CONCLUDED)  # when enterprises see proposals
LEAST = 5  # enterprises behind a public sum
GREATEST = Decimal("0.5")  # part of it that one of them may have
AT_ONCE = 500  # ids that a database is asked for in one statement
# asked for every page of an enterprise: made once
_FACTS = select(rounds.c.id.label("round"), *(rounds.c[name] for name in Round.model_fields if name in rounds.c))
_ALL_ROUNDS = _FACTS.order_by(rounds.c.id.desc())
_ONE_ROUND = _FACTS.where(rounds.c.id == bindparam("ident"))
_COUNTS = select(declarations.c.round, func.count(), func.sum(case((declarations.c.submitted, 1), else_=0)))
_COUNTS = _COUNTS.group_by(declarations.c.round)
_COUNT = _COUNTS.where(declarations.c.round == bindparam("ident"))
_OVER = [case((column < bindparam("now"), 1)) for column in (rounds.c.deadline, rounds.c.answer_by)]
_PASSED = select(func.count(_OVER[0]) + func.count(_OVER[1]))
_ROUND_OF = select(rounds).join(matches, matches.c.round == rounds.c.id).where(matches.c.id == bindparam("match"))
_PLAN_OF = select(matches.c.plan).where(matches.c.id == bindparam("match"))
_SAID = select(parties).where(parties.c.proposal == bindparam("proposal")).order_by(parties.c.enterprise)
_SIDES = tuple(
    select(table).where(table.c.proposal.in_(bindparam("some", expanding=True))).order_by(table.c.proposal, order)
    for table, order in ((parties, parties.c.enterprise), (lines, lines.c.number))
)
_EXCHANGED = select(lines).where(lines.c.proposal == bindparam("proposal")).order_by(lines.c.number)
_STEPS = ("round.publish", "round.collect", "round.conclude", "round.cancel")
_TOLD = ("answer", "reason", "stage")  # figures of a counter-offer stand in the proposal
_PLACE = (
    select(matches.c.round, matches.c.finished, partnerships.c.id.label("partnership"))
    .join(proposals, proposals.c.match == matches.c.id)
    .outerjoin(partnerships, partnerships.c.proposal == proposals.c.id)
    .where(proposals.c.id == bindparam("proposal"))
)
# the plan and the checkpoint are large, and nobody looks at them
_RUNS = select(
    matches.c.id.label("match"), rounds.c.base, *(matches.c[name] for name in Run.model_fields if name in matches.c)
).join_from(matches, rounds, rounds.c.id == matches.c.round)


def list_rounds(store: Store, actor: Actor) -> list[Round]:
    """Return the public facts of all rounds, the latest first."""
    require(actor, Action.SEE_ROUNDS, Resource("round"))
    with store.database.read() as connection:
        rows, counts = connection.execute(_ALL_ROUNDS).all(), _counts(connection)
    return [Round.of(row, **counts[row.round]) for row in rows]


def see_round(store: Store, actor: Actor, round_id: int) -> Round:
    """Return the public facts of one round."""
    require(actor, Action.SEE_ROUNDS, Resource("round"))
    with store.database.read() as connection:
        row = existing(connection.execute(_ONE_ROUND, {"ident": round_id}).one_or_none(), "round")
        return Round.of(row, **_counts(connection, round_id)[round_id])


def passed(store: Store) -> int:
    """Return the number of deadlines of rounds that have passed, by which cached pages expire."""
    with store.database.read() as connection:
        return int(connection.execute(_PASSED, {"now": store.now()}).scalar_one())


def _counts(connection: Connection, round_id: int | None = None) -> Mapping[int, Mapping[str, int]]:
    """Return the numbers of members and of declarations by round, for one round or for all."""
    rows = connection.execute(_COUNTS) if round_id is None else connection.execute(_COUNT, {"ident": round_id})
    counts = {one: {"members": int(members), "declared": int(submitted)} for one, members, submitted in rows}
    return defaultdict(lambda: {"members": 0, "declared": 0}, counts)


def see_matches(store: Store, actor: Actor, round_id: int) -> list[Run]:
    """Return the runs of a round without their plans, the earliest first."""
    require(actor, Action.SEE_PLANS, Resource("match"))
    with store.database.read() as connection:
        round_row(connection, round_id)
        rows = connection.execute(_RUNS.where(matches.c.round == round_id).order_by(matches.c.number)).all()
        return [_run(connection, row) for row in rows]


def see_match(store: Store, actor: Actor, match: int) -> Run:
    """Return one run without its plan."""
    require(actor, Action.SEE_PLANS, Resource("match"))
    with store.database.read() as connection:
        return _run(connection, existing(connection.execute(_RUNS.where(matches.c.id == match)).one_or_none(), "match"))


def _run(connection: Connection, row: RunRow) -> Run:
    """Return the record of a run; only one that has money needs the dataset of its round."""
    if row.value is None:
        return Run.of(row, gain=None)
    units = measures_of(connection, row.base)
    return Run.of(row, value=units.money(row.value), gain=units.money_if(row.gain))


def match_input(store: Store, actor: Actor, match: int) -> RunInput:
    """Return the inputs and the result of a run, for replay or comparison.

    The checkpoint is the start of its last attempt, if any; the record is that of the round with plan and labels.
    """
    require(actor, Action.SEE_PLANS, Resource("match"))
    with store.database.read() as connection:
        row = existing(connection.execute(select(matches).where(matches.c.id == match)).one_or_none(), "match")
    record = None if row.plan is None else unpacked_record(row.plan)
    given = (row.snapshot, row.scenario, row.options, row.checkpoint)
    return RunInput(row.id, row.round, *given, record, row.digest, row.status)


def see_plan(store: Store, actor: Actor, round_id: int) -> PlanRecord:
    """Return the record of the latest plan of a round, with the head of the audit chain."""
    require(actor, Action.SEE_PLANS, Resource("match"))
    with store.database.read() as connection:
        round_row(connection, round_id)
        row = latest_match(connection, round_id)
        head = connection.execute(select(chain)).one()
    row = existing(row, "match")
    told = {**unpacked_record(row.plan), "match": row.id, "digest": row.digest, "chain": Head.of(head)}
    return PlanRecord.model_validate(told)


def see_progress(store: Store, actor: Actor, match: int, after: tuple[int, int] = (0, -1)) -> list[Progress]:
    """Return the progress records of a run after an attempt and number, in order."""
    require(actor, Action.SEE_PLANS, Resource("match"))
    later = (progress.c.attempt > after[0]) | ((progress.c.attempt == after[0]) & (progress.c.number > after[1]))
    wanted = select(progress, rounds.c.base).join_from(progress, matches, matches.c.id == progress.c.match)
    wanted = wanted.join(rounds, rounds.c.id == matches.c.round).where(progress.c.match == match, later)
    with store.database.read() as connection:
        told = []
        for row in connection.execute(wanted.order_by(progress.c.attempt, progress.c.number)).all():
            units = measures_of(connection, row.base)
            money = {name: units.money_if(row.record.get(name)) for name in ("best", "bound")}
            place = {"id": f"{row.attempt}.{row.number}", "attempt": row.attempt, "number": row.number, "at": row.at}
            told.append(Progress.model_validate({**row.record, **money, **place}))
        return told


def list_proposals(
    store: Store, actor: Actor, round_id: int, code: str | None = None
) -> list[OwnProposal | WholeProposal]:
    """Return the proposals of a round that an actor may see, or one of them, each in the view of its role.

    A planner sees them whole from the review on, an enterprise its part of its own once they are published.
    """
    own = only_own(actor, Action.SEE_PROPOSAL, "proposal")
    with store.database.read() as connection:
        row = round_row(connection, round_id)
        latest = latest_match(connection, round_id)
        if latest is None or (own and row.state not in SHOWN):
            return []
        given = {"match": latest.id, "code": code, "enterprise": actor.enterprise}
        found: Sequence[ProposalRow] = connection.execute(_listed(own, code is not None), given).all()
        said, exchanged = _sides(connection, found)
        units = measures_of(connection, row.base)
    if not own:
        return [whole(row.id, one, said[one.id], exchanged[one.id], units) for one in found]
    reader = Reader(str(actor.enterprise), unpacked_record(latest.plan), store.secret, units)
    return [own_part(row, one, said[one.id], exchanged[one.id], reader) for one in found]


@lru_cache
def _listed(own: bool, one: bool) -> Executable:
    """Return the query for the proposals of a run, optionally of one enterprise or with one code."""
    wanted = select(proposals).where(proposals.c.match == bindparam("match"))
    if one:
        wanted = wanted.where(proposals.c.code == bindparam("code"))
    if not own:
        return wanted.order_by(proposals.c.id)
    inside = select(parties.c.proposal).where(parties.c.enterprise == bindparam("enterprise"))
    # by code: an order by gain would tell of gains
    return wanted.where(proposals.c.id.in_(inside)).order_by(proposals.c.code)


def _sides(
    connection: Connection, found: Sequence[ProposalRow]
) -> tuple[Mapping[int, list[PartyRow]], Mapping[int, list[LineRow]]]:
    """Return the parties and the lines of proposals, grouped by proposal, from batched queries."""
    said: dict[int, list[PartyRow]] = defaultdict(list)
    exchanged: dict[int, list[LineRow]] = defaultdict(list)
    idents = [one.id for one in found]
    for start in range(0, len(idents), AT_ONCE):
        some = {"some": idents[start : start + AT_ONCE]}
        for party in connection.execute(_SIDES[0], some):
            said[party.proposal].append(party)
        for line in connection.execute(_SIDES[1], some):
            exchanged[line.proposal].append(line)
    return said, exchanged


def see_proposal(store: Store, actor: Actor, code: str) -> OwnProposal | WholeProposal:
    """Return one proposal in the view of the actor's role; `NotFoundError`: none, others', or not published."""
    own = reach(actor, Action.SEE_PROPOSAL) is Reach.OWN
    with store.database.read() as connection:
        one = proposal_row(connection, actor, Action.SEE_PROPOSAL, code)
        row = connection.execute(_ROUND_OF, {"match": one.match}).one()
        if own and row.state not in SHOWN:
            raise refusal("not_found", what="proposal")
        said = connection.execute(_SAID, {"proposal": one.id}).all()
        exchanged = connection.execute(_EXCHANGED, {"proposal": one.id}).all()
        units = measures_of(connection, row.base)
        if not own:
            return whole(row.id, one, said, exchanged, units)
        record = unpacked_record(connection.execute(_PLAN_OF, {"match": one.match}).scalar_one())
    return own_part(row, one, said, exchanged, Reader(str(actor.enterprise), record, store.secret, units))


def list_declarations(store: Store, actor: Actor, round_id: int) -> list[DeclarationHead]:
    """Return the declaration status of the enterprises of a round, without entries; an enterprise sees its own."""
    own = only_own(actor, Action.SEE_DECLARATION, "declaration")
    wanted = select(declarations).where(declarations.c.round == round_id).order_by(declarations.c.enterprise)
    if own:
        wanted = wanted.where(declarations.c.enterprise == actor.enterprise)
    with store.database.read() as connection:
        round_row(connection, round_id)
        return [DeclarationHead.of(row) for row in connection.execute(wanted)]


def aggregates(store: Store, actor: Actor, round_id: int) -> list[Aggregate]:
    """Return the quantities exchanged between enterprises by commodity, where the disclosure rule permits it.

    Quantities are rounded to two figures, so that two rounds that differ in one enterprise do not reveal its figure.
    Before the round is published there are none.
    """
    require(actor, Action.SEE_AGGREGATES, Resource("round"))
    with store.database.read() as connection:
        row = round_row(connection, round_id)
        latest = latest_match(connection, round_id)
        if latest is None or row.state not in SHOWN:
            return []
        wanted = select(lines).join(proposals, proposals.c.id == lines.c.proposal)
        found = connection.execute(wanted.where(proposals.c.match == latest.id)).all()
        units = measures_of(connection, row.base)
    parts: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    totals: dict[str, Decimal] = defaultdict(Decimal)
    seen = set()
    for line in found:
        key = (line.from_site, line.to_site, line.commodity, line.mode, line.outlet, line.inlet)
        if key in seen or not line.from_enterprise or not line.to_enterprise:
            continue
        seen.add(key)
        totals[line.commodity] += line.quantity
        for name in {line.from_enterprise, line.to_enterprise}:
            parts[line.commodity][name] += line.quantity
    return [
        Aggregate(commodity=name, quantity=units.amount(name, Decimal(f"{total:.1e}")), enterprises=len(parts[name]))
        for name, total in sorted(totals.items())
        if fit(parts[name], total)
    ]


def fit(parts: Mapping[str, Decimal], total: Decimal) -> bool:
    """Return whether a sum of contributions by enterprise may be disclosed: enough contributors, none of them dominant.

    Examples
    --------
    >>> fit({name: Decimal(1) for name in "abcde"}, Decimal(5)), fit({"a": Decimal(5)}, Decimal(5))
    (True, False)
    """
    return len(parts) >= LEAST and total > 0 and max(parts.values()) <= GREATEST * total


def measures(store: Store, actor: Actor, round_id: int) -> Measures:
    """Return the currency of a round, and the units and names of its commodities and processes.

    `NotFoundError`: there is no such round.
    """
    require(actor, Action.SEE_ROUNDS, Resource("round"))
    with store.database.read() as connection:
        base = connection.execute(select(rounds.c.base).where(rounds.c.id == round_id)).scalar()
        return measures_of(connection, existing(base, "round"))


def round_input(store: Store, actor: Actor, round_id: int) -> Setup:
    """Return the inputs of a round: datasets, scenario, options and previous round."""
    require(actor, Action.SEE_PLANS, Resource("round"))
    with store.database.read() as connection:
        row = round_row(connection, round_id)
        name = connection.execute(select(snapshots.c.name).where(snapshots.c.digest == row.base)).scalar_one()
    return Setup.of(row, round=row.id, dataset=name)


def round_names(store: Store, actor: Actor, round_id: int) -> RoundNames:
    """Return the display names for the ids of a round, also before it has a plan."""
    require(actor, Action.SEE_PLANS, Resource("round"))
    with store.database.read() as connection:
        row = round_row(connection, round_id)
        dataset = dataset_of(archive(connection, row.frozen or row.base))
    return RoundNames.model_validate({"currency": dataset.settings.currency, "labels": labels(dataset)})


def list_members(store: Store, actor: Actor, round_id: int) -> list[Member]:
    """Return the enterprises of a round, with the status and row counts of their declarations, by enterprise."""
    require(actor, Action.SEE_PLANS, Resource("declaration"))
    wanted = select(declarations).where(declarations.c.round == round_id).order_by(declarations.c.enterprise)
    counted = select(declared.c.enterprise, declared.c.sheet, func.count().label("rows"))
    counted = counted.where(declared.c.round == round_id).group_by(declared.c.enterprise, declared.c.sheet)
    with store.database.read() as connection:
        round_row(connection, round_id)
        rows = connection.execute(wanted).all()
        counts: dict[str, dict[str, int]] = {}
        for one in connection.execute(counted):
            counts.setdefault(one.enterprise, {})[one.sheet] = int(one.rows)
    return [Member.of(row, rows=counts.get(row.enterprise, {})) for row in rows]


def dataset_facts(store: Store, actor: Actor, digest: str) -> DatasetFacts:
    """Return the facts of a stored dataset for creating a round: enterprises and settings."""
    require(actor, Action.CREATE_ROUND, Resource("snapshot"))
    with store.database.read() as connection:
        dataset = dataset_of(archive(connection, digest))
    firms = labels(dataset)["enterprises"].items()
    return DatasetFacts(
        name=dataset.name,
        enterprises=[DatasetMember(enterprise=ident, **label) for ident, label in firms],
        settings=dataset.settings.record(),
        currency=dataset.settings.currency,
        periods=len(dataset["periods"]),
    )


def settlement_notes(settled: SettlementJSON, lang: str, currency: str, names: Mapping[str, str]) -> list[str]:
    """Return the notes of a settlement rule on its payoffs, as sentences; `names` are of enterprises, by id."""
    notes = [RuleNote(one["code"], float(one["number"]), tuple(one["enterprises"])) for one in settled["notes"]]
    return [note.sentence(lang, currency, names) for note in notes]


def story(store: Store, actor: Actor, code: str) -> list[Happening]:
    """Return the history of a proposal, the earliest event first: answers, steps of its round and stages.

    An enterprise sees no answers of others.
    """
    own = reach(actor, Action.SEE_PROPOSAL) is Reach.OWN
    with store.database.read() as connection:
        row = proposal_row(connection, actor, Action.SEE_PROPOSAL, code)
        found = connection.execute(_PLACE, {"proposal": row.id}).one()
        given = {
            "round": found.round,
            "finished": found.finished,
            "answers": f"proposal:{code}:{actor.enterprise}" if own else f"proposal:{code}:%",
            "partnership": f"partnership:{found.partnership}",
        }
        told = []
        for number, one in enumerate(connection.execute(_wanted(own), given), start=1):
            enterprise = one.subject.split(":")[2] if one.action == "answer" else ""
            detail = {} if one.action.startswith("round.") else one.detail
            facts = {name: detail.get(name) or None for name in _TOLD}
            told.append(Happening.of(one, **facts, number=number, enterprise=enterprise))
        return told


@lru_cache
def _wanted(own: bool) -> Executable:
    """Return the query for the events of a proposal, with the answers of one enterprise or of all."""
    answers: BindParameter[str] = bindparam("answers")
    told = or_(
        events.c.subject == answers if own else events.c.subject.like(answers, escape="\\"),
        (events.c.action == "follow") & (events.c.subject == bindparam("partnership")),
        events.c.action.in_(_STEPS) & (events.c.at >= bindparam("finished")),
    )
    return select(events).where(events.c.round == bindparam("round"), told).order_by(events.c.number)
