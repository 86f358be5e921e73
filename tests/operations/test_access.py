"""Who may do what: every operation of the store by every role, on what is its own and on what is not."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert
from stores import NAMES, OPTIONS, PLANNER, Place, costly, editor, matched, proposals, responding_round, tiny
from synergy.web.app import create_app
from synergy.web.settings import ServerSettings
from web_worlds import World

import synergy.store
from synergy.errors import ConflictError, DeniedError, NotFoundError, RefusedError, SynergyError
from synergy.records.accounts import EventTold
from synergy.records.figures import Record, exact, written
from synergy.records.names import Answer, Role, Seat, Sheet, Stage, StudyKind
from synergy.store import (
    access,
    accounts,
    answers,
    datasets,
    declarations,
    notices,
    queries,
    rounds,
    studies,
    subscriptions,
)
from synergy.store.access import RULES, Action, Actor, Resource
from synergy.store.answers import CounterOffer, Reply
from synergy.store.commit import Step, Transaction, commit, history
from synergy.store.leases import Claim
from synergy.store.notices import list_notices
from synergy.store.overlay import Entry
from synergy.store.results import RunEnd
from synergy.store.rounds import Draft, Until
from synergy.store.store import KEY_FILE, Store, make_store
from synergy.store.studies import StudyClaim, StudyQuestion, Wondered
from synergy.store.subscriptions import Due
from synergy.store.tables import users

LETTERS = dict(zip("PERACDW", Role, strict=True))
# operation: roles that may with anything, and in small letters with what is their own; by hand, not from the rules
EXPECTED = {
    "rounds.create": "P",
    "rounds.advance": "P",
    "rounds.remind": "P",
    "rounds.extend": "P",
    "freezing.freeze": "P",
    "runs.request_match": "P",
    "runs.cancel_match": "P",
    "runs.halt_search": "P",
    "review.rule": "P",
    "review.withdraw": "P",
    "answers.conclude": "P",
    "queries.measures": "PERACD",
    "queries.see_match": "PA",
    "queries.list_declarations": "PA erc",
    "datasets.add_dataset": "P",
    "datasets.list_datasets": "PA",
    "datasets.list_starts": "PA",
    "datasets.dataset_archive": "PA",
    "queries.round_input": "PA",
    "queries.round_names": "PA",
    "queries.list_members": "PA",
    "queries.dataset_facts": "P",
    "studies.ask": "PA erc",
    "studies.see_study": "PA erc",
    "studies.list_studies": "PA erc",
    "studies.claim_study": "W",
    "studies.finish_study": "W",
    "subscriptions.add_webhook": " peac",
    "subscriptions.list_webhooks": " peac",
    "subscriptions.end_webhook": " peac",
    "subscriptions.list_deliveries": " peac",
    "subscriptions.gather": "W",
    "subscriptions.take": "W",
    "subscriptions.note": "W",
    "queries.list_rounds": "PERACD",
    "queries.see_round": "PERACD",
    "queries.see_matches": "PA",
    "queries.match_input": "PA",
    "queries.see_plan": "PA",
    "queries.see_progress": "PA",
    "review.list_rulings": "PA",
    "review.doubtful": "PA",
    "comparison.compare": "PA",
    "queries.aggregates": "PERAC",
    "declarations.declare": "P ec",
    "declarations.repeat": "P ec",
    "declarations.declaration": "PA erc",
    "declarations.ground": "PA erc",
    "declarations.preview": "P ec",
    "answers.balance": "PA erc",
    "queries.list_proposals": "PA erc",
    "queries.see_proposal": "PA erc",
    "queries.story": "PA erc",
    "declarations.goods": "PA erc",
    "declarations.chains": "PA erc",
    "studies.left": " erc",
    "studies.wonder": " erc",
    "answers.answer": " ec",
    "answers.follow": "P ec",
    "answers.followed": "PA erc",
    "commit.history": "PA",
    "commit.verify_chain": "PAD",
    "accounts.add_user": "D",
    "accounts.change_user": "D peracd",
    "accounts.list_users": "AD",
    "accounts.name_of": "D",
    "proposal_views.telltales": "PA",
    "withdrawals.depart": "D",
    "withdrawals.readmit": "D",
    "withdrawals.list_departures": "D",
    "notices.list_notices": "P erc",
    "notices.mark_read": "P erc",
    "notices.unread": "P erc",
    "notices.approaching": "W",
    "accounts.add_token": "D perac",
    "accounts.list_tokens": "D perac",
    "accounts.revoke_token": "D perac",
    "accounts.end_token": "D",
    "accounts.all_tokens": "D",
    "backup.make_copy": "D",
    "leases.claim": "W",
    "leases.renew": "W",
    "leases.note_progress": "W",
    "leases.keep_checkpoint": "W",
    "leases.fail": "W",
    "leases.cancelled": "W",
    "leases.release": "W",
    "results.finish": "W",
}
OF_ONESELF = (
    "accounts.add_token",
    "accounts.list_tokens",
    "answers.followed",
    "queries.list_proposals",
    "notices.list_notices",
    "notices.mark_read",
    "notices.unread",
    "queries.list_declarations",
    "studies.ask",
    "studies.list_studies",
    "subscriptions.add_webhook",
    "subscriptions.list_webhooks",
    "studies.left",
)
TOKENS = ("accounts.add_token", "accounts.list_tokens", "accounts.revoke_token", "accounts.end_token")
MODULES = [importlib.import_module(f"synergy.store.{one.name}") for one in pkgutil.iter_modules(synergy.store.__path__)]
CANARY = ("137.918273", "2953.817462")


class Reached(Exception):  # noqa: N818
    """The decision was yes."""


def operations() -> dict[str, Callable[..., Any]]:
    """Return the public functions that take a store and an actor."""
    found = {}
    for module in MODULES:
        for name, function in vars(module).items():
            if not inspect.isfunction(function) or name.startswith("_") or function.__module__ != module.__name__:
                continue
            if list(inspect.signature(function).parameters)[:2] == ["store", "actor"] and name != "commit":
                found[f"{module.__name__.rpartition('.')[2]}.{name}"] = function
    return found


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, dict[str, Any]]]:
    """Yield a store with a round that responds, and the ids in it."""
    folder = tmp_path_factory.mktemp("access")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_FILE, str(folder / "key"))
        store = make_store(folder / "store.db")
        ident = responding_round(store)
        for one in proposals(store, ident).values():
            if one.id == "deal:EAST>GLASS:COG":
                for name in one.enterprises:
                    answers.answer(store, editor(name), one.proposal, Reply(Answer.ACCEPTED))
        found = proposals(store, ident)
        accounts.add_user(store, accounts.MACHINE, accounts.AccountData("ed-east", Role.EDITOR, "EAST"))
        token = accounts.add_token(store, accounts.known(store, "ed-east"), "erp", ["read"])
        other = responding_round(store)
        for one in proposals(store, other).values():
            for name in one.enterprises:
                answers.answer(store, editor(name), one.proposal, Reply(Answer.ACCEPTED))
        made = answers.conclude(store, PLANNER, other).partnerships
        shared = {row.partnership for row in answers.followed(store, editor("EAST"))}
        why = StudyQuestion(StudyKind.EXPLANATION, {"from_site": "EAST-1", "to_site": "GLASS-1", "commodity": "COG"})
        ids = {
            "round": ident,
            "code": found["build:TAR_DIST@EAST-1"].proposal,
            "token": token.id,
            "study": studies.ask(store, editor("EAST"), ident, why).study,
            "webhook": subscriptions.add_webhook(
                store, accounts.known(store, "ed-east"), "https://erp.example/"
            ).webhook,
            "dataset": datasets.list_datasets(store, PLANNER)[0].dataset,
            "partnership": min(shared & set(made)),
            "folder": folder / "copies",
        }
        yield store, ids
        store.close()


def _arguments(ids: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
    """Return what each operation is called with: things of EAST, and of the account ed-east."""
    return _in_rounds(ids) | _beside_rounds(ids)


def _in_rounds(ids: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
    """Return what the operations of a round, its declarations, proposals and partnerships are called with."""
    entry = Entry(sheet=Sheet.OFFERS, site="EAST-1", subject="TAR", amount=Decimal(1))
    place = Seat(ids["round"], "EAST")
    return {
        "rounds.create": (Draft(name="x", archive=tiny()),),
        "rounds.advance": (ids["round"], "cancel"),
        "rounds.extend": (ids["round"], Until(answer_by=datetime(2126, 1, 1, tzinfo=UTC))),
        "review.rule": (ids["round"], ("note", {"text": "x"})),
        "review.withdraw": (ids["round"], 1),
        "queries.list_rounds": (),
        "queries.match_input": (1,),
        "queries.see_progress": (1,),
        "comparison.compare": (1, 1),
        "declarations.declare": (place, [entry]),
        "declarations.repeat": (place,),
        "queries.see_match": (1,),
        "declarations.declaration": (place,),
        "declarations.ground": (place,),
        "declarations.preview": (place, [entry]),
        "answers.balance": (place,),
        "queries.see_proposal": (ids["code"],),
        "queries.story": (ids["code"],),
        "declarations.goods": (place,),
        "declarations.chains": (place, "COG"),
        "studies.wonder": (ids["round"], Wondered("EAST-1", "TARCO-1", "TAR")),
        "answers.answer": (ids["code"], Reply(Answer.ACCEPTED)),
        "answers.follow": (ids["partnership"], Stage.PERMITS),
        "answers.followed": (),
    }


def _beside_rounds(ids: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
    """Return what the operations of people, workers, datasets, studies and webhooks are called with."""
    held = Claim(1, 1, ids["round"], b"", {}, {}, None)
    told = EventTold(event=1, at=datetime(2126, 1, 1, tzinfo=UTC), action="round.open", subject="round:1", round=1)
    return {
        "datasets.add_dataset": (tiny(),),
        "studies.ask": (ids["round"], StudyQuestion(StudyKind.PATHWAYS, {"commodity": "COG", "depth": 2})),
        "studies.see_study": (ids["study"],),
        "studies.claim_study": (),
        "studies.finish_study": (StudyClaim(0, 1, StudyQuestion(StudyKind.PATHWAYS, {}), None, b"", {}, None), {}),
        "subscriptions.add_webhook": ("https://erp.example/",),
        "subscriptions.list_webhooks": (),
        "subscriptions.end_webhook": (ids["webhook"],),
        "subscriptions.list_deliveries": (ids["webhook"],),
        "subscriptions.gather": (),
        "subscriptions.take": (),
        "subscriptions.note": (Due(0, 1, 0, "", "", told), None),
        "datasets.list_datasets": (),
        "datasets.list_starts": (),
        "queries.dataset_facts": (ids["dataset"],),
        "datasets.dataset_archive": (ids["dataset"],),
        "commit.history": (),
        "commit.verify_chain": (),
        "accounts.add_user": (accounts.AccountData("new", Role.PLANNER),),
        "accounts.change_user": ("ed-east",),
        "accounts.list_users": (),
        "accounts.name_of": (1,),
        "withdrawals.depart": ("EAST",),
        "withdrawals.readmit": ("EAST",),
        "withdrawals.list_departures": (),
        "notices.list_notices": (),
        "notices.mark_read": (["none"],),
        "notices.unread": (),
        "notices.approaching": (),
        "accounts.add_token": ("x", ["read"]),
        "accounts.list_tokens": (),
        "accounts.revoke_token": (ids["token"],),
        "accounts.end_token": (ids["token"],),
        "accounts.all_tokens": (),
        "backup.make_copy": (ids["folder"],),
        "leases.claim": ("w",),
        "leases.renew": (held,),
        "leases.note_progress": (held, {}),
        "leases.keep_checkpoint": (held, {}),
        "leases.fail": (held, "x"),
        "leases.cancelled": (held,),
        "leases.release": (held,),
        "results.finish": (held, RunEnd("no_plan", None)),
    }


def _call(store: Store, ids: dict[str, Any], name: str, actor: Actor) -> str:
    """Return yes, no or hidden: what an operation answers."""
    given = _arguments(ids).get(name, (ids["round"],))
    extra = {"password": "long enough 1"} if name == "accounts.change_user" else {}
    try:
        operations()[name](store, actor, *given, **extra)
    except Reached:
        return "yes"
    except DeniedError:
        return "no"
    except NotFoundError:
        return "hidden"
    except (RefusedError, ConflictError):
        return "yes"
    return "yes"


@pytest.fixture
def shut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every change stop where it would begin: the decision has been made by then, of an answer within it."""

    def reached(*_given: Any) -> None:
        raise Reached

    def within(
        store: Store, actor: Actor, step: Step, kind: type[Record], body: Callable[[Transaction], Record]
    ) -> None:
        def tried(change: Transaction) -> Record:
            body(change)
            raise Reached  # so that nothing of it stays

        commit(store, actor, step, kind, tried)

    for module in MODULES:
        if hasattr(module, "commit") and module.__name__ != "synergy.store.commit":
            monkeypatch.setattr(module, "commit", within if module is answers else reached)


def test_every_operation_is_in_the_table() -> None:
    assert set(operations()) == set(EXPECTED)
    assert set(RULES) == set(Action)


@pytest.mark.parametrize("name", EXPECTED)
def test_every_cell(name: str, lived: tuple[Store, dict[str, Any]], shut: None) -> None:
    store, ids = lived
    wide, _, own = EXPECTED[name].partition(" ")
    for letter, role in LETTERS.items():
        bound = role in (Role.EDITOR, Role.READER, Role.CLIENT)
        account = name.startswith((*TOKENS, "accounts.change", "subscriptions."))
        mine = Actor("ed-east", role, "EAST" if bound else None, None, 1)
        foreign = Actor("ed-west", role, "WEST" if bound else None, None, 2)
        if name in ("queries.see_proposal", "queries.story", "answers.answer", "answers.follow"):
            foreign = Actor("ed-alumina", role, "ALUMINA" if bound else None, None, 2)
        if letter in wide:
            expected = ("yes", "yes")
        elif letter.lower() in own and (bound or account):
            expected = ("yes", "yes" if name in OF_ONESELF else "hidden")
        else:
            expected = ("no", "no")
        assert (_call(store, ids, name, mine), _call(store, ids, name, foreign)) == expected, (name, role)


@pytest.mark.parametrize("name", EXPECTED)
def test_every_operation_asks(
    name: str, lived: tuple[Store, dict[str, Any]], shut: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "allowed", lambda *_given: False)
    actor = Actor("root", Role.WORKER if EXPECTED[name] == "W" else Role.PLANNER, None, None, 1)
    assert _call(*lived, name, actor) in ("no", "hidden")


def test_what_no_rule_allows_is_denied() -> None:
    for role in Role:
        assert not access.allowed(Actor("x", role), "something new", Resource("round"))  # type: ignore[arg-type]


def test_a_token_never_does_more_than_its_scopes() -> None:
    for action, (scope, roles) in RULES.items():
        for role in roles:
            actor = Actor("x", role, "EAST", frozenset(access.SCOPES) - {scope})
            assert not access.allowed(actor, action, Resource("x", frozenset({"EAST"}), "x"))


ODD = ("a/b", "../../x", "<b>x</b>", "anna\u200b", "\u202etoor", "анна", "a b", "a\0b", ".x", "ΑΝΝΑ", "x" * 65, "")


def test_names_of_accounts_are_plain_and_unlike(place: Place) -> None:
    store = place.store
    accounts.add_user(store, accounts.MACHINE, accounts.AccountData("anna", Role.PLANNER))
    for name in ODD:
        with pytest.raises(RefusedError):
            accounts.add_user(store, accounts.MACHINE, accounts.AccountData(name, Role.PLANNER))
    for name in ("ANNA", "ａｎｎａ"):
        with pytest.raises(ConflictError):
            accounts.add_user(store, accounts.MACHINE, accounts.AccountData(name, Role.PLANNER))
    for name, made in (("王小明", "王小明"), ("ｌｉ@glass.cn", "li@glass.cn"), ("erp-2", "erp-2")):
        assert accounts.add_user(store, accounts.MACHINE, accounts.AccountData(name, Role.PLANNER)).name == made


def test_odd_accounts_of_old_can_be_disabled_and_reset(place: Place) -> None:
    store = place.store
    accounts.add_user(store, accounts.MACHINE, accounts.AccountData("root", Role.ADMINISTRATOR, None, "correct horse"))
    names = [name for name in ODD if 0 < len(name) <= 64 and "\0" not in name]
    with store.database.write() as connection:
        rows = [{"name": name, "role": "planner", "created": store.now()} for name in names]
        connection.execute(insert(users), rows)
    app = create_app(store, ServerSettings(secret=b"0" * 32, limited=False))
    world = World(store, app, 0, Path())
    admin, scopes = world.client("admin"), {"label": "x", "scopes": ["manage"]}
    token = app.test_client().post("/api/v1/tokens", auth=("root", "correct horse"), json=scopes).get_json()["token"]
    bearer = {"Authorization": f"Bearer {token}", "If-Match": "*"}
    for one in accounts.list_users(store, accounts.MACHINE):
        if one.name in names:
            here = f"/en/admin/accounts/{one.user}"
            assert world.post(admin, here, wish="disable").status_code == 303
            assert world.post(admin, here, wish="password").status_code == 200
            answer = app.test_client().patch(f"/api/v1/users/@{one.user}", headers=bearer, json={"disabled": False})
            assert (answer.status_code, answer.get_json()["name"]) == (200, one.name)
    assert {one.disabled for one in accounts.list_users(store, accounts.MACHINE)} == {False}


def test_passwords_and_tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_FILE, str(tmp_path / "key"))
    store = make_store(tmp_path / "store.db")
    accounts.add_user(store, accounts.MACHINE, accounts.AccountData("li", Role.EDITOR, "EAST", "correct horse"))
    actor = accounts.sign_in(store, "li", "correct horse")
    assert (actor.role, actor.enterprise, actor.scopes) == (Role.EDITOR, "EAST", None)
    with pytest.raises(RefusedError):
        accounts.change_user(store, actor, "li", password="short")
    token = accounts.add_token(store, actor, "erp", ["read", "declare"], 1).token
    assert token not in _json(history(store, PLANNER))
    assert accounts.actor_of_token(store, token).scopes == {"read", "declare"}
    with store.database.read() as connection:
        raw = connection.exec_driver_sql("SELECT * FROM tokens").one()
    assert token not in map(str, raw)
    accounts.change_user(store, accounts.MACHINE, "li", password="another horse")
    with pytest.raises(DeniedError):
        accounts.actor_of_token(store, token)
    with pytest.raises(DeniedError):  # it rests, even for the right one
        accounts.sign_in(store, "li", "another horse", resting=True)
    for _ in range(accounts.TOLD[0] + 1):
        with pytest.raises(DeniedError):
            accounts.sign_in(store, "li", "wrong horse!")
    assert [one.kind for one in list_notices(store, actor)] == ["tried"]
    assert accounts.list_users(store, accounts.MACHINE)[0].failures == accounts.TOLD[0] + 1
    assert [one.action for one in history(store, PLANNER)].count("user.tried") == 1
    assert accounts.sign_in(store, "li", "another horse").name == "li"
    assert accounts.wrong_passwords(store, "li") == 0
    accounts.change_user(store, accounts.MACHINE, "li", disabled=True)
    with pytest.raises(DeniedError):
        accounts.sign_in(store, "li", "another horse")
    store.close()


def _canary_round(store: Store) -> int:
    """Return a round in which EAST declared costs that are found again wherever they are shown."""
    draft = Draft(
        name="canary",
        archive=tiny(),
        options=OPTIONS,
        ladder=0.0,
        anonymous=False,
    )
    ident = rounds.create(store, PLANNER, draft).round
    rounds.advance(store, PLANNER, ident, "open")
    for name in NAMES:
        declarations.repeat(store, editor(name), Seat(ident, name))
    told = declarations.declaration(store, editor("EAST"), Seat(ident, "EAST")).entries
    entries = costly(told, Decimal(CANARY[0]))
    entries.append(Entry(sheet=Sheet.NEEDS, site="EAST-1", subject="TAR", amount=Decimal(10), price=Decimal(CANARY[1])))
    declarations.declare(store, editor("EAST"), Seat(ident, "EAST"), entries)
    return ident


def test_a_rival_never_obtains_a_cost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from synergy.store import freezing

    monkeypatch.setenv(KEY_FILE, str(tmp_path / "key"))
    store = make_store(tmp_path / "store.db")
    ident = _canary_round(store)
    freezing.freeze(store, PLANNER, ident)
    matched(store, ident)
    assert CANARY[0] in _json(declarations.declaration(store, editor("EAST"), Seat(ident, "EAST")))
    codes = [one.proposal for one in queries.list_proposals(store, PLANNER, ident)]
    plan = queries.see_plan(store, PLANNER, ident).plan
    figures = [one[name] for one in plan["proposals"] for name in ("gain", "marginal_gain")]
    figures += [plan[name] for name in ("value", "bound", "gain", "today", "status_quo")]
    figures += [one for one in plan["standalone"].values() if one]
    secret = {CANARY[0], CANARY[1], *(digits.replace(".", "") for digits in CANARY)}
    secret |= {text for one in figures if one is not None for text in _texts(one)}
    secret -= {"0.0", "0", '"0"'}
    responses = 0
    for text in _obtained(store, ident, codes, ("WEST", "ALUMINA", "TARCO", "GLASS")):
        responses += 1
        assert not [one for one in secret if one in text], text
    assert responses >= 5000
    store.close()


def _texts(figure: float) -> tuple[str, str]:
    """Return a figure as it stands in the JSON of a plan, and in that of a record."""
    return repr(figure), f'"{written(exact(figure))}"'


def _json(told: object) -> str:
    """Return what the store answers as the JSON that the API makes of it."""

    def plain(one: object) -> Any:
        return one.document() if isinstance(one, Record) else str(one)

    return json.dumps(told, ensure_ascii=False, default=plain)


def _obtained(store: Store, ident: int, codes: list[str], rivals: tuple[str, ...]) -> Iterator[str]:
    """Yield what rivals get by asking for everything, again and again, in their own name."""
    for _ in range(60):
        for name in rivals:
            actor = editor(name)
            calls: list[Callable[[], Any]] = [
                lambda a=actor: queries.list_rounds(store, a),
                lambda a=actor: queries.see_round(store, a, ident),
                lambda a=actor: queries.list_proposals(store, a, ident),
                lambda a=actor: queries.aggregates(store, a, ident),
                lambda a=actor: answers.followed(store, a, ident),
                lambda a=actor: queries.see_plan(store, a, ident),
                lambda a=actor: queries.see_matches(store, a, ident),
                lambda a=actor: queries.see_progress(store, a, 1),
                lambda a=actor: history(store, a),
                lambda a=actor: notices.list_notices(store, a),
                *(lambda a=actor, c=code: queries.see_proposal(store, a, c) for code in codes),
                *(lambda a=actor, e=one: declarations.declaration(store, a, Seat(ident, e)) for one in NAMES),
                lambda a=actor: answers.balance(store, a, Seat(ident, "EAST")),
                lambda a=actor: answers.answer(store, a, codes[0], Reply(Answer.COUNTERED, counter=[CounterOffer(9)])),
            ]
            for call in calls:
                try:
                    yield _json(call())
                except SynergyError as error:
                    yield f"{error} {error.zh if hasattr(error, 'zh') else ''}"
