"""The life of a round in the store, on SQLite and PostgreSQL: steps, fences, versions, exact figures, audit."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from stores import NAMES, PLANNER, ROOT, Place, accept, begun, editor, matched, proposals, responding_round

from synergy.errors import ConflictError, DatasetError, NotFoundError, RefusedError
from synergy.records.figures import decimal, millionths
from synergy.records.names import Answer, Seat, Sheet, Stage, Wanted
from synergy.store import answers, commit, declarations, freezing, leases, queries, rounds, runs
from synergy.store.access import WORKER
from synergy.store.answers import CounterOffer, Reply
from synergy.store.datasets import list_datasets, list_starts
from synergy.store.messages import REFUSALS, refusal
from synergy.store.overlay import Entry
from synergy.store.rounds import StepOptions
from synergy.store.store import Store, open_store
from synergy.store.tables import declared, events

GAS = Entry(sheet=Sheet.NEEDS, site="GLASS-1", subject="COG", amount=Decimal("60000.000001"), price=Decimal("950.25"))


def test_a_round_from_declaration_to_partnership(store: Store) -> None:
    ident = responding_round(store)
    first = proposals(store, ident)
    tar, lng, gas = (first[key] for key in ("build:TAR_DIST@EAST-1", "build:COG_LNG@EAST-1", "deal:WEST>ALUMINA:COG"))
    accept(store, tar)
    answers.answer(store, editor("EAST"), lng.proposal, Reply(Answer.DECLINED, "no money for it"))
    counter = [CounterOffer(0, quantity=100000, price="600.5")]
    answers.answer(store, editor("WEST"), gas.proposal, Reply(Answer.COUNTERED, counter=counter))
    matched(store, ident)
    second = proposals(store, ident)
    assert second["build:TAR_DIST@EAST-1"].answer == "accepted"
    assert second["build:TAR_DIST@EAST-1"].lines == tar.lines
    refused = {(line.from_site, line.to_site, line.commodity) for line in lng.lines}
    assert refused
    for one in second.values():  # the plant itself EAST may build with what is its own
        assert not refused & {(line.from_site, line.to_site, line.commodity) for line in one.lines}
    sent = [
        line.quantity.value
        for one in second.values()
        for line in one.lines
        if (line.from_site, line.to_site, line.commodity) == ("WEST-1", "ALUMINA-1", "COG")
    ]
    assert sum(sent) <= 100000
    done = answers.conclude(store, PLANNER, ident)
    assert done.state == "concluded"
    (partnership,) = answers.followed(store, editor("WEST"))
    assert (partnership.proposal, partnership.stage) == (second["build:TAR_DIST@EAST-1"].proposal, "agreed")
    answers.follow(store, editor("EAST"), partnership.partnership, Stage.FINANCING)
    with pytest.raises(RefusedError):
        answers.follow(store, editor("EAST"), partnership.partnership, Stage.PERMITS)
    with pytest.raises(RefusedError):
        answers.follow(store, PLANNER, partnership.partnership, Stage.ENDED)
    answers.follow(store, PLANNER, partnership.partnership, Stage.ENDED, StepOptions(note="the bank said no"))
    assert commit.verify_chain(store, PLANNER).sound


def test_what_is_declared_later_changes_nothing_frozen(store: Store) -> None:
    ident = begun(store)
    told = declarations.declare(store, editor("GLASS"), Seat(ident, "GLASS"), [GAS])
    assert told.entries[0].amount.value == GAS.amount
    frozen = freezing.freeze(store, PLANNER, ident)
    assert frozen.undeclared == ["ALUMINA", "EAST", "TARCO", "WEST"]
    kept, starts = ({one.dataset for one in of(store, PLANNER)} for of in (list_datasets, list_starts))
    assert kept - starts == {frozen.snapshot}  # it holds declarations
    with pytest.raises(RefusedError):
        declarations.declare(store, editor("GLASS"), Seat(ident, "GLASS"), [])
    with store.database.read() as connection:
        row = connection.execute(select(declared)).one()
        raw = connection.execute(text("SELECT amount, price FROM declared")).one()
    assert (row.amount, row.price) == (GAS.amount, GAS.price)
    assert tuple(raw) == (60000000001, 950250000)


def test_a_declaration_sent_again_after_the_freeze_is_the_one_that_was_stored(store: Store) -> None:
    ident = begun(store)
    first = declarations.declare(store, editor("GLASS"), Seat(ident, "GLASS"), [GAS], StepOptions(key="once"))
    freezing.freeze(store, PLANNER, ident)
    assert declarations.declare(store, editor("GLASS"), Seat(ident, "GLASS"), [GAS], StepOptions(key="once")) == first
    with pytest.raises(RefusedError):
        declarations.declare(store, editor("GLASS"), Seat(ident, "GLASS"), [GAS], StepOptions(key="twice"))


def test_every_refusal_has_words_and_every_word_a_use() -> None:
    used: set[str] = set()
    for path in [*(ROOT / "synergy").rglob("*.py"), *(ROOT / "web").rglob("*.py")]:
        used |= set(re.findall(r'refusal\(\s*"(\w+)"', path.read_text("utf-8")))
    assert used == set(REFUSALS)
    assert all(en.strip() and zh.strip() and en != zh for en, zh in REFUSALS.values())
    fields = dict.fromkeys(re.findall(r"\{(\w+)\}", " ".join(en + zh for en, zh in REFUSALS.values())), "x")
    for code in REFUSALS:
        error = refusal(code, **fields)
        assert "{" not in error.said("en") + error.said("zh")


def test_as_last_time_is_what_was_declared_then(store: Store) -> None:
    first = begun(store)
    declarations.declare(store, editor("GLASS"), Seat(first, "GLASS"), [GAS])
    second = begun(store, previous=first)
    told = declarations.repeat(store, editor("GLASS"), Seat(second, "GLASS"))
    assert (told.origin, told.entries[0].amount.value) == ("last", GAS.amount)
    dataset = declarations.repeat(store, editor("EAST"), Seat(second, "EAST"))
    assert dataset.origin == "dataset"
    assert {one.ident for one in dataset.entries} == {"EAST-RIGHT", "EAST-OVEN"}


def test_as_in_the_dataset_changes_no_plan(store: Store) -> None:
    ident = begun(store)
    for name in NAMES:
        declarations.repeat(store, editor(name), Seat(ident, name))
    other = begun(store)
    assert freezing.freeze(store, PLANNER, ident).snapshot == freezing.freeze(store, PLANNER, other).snapshot


@pytest.mark.parametrize(
    ("entry", "error"),
    [
        ({"subject": "STEAM2"}, DatasetError),
        ({"amount": Decimal(-1)}, DatasetError),
        ({"amount": Decimal("0.0000001")}, RefusedError),
        ({"site": "EAST-1"}, NotFoundError),
        ({"site": "NOWHERE"}, NotFoundError),
        ({"other": {"required": "perhaps"}}, DatasetError),
    ],
)
def test_a_wrong_entry_is_refused_whole(store: Store, entry: dict[str, Any], error: type[Exception]) -> None:
    ident = begun(store)
    declarations.declare(store, editor("GLASS"), Seat(ident, "GLASS"), [GAS])
    fields = {name: getattr(GAS, name) for name in Entry.__dataclass_fields__} | {"ident": "second"} | entry
    with pytest.raises(error) as caught:
        declarations.declare(store, editor("GLASS"), Seat(ident, "GLASS"), [GAS, Entry(**fields)])
    if isinstance(caught.value, DatasetError):
        assert {(one.table, one.row) for one in caught.value.problems} == {("needs", 2)}
    (kept,) = declarations.declaration(store, editor("GLASS"), Seat(ident, "GLASS")).entries
    assert kept.amount.value == GAS.amount


def test_a_version_keeps_two_answers_apart_and_a_key_makes_one_of_two(store: Store) -> None:
    ident = responding_round(store)
    code = proposals(store, ident)["deal:EAST>GLASS:COG"].proposal
    reply, asked = Reply(Answer.INTERESTED), StepOptions(version=1, key="once")
    first = answers.answer(store, editor("EAST"), code, reply, asked)
    assert answers.answer(store, editor("EAST"), code, reply, asked) == first
    with pytest.raises(ConflictError):
        answers.answer(store, editor("EAST"), code, Reply(Answer.ACCEPTED), asked)
    with pytest.raises(ConflictError):
        answers.answer(store, editor("EAST"), code, Reply(Answer.ACCEPTED), StepOptions(version=1, key="twice"))
    said = [one for one in commit.history(store, PLANNER, ident) if one.action == "answer"]
    assert len(said) == 1
    answers.answer(store, editor("EAST"), code, Reply(Answer.ACCEPTED), StepOptions(version=2))
    with pytest.raises(RefusedError):
        answers.answer(store, editor("EAST"), code, Reply(Answer.DECLINED, "too late"))


def test_steps_fit_states(store: Store) -> None:
    ident = begun(store)
    for step in ("open", "publish", "collect"):
        with pytest.raises(RefusedError):
            rounds.advance(store, PLANNER, ident, step)
    with pytest.raises(RefusedError):
        runs.request_match(store, PLANNER, ident)
    with pytest.raises(RefusedError):
        answers.conclude(store, PLANNER, ident)
    with pytest.raises(ConflictError):
        rounds.advance(store, PLANNER, ident, "cancel", StepOptions(version=1))
    rounds.advance(store, PLANNER, ident, "cancel", StepOptions(version=2))
    with pytest.raises(RefusedError):
        freezing.freeze(store, PLANNER, ident)


def test_a_lease_that_ran_out_is_fenced_off(store: Store) -> None:
    ident = begun(store)
    freezing.freeze(store, PLANNER, ident)
    runs.request_match(store, PLANNER, ident)
    with pytest.raises(ConflictError):
        runs.request_match(store, PLANNER, ident)
    slow = leases.claim(store, WORKER, "slow", timedelta(seconds=-1))
    assert slow is not None
    quick = leases.claim(store, WORKER, "quick")
    assert quick is not None
    assert (quick.match, quick.attempt) == (slow.match, 2)
    assert leases.claim(store, WORKER, "third") is None
    with pytest.raises(ConflictError):
        leases.renew(store, WORKER, slow)
    with pytest.raises(ConflictError):
        leases.keep_checkpoint(store, WORKER, slow, {})
    with pytest.raises(ConflictError):
        leases.fail(store, WORKER, slow, "late")
    assert leases.renew(store, WORKER, quick) is None
    runs.halt_search(store, PLANNER, ident)
    assert leases.renew(store, WORKER, quick) is Wanted.HALT
    runs.cancel_match(store, PLANNER, ident)
    assert leases.renew(store, WORKER, quick) is Wanted.CANCEL
    leases.cancelled(store, WORKER, quick)
    assert queries.see_round(store, PLANNER, ident).state == "frozen"


def test_a_run_that_breaks_again_and_again_is_given_up(store: Store) -> None:
    ident = begun(store)
    freezing.freeze(store, PLANNER, ident)
    runs.request_match(store, PLANNER, ident)
    for attempt in (1, 2, 3):
        held = leases.claim(store, WORKER, "w")
        assert held is not None
        assert held.attempt == attempt
        leases.fail(store, WORKER, held, "broken")
    (match,) = queries.see_matches(store, PLANNER, ident)
    assert (match.state, match.fault) == ("failed", "broken")
    assert runs.request_match(store, PLANNER, ident).number == 2


def test_the_chain_shows_what_was_changed_and_its_head_what_was_cut_off(place: Place) -> None:
    store = place.store
    ident = begun(store)
    declarations.declare(store, editor("GLASS"), Seat(ident, "GLASS"), [GAS])
    head = commit.verify_chain(store, PLANNER).head
    assert commit.verify_chain(store, PLANNER, head).sound
    with store.database.writer.begin() as connection:
        connection.execute(events.update().where(events.c.number == 2).values(actor="nobody"))
    assert commit.verify_chain(store, PLANNER).broken == 2
    with store.database.writer.begin() as connection:
        connection.execute(events.delete().where(events.c.number >= 2))
        mac = connection.execute(select(events.c.mac)).scalar_one()
        connection.execute(text("UPDATE chain SET number = 1, mac = :mac"), {"mac": mac})
    cut = commit.verify_chain(store, PLANNER, head)
    assert commit.verify_chain(store, PLANNER).sound
    assert not cut.sound


def test_a_reader_cannot_write(store: Store) -> None:
    with pytest.raises(Exception, match=r"read-?only"), store.database.read() as connection:
        connection.execute(text("DELETE FROM events"))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE rounds SET state = 'lost'",
        "UPDATE rounds SET version = 0",
        "UPDATE rounds SET frozen = 'none'",
        "UPDATE declarations SET enterprise = '{long}'",
        "INSERT INTO users (name, role, created) VALUES ('x', 'editor', 0)",
        "INSERT INTO chain (id, number, mac) VALUES (2, 0, '')",
    ],
)
def test_constraints_hold(store: Store, statement: str) -> None:
    begun(store)
    with pytest.raises(Exception) as caught, store.database.writer.begin() as connection:
        connection.execute(text(statement.format(long="x" * 65)))
    said = str(caught.value)
    assert isinstance(caught.value, IntegrityError) or "too long" in said
    assert any(name in said for name in ("ck_", "fk_", "FOREIGN KEY", "too long"))


def test_money_and_mass_are_exact() -> None:
    assert millionths(Decimal("1234567890123.456789")) == 1234567890123456789
    assert decimal(0.1) == Decimal("0.1")
    for wrong in ("1e-7", "9223372036855", "nan", "inf", "x"):
        with pytest.raises(ValueError):
            decimal(wrong)


def test_a_deadline_closes_for_firms_alone(store: Store) -> None:
    ident = begun(store, deadline=datetime.now(UTC) - timedelta(minutes=1))
    with pytest.raises(RefusedError):
        declarations.declare(store, editor("GLASS"), Seat(ident, "GLASS"), [GAS])
    declarations.declare(store, PLANNER, Seat(ident, "GLASS"), [GAS])


def test_a_file_that_is_no_database_is_no_store(tmp_path: Path) -> None:
    for name, content in (("notes.txt", b"declared by telephone"), ("empty.db", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(RefusedError) as told:
            open_store(tmp_path / name)
        assert told.value.code == "no_store"
