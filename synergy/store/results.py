"""Publication of the result of a run: plan, proposals and end of the run in one transaction."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import insert, select, update
from sqlalchemy.exc import StatementError

from synergy.records.documents import PlanJSON, ProposalJSON, RoundJSON, StoredProposalJSON
from synergy.records.figures import BeyondError, rounded
from synergy.records.names import Answer, MatchState, State
from synergy.records.runs import RunFinished
from synergy.scenario import JSON
from synergy.store.access import Action, Actor, Resource, require
from synergy.store.column_types import canonical
from synergy.store.commit import Step, Transaction, commit, inserted
from synergy.store.datasets import dataset_of
from synergy.store.leases import Claim, hold
from synergy.store.notices import PLANNERS, NoticeContent, post
from synergy.store.proposal_views import shuffled
from synergy.store.rounds import round_row
from synergy.store.rows import LineRow, PartyRow
from synergy.store.runs import back, latest_match, lines_of, prices_of, standing
from synergy.store.store import Store
from synergy.store.tables import lines, matches, parties, proposals, rounds
from synergy.store.turnover import large, turnovers

_TIMES = ("seconds", "seal")  # ends of names: another one each run
_LINE = ("from_site", "to_site", "commodity", "mode", "outlet_kind", "outlet", "inlet_kind", "inlet")
_Exchanges = frozenset[tuple[object, ...]]  # of one enterprise in a proposal


def plan_digest(plan: PlanJSON) -> str:
    """Return the SHA-256 of a plan document, excluding computing times and the seal, which depends on them."""
    return hashlib.sha256(canonical(_timeless(plan)).encode()).hexdigest()


def _timeless(value: object) -> object:
    if isinstance(value, Mapping):
        return {name: _timeless(one) for name, one in value.items() if not name.endswith(_TIMES)}
    return [_timeless(one) for one in value] if isinstance(value, list) else value


def packed(record: Mapping[str, object]) -> bytes:
    """Return a record as compressed canonical JSON, identical for equal records."""
    return gzip.compress(canonical(record).encode(), 6, mtime=0)


@lru_cache(maxsize=4)
def unpacked_record(content: bytes) -> RoundJSON:
    """Return the record of a round compressed by `packed`, cached and to be treated as read-only."""
    record: RoundJSON = json.loads(gzip.decompress(content))
    return record


@dataclass(frozen=True, slots=True)
class RunEnd:
    """End of a run: its status, and the record of the round, or the diagnosis where there is no plan."""

    status: str
    record: RoundJSON | None
    diagnosis: Sequence[Mapping[str, JSON]] = ()


def finish(store: Store, actor: Actor, held: Claim, ended: RunEnd) -> RunFinished:
    """Publish the result of a run and end the run atomically, provided that the worker still holds it.

    Raises
    ------
    ConflictError
        The run is no longer this worker's; nothing is stored.
    RefusedError
        Figures of the plan are too large to be kept; nothing is stored.
    """
    require(actor, Action.WORK, Resource("match"))
    record = ended.record
    content = None if record is None else packed(record)

    def body(change: Transaction) -> RunFinished:
        if record is None or content is None:
            hold(change, held, state=MatchState.DONE, status=ended.status, diagnosis=list(ended.diagnosis))
            back(change, held.round, held.match, "match.done", {"status": ended.status})
            _tell(change, held, ended.status, 0)
            return RunFinished(match=held.match, state=MatchState.DONE, proposals=0)
        plan = record["plan"]
        digest = plan_digest(plan)
        values = {"value": rounded(plan["value"]), "gain": None if plan["gain"] is None else rounded(plan["gain"])}
        before = _answered(change, held)
        hold(change, held, state=MatchState.DONE, status=plan["status"], plan=content, digest=digest, **values)
        for proposal in plan["proposals"]:
            _propose(change, held, record, proposal)
        _carry(change, held, before)
        row = round_row(change.connection, held.round)
        if row.state == State.MATCHING:
            change.bump(rounds, {"id": row.id}, row.version, "round", state=State.REVIEW)
        told = {"status": ended.status, "plan": digest, "proposals": len(plan["proposals"])}
        change.event("match.done", f"match:{held.match}", told, held.round)
        _tell(change, held, plan["status"], len(plan["proposals"]))
        _refuse(change, held, plan)
        return RunFinished(match=held.match, state=MatchState.DONE, proposals=len(plan["proposals"]))

    try:
        return commit(store, actor, Step("match.done"), RunFinished, body)
    except (BeyondError, StatementError) as error:
        if isinstance(error, BeyondError) or isinstance(error.orig, BeyondError):
            raise large(turnovers(dataset_of(held.archive, held.scenario)), "plan") from error
        raise


def _tell(change: Transaction, held: Claim, status: str, count: int) -> None:
    """Notify the planners of the end of a run."""
    number = change.connection.execute(select(matches.c.number).where(matches.c.id == held.match)).scalar_one()
    fields = {"number": number, "status": status, "proposals": count}
    post(change, [PLANNERS], NoticeContent("matched", held.round, "", fields))


def _refuse(change: Transaction, held: Claim, plan: PlanJSON) -> None:
    """Notify parties whose countered price the settlement could not meet, without figures of the other side.

    Nor its place in an anonymous round: the proposals of the new run keep names back until all show interest again.
    """
    refused = [] if plan["settlement"] is None else plan["settlement"].get("refused", [])
    hidden = bool(refused) and round_row(change.connection, held.round).anonymous
    for row in refused:
        ends = {"from_site": row["from"], "to_site": row["to"], "commodity": row["commodity"]}
        once = f"{held.match}:{'>'.join(ends.values())}"
        if hidden:
            del ends["to_site" if row["side"] == "seller" else "from_site"]
        told = NoticeContent("counter_refused", held.round, "", ends, once=once)
        post(change, [row["seller"] if row["side"] == "seller" else row["buyer"]], told)


def _propose(change: Transaction, held: Claim, record: RoundJSON, proposal: ProposalJSON) -> None:
    """Store a proposal with its parties and lines."""
    builds = record["plan"]["builds"]
    stored: StoredProposalJSON = {**proposal, "built": [builds[place] for place in proposal["builds"]]}
    # unpredictable without the key of the store, reproducible on replay
    name = f"proposal:{held.match}:{proposal['id']}".encode()
    code = hmac.new(change.store.secret, name, hashlib.sha256).hexdigest()
    row = {
        "match": held.match,
        "code": f"P{code[:20]}",
        "ident": proposal["id"],
        "kind": proposal["kind"],
        "record": stored,
        "gain": None if proposal["gain"] is None else rounded(proposal["gain"]),
        "capex": rounded(proposal["capex"]),
    }
    connection = change.connection
    ident = inserted(connection, proposals, **row)
    people = [{"proposal": ident, "enterprise": name, "reason": ""} for name in proposal["enterprises"]]
    if people:
        connection.execute(insert(parties), people)
    made = _lines(change, held, record, proposal)
    if made:
        connection.execute(insert(lines), [{"proposal": ident, **line} for line in made])


def _lines(change: Transaction, held: Claim, record: RoundJSON, proposal: ProposalJSON) -> list[dict[str, object]]:
    """Return the delivery lines of a proposal by outlet and inlet, summed over the periods.

    Lines are numbered by site and commodity; in an anonymous round in an order that does not follow from these names.
    """
    owner = {site: label["enterprise"] for site, label in record["labels"]["sites"].items()}
    terms: dict[tuple[str, ...], float | None] = {
        (term["from"], term["to"], term["commodity"]): term["price"] for term in proposal["terms"]
    }
    asked: dict[tuple[str, ...], float | None] = {
        (row["from_site"], row["to_site"], row["commodity"]): row.get("agreed", row.get("least", row.get("most")))
        for row in prices_of(standing(change.connection, held.round))
    }
    sums: dict[tuple[str, ...], float] = defaultdict(float)
    for place in proposal["flows"]:
        flow = record["plan"]["flows"][place]
        ends = (flow["from_site"], flow["to_site"], flow["commodity"])
        if ends in terms:
            outlet, inlet = flow["outlet"], flow["inlet"]
            sums[*ends, flow["mode"], outlet["kind"], outlet["id"], inlet["kind"], inlet["id"]] += flow["quantity"]
    made = []
    order = sorted(sums)
    if round_row(change.connection, held.round).anonymous:
        by = {canonical(list(key)): key for key in order}
        order = [by[name] for name in shuffled(change.store.secret, f"{held.match}:{proposal['id']}", by)]
    for number, key in enumerate(order):
        price = terms[key[:3]]
        if price is None:  # without a settlement it is what was asked for
            price = asked.get(key[:3])
        line: dict[str, object] = {**dict(zip(_LINE, key, strict=True)), "number": number}
        line |= {"from_enterprise": owner[key[0]], "to_enterprise": owner[key[1]], "quantity": rounded(sums[key])}
        made.append(line | {"price": None if price is None else rounded(price)})
    return made


def _answered(change: Transaction, held: Claim) -> list[tuple[PartyRow, _Exchanges]]:
    """Return the parties to accepted proposals of the previous run, each with the exchanges it accepted."""
    connection = change.connection
    before = latest_match(connection, held.round)
    if before is None:
        return []
    exchanged = lines_of(connection, before.id)
    wanted = select(parties).join(proposals, proposals.c.id == parties.c.proposal)
    said = connection.execute(wanted.where(proposals.c.match == before.id, proposals.c.answer == Answer.ACCEPTED))
    return [(row, _own(exchanged[row.proposal], row.enterprise)) for row in said]


def _own(exchanged: list[LineRow], enterprise: str) -> _Exchanges:
    """Return the exchanges of an enterprise in a proposal, rounded to suppress solver noise."""
    return frozenset(
        (line.from_site, line.to_site, line.commodity, float(f"{line.quantity:.6g}"), line.price)
        for line in exchanged
        if enterprise in (line.from_enterprise, line.to_enterprise)
    )


def _carry(change: Transaction, held: Claim, before: list[tuple[PartyRow, _Exchanges]]) -> None:
    """Carry over an acceptance where the enterprise's exchanges in the new proposal are unchanged."""
    connection = change.connection
    exchanged = lines_of(connection, held.match)
    wanted = select(parties).join(proposals, proposals.c.id == parties.c.proposal)
    news = connection.execute(wanted.where(proposals.c.match == held.match)).all()
    yes = {(row.enterprise, own): row for row, own in before}
    kept: dict[int, int] = defaultdict(int)
    for party in news:
        said = yes.get((party.enterprise, _own(exchanged[party.proposal], party.enterprise)))
        if said is None:
            continue
        kept[party.proposal] += 1
        same = (parties.c.proposal == party.proposal) & (parties.c.enterprise == party.enterprise)
        fields = {"answer": Answer.ACCEPTED, "reason": said.reason, "at": said.at, "actor": said.actor}
        connection.execute(update(parties).where(same).values(**fields))
    for proposal, count in kept.items():
        if count == sum(party.proposal == proposal for party in news):
            connection.execute(update(proposals).where(proposals.c.id == proposal).values(answer=Answer.ACCEPTED))
