"""Review by the planner: rulings that the next run follows, and notes."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from sqlalchemy import select, update

from synergy.dataset.sheet import Dataset
from synergy.dataset.typed import YES, folded
from synergy.records.documents import Document, PatternJSON
from synergy.records.names import Sheet
from synergy.records.rounds import Doubt, Moved, Ruled, Ruling
from synergy.store.access import Action, Actor, Resource, require
from synergy.store.column_types import canonical
from synergy.store.commit import Step, Transaction, commit, inserted
from synergy.store.datasets import archive, dataset_of, measures_of
from synergy.store.declarations import stored
from synergy.store.messages import refusal
from synergy.store.overlay import COLUMNS, Entry, beside, overlaid
from synergy.store.queries import list_members
from synergy.store.rounds import StepOptions, moved, round_row
from synergy.store.runs import composed, latest_match
from synergy.store.store import Store
from synergy.store.tables import rulings
from synergy.store.turnover import MOST_MONEY, turnovers

KINDS = ("forbid", "fix", "note")
ENDS = ("from_enterprise", "from_site", "to_enterprise", "to_site", "commodity")  # a pattern names one at least


def rule(
    store: Store, actor: Actor, round_id: int, ruling: tuple[str, Document], asked: StepOptions | None = None
) -> Ruled:
    """Add a ruling to a round in review: a forbid or fix pattern for the next run, or a note ``{proposal, text}``.

    Raises
    ------
    DatasetError
        The pattern does not fit the dataset.
    RefusedError
        An unknown kind, a blank or too long note, or a pattern that matches every exchange.
    """
    require(actor, Action.RUN_ROUND, Resource("round"))
    asked, kind = asked or StepOptions(), ruling[0]
    if kind not in KINDS:
        raise refusal("unknown", what="ruling", name=kind, expected=", ".join(KINDS))
    pattern: PatternJSON = json.loads(canonical(ruling[1]))  # as it will be read again
    if kind == "note" and not 0 < len(str(pattern.get("text", ""))) <= 4000:
        raise refusal("bad_value", what="note", value=len(str(pattern.get("text", ""))), expected="1 - 4000")
    if kind != "note" and not any(pattern.get(name) for name in ENDS):
        raise refusal("whole_pattern", kind=kind, expected=", ".join(ENDS))
    with store.database.read() as connection:
        row = round_row(connection, round_id)
        content = None if row.frozen is None or kind == "note" else archive(connection, row.frozen)
    if content is not None:
        dataset_of(content, composed(row.scenario, [(kind, pattern)], dataset_of(content).settings))

    def body(change: Transaction) -> Ruled:
        row = round_row(change.connection, round_id)
        latest = latest_match(change.connection, round_id)
        values = {"round": round_id, "kind": kind, "cause": "planner", "pattern": pattern, "at": change.at}
        match = None if latest is None else latest.id
        ident = inserted(change.connection, rulings, **values, match=match, actor=actor.name)
        detail = {"ruling": ident, "kind": kind, "pattern": pattern}
        return Ruled(**dict(moved(change, row, "rule", asked, detail)), ruling=ident)

    given = {"round": round_id, "kind": kind, "pattern": pattern, **asked.given}
    return commit(store, actor, Step("round.rule", given, asked.key), Ruled, body)


def withdraw(store: Store, actor: Actor, round_id: int, ruling: int, asked: StepOptions | None = None) -> Moved:
    """Withdraw a ruling."""
    require(actor, Action.RUN_ROUND, Resource("round"))
    asked = asked or StepOptions()

    def body(change: Transaction) -> Moved:
        row = round_row(change.connection, round_id)
        own = (rulings.c.id == ruling) & (rulings.c.round == round_id) & rulings.c.withdrawn.is_(False)
        if change.connection.execute(update(rulings).where(own).values(withdrawn=True)).rowcount != 1:
            raise refusal("not_found", what="ruling")
        return moved(change, row, "rule", asked, {"ruling": ruling, "withdrawn": True})

    given = {"round": round_id, "ruling": ruling, **asked.given}
    return commit(store, actor, Step("round.withdraw", given, asked.key), Moved, body)


def list_rulings(store: Store, actor: Actor, round_id: int) -> list[Ruling]:
    """Return the rulings of a round, both those of planners and those that follow from answers, the earliest first."""
    require(actor, Action.SEE_PLANS, Resource("round"))
    wanted = select(rulings, rulings.c.id.label("ruling")).where(rulings.c.round == round_id).order_by(rulings.c.id)
    with store.database.read() as connection:
        round_row(connection, round_id)
        return [Ruling.of(row) for row in connection.execute(wanted)]


# columns that bind the plan of all to one row
COMPULSORY: Mapping[Sheet, str] = MappingProxyType(
    {Sheet.OFFERS: "must_clear", Sheet.NEEDS: "required", Sheet.FACILITIES: "must_run"}
)


def doubtful(store: Store, actor: Actor, round_id: int) -> list[Doubt]:
    """Return the declared entries that may make a round infeasible, or whose figures are doubtful.

    They are by enterprise and name. The reasons are ``required``, ``must_clear`` and ``must_run``, where the dataset of
    the association does not demand as much of the same row already, ``checked``: far from the expected range, and
    marked as right, and ``large``: at its own price and the market's it is more money than one row may move.
    """
    require(actor, Action.SEE_PLANS, Resource("declaration"))
    members = [one.enterprise for one in list_members(store, actor, round_id) if one.submitted]
    with store.database.read() as connection:
        digest = round_row(connection, round_id).base
        base, units = dataset_of(archive(connection, digest)), measures_of(connection, digest)
        declared = [(firm, entry) for firm in members for entry in stored(connection, round_id, firm)]
    demanded, heavy = _demanded(base), _heavy(base, declared)
    found = []
    for firm, entry in declared:
        why = []
        column = COMPULSORY[entry.sheet]
        marked = folded(str(beside(entry).get(column, ""))) in YES
        if marked and float(entry.amount) > demanded.get((entry.sheet, entry.ident), 0.0):
            why.append(column)
        if entry.other.get("checked"):
            why.append("checked")
        if (str(entry.sheet), entry.ident) in heavy:
            why.append("large")
        if why:
            names = ("sheet", "ident", "site", "subject", "period")
            row = {"enterprise": firm, "why": why, **{name: getattr(entry, name) for name in names}}
            row |= {"amount": units.amount(entry.subject, entry.amount), "price": units.money_if(entry.price)}
            found.append(Doubt.model_validate(row))
    return found


def _heavy(base: Dataset, declared: Sequence[tuple[str, Entry]]) -> set[tuple[str, str]]:
    """Return the rows whose turnover exceeds the limit of one row, by table and name."""
    owned: dict[str, list[Entry]] = defaultdict(list)
    for firm, entry in declared:
        owned[firm].append(entry)
    return {(one.table, one.ident) for one in turnovers(overlaid(base, owned)) if one.money > MOST_MONEY}


def _demanded(base: Dataset) -> dict[tuple[Sheet, str], float]:
    """Return the amounts of the compulsory rows of a dataset, by table and name."""
    found: dict[tuple[Sheet, str], float] = {}
    for sheet, column in COMPULSORY.items():
        name, _, amount, _ = COLUMNS[sheet]
        rows = base[sheet].loc[base[sheet][column].astype(bool)]
        found |= {(sheet, str(ident)): float(most) for ident, most in zip(rows[name], rows[amount], strict=True)}
    return found
