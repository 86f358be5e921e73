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
from synergy.web.settings import Settings
from web_worlds import World

import synergy.store
from synergy.errors import ConflictError, DeniedError, NotFoundError, RefusedError, SynergyError
from synergy.store import (
    access,
    aggregates,
    audit,
    datasets,
    declaring,
    following,
    hooks,
    keys,
    notices,
    people,
    responding,
    rounds,
    seeing,
    studies,
)
from synergy.store.access import RULES, Action, Actor, Resource
from synergy.store.hooks import Due
from synergy.store.leases import Claim
from synergy.store.names import Answer, Role, Sheet, Stage, StudyKind
from synergy.store.notices import list_notices
from synergy.store.overlay import Entry
from synergy.store.responding import Reply
from synergy.store.rounds import Draft, Until
from synergy.store.store import KEY_FILE, Store, make_store
from synergy.store.studies import Held, Question
from synergy.store.tables import users
from synergy.store.wondering import Wondered

LETTERS = dict(zip("PERACDW", Role, strict=True))
# operation: roles that may with anything, and in small letters with what is their own; by hand, not from the rules
EXPECTED = {
    "rounds.create": "P",
    "rounds.advance": "P",
    "rounds.remind": "P",
    "rounds.extend": "P",
    "freezing.freeze": "P",
    "matching.request_match": "P",
    "matching.cancel_match": "P",
    "matching.halt_search": "P",
    "review.rule": "P",
    "review.withdraw": "P",
    "responding.conclude": "P",
    "measures.measures": "PERACD",
    "looking.see_match": "PA",
    "looking.list_declarations": "PA erc",
    "datasets.add_dataset": "P",
    "datasets.list_datasets": "PA",
    "datasets.list_starts": "PA",
    "datasets.dataset_archive": "PA",
    "planning.round_input": "PA",
    "planning.round_names": "PA",
    "planning.list_members": "PA",
    "planning.dataset_facts": "P",
    "studies.ask": "PA erc",
    "studies.see_study": "PA erc",
    "studies.list_studies": "PA erc",
    "studies.claim_study": "W",
    "studies.finish_study": "W",
    "hooks.add_webhook": " peac",
    "hooks.list_webhooks": " peac",
    "hooks.end_webhook": " peac",
    "hooks.list_deliveries": " peac",
    "hooks.gather": "W",
    "hooks.take": "W",
    "hooks.note": "W",
    "seeing.list_rounds": "PERACD",
    "seeing.see_round": "PERACD",
    "seeing.state_of": "PERACD",
    "seeing.see_matches": "PA",
    "seeing.match_input": "PA",
    "seeing.see_plan": "PA",
    "seeing.see_progress": "PA",
    "review.list_rulings": "PA",
    "doubtful.doubtful": "PA",
    "comparing.compare": "PA",
    "aggregates.aggregates": "PERAC",
    "declaring.declare": "P ec",
    "declaring.repeat": "P ec",
    "declaring.declaration": "PA erc",
    "previewing.ground": "PA erc",
    "previewing.preview": "P ec",
    "following.balance": "PA erc",
    "seeing.list_proposals": "PA erc",
    "seeing.see_proposal": "PA erc",
    "story.story": "PA erc",
    "possible.goods": "PA erc",
    "possible.chains": "PA erc",
    "wondering.left": " erc",
    "wondering.wonder": " erc",
    "responding.answer": " ec",
    "following.follow": "P ec",
    "following.followed": "PA erc",
    "audit.history": "PA",
    "audit.verify_chain": "PAD",
    "people.add_user": "D",
    "people.change_user": "D peracd",
    "people.list_users": "AD",
    "people.name_of": "D",
    "anonymity.telltales": "PA",
    "departing.depart": "D",
    "departing.readmit": "D",
    "departing.list_departures": "D",
    "notices.list_notices": "P erc",
    "notices.mark_read": "P erc",
    "notices.unread": "P erc",
    "notices.approaching": "W",
    "keys.add_token": "D perac",
    "keys.list_tokens": "D perac",
    "keys.revoke_token": "D perac",
    "keys.end_token": "D",
    "overseeing.all_tokens": "D",
    "overseeing.make_copy": "D",
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
    "keys.add_token",
    "keys.list_tokens",
    "following.followed",
    "seeing.list_proposals",
    "notices.list_notices",
    "notices.mark_read",
    "notices.unread",
    "looking.list_declarations",
    "studies.ask",
    "studies.list_studies",
    "hooks.add_webhook",
    "hooks.list_webhooks",
    "wondering.left",
)
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
            if one["id"] == "deal:EAST>GLASS:COG":
                for name in one["enterprises"]:
                    responding.answer(store, editor(name), one["proposal"], Reply(Answer.ACCEPTED))
        found = proposals(store, ident)
        people.add_user(store, people.MACHINE, people.Account("ed-east", Role.EDITOR, "EAST"))
        token = keys.add_token(store, people.known(store, "ed-east"), "erp", ["read"])
        other = responding_round(store)
        for one in proposals(store, other).values():
            for name in one["enterprises"]:
                responding.answer(store, editor(name), one["proposal"], Reply(Answer.ACCEPTED))
        made = responding.conclude(store, PLANNER, other)["partnerships"]
        shared = {row["partnership"] for row in following.followed(store, editor("EAST"))}
        why = Question(StudyKind.EXPLANATION, {"from_site": "EAST-1", "to_site": "GLASS-1", "commodity": "COG"})
        ids = {
            "round": ident,
            "code": found["build:TAR_DIST@EAST-1"]["proposal"],
            "token": token["id"],
            "study": studies.ask(store, editor("EAST"), ident, why)["study"],
            "webhook": hooks.add_webhook(store, people.known(store, "ed-east"), "https://erp.example/")["webhook"],
            "dataset": datasets.list_datasets(store, PLANNER)[0]["dataset"],
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
    place = (ids["round"], "EAST")
    return {
        "rounds.create": (Draft(name="x", archive=tiny()),),
        "rounds.advance": (ids["round"], "cancel"),
        "rounds.extend": (ids["round"], Until(answer_by=datetime(2126, 1, 1, tzinfo=UTC))),
        "review.rule": (ids["round"], ("note", {"text": "x"})),
        "review.withdraw": (ids["round"], 1),
        "seeing.list_rounds": (),
        "seeing.match_input": (1,),
        "seeing.see_progress": (1,),
        "comparing.compare": (1, 1),
        "declaring.declare": (place, [entry]),
        "declaring.repeat": (place,),
        "looking.see_match": (1,),
        "declaring.declaration": (place,),
        "previewing.ground": (place,),
        "previewing.preview": (place, [entry]),
        "following.balance": (place,),
        "seeing.see_proposal": (ids["code"],),
        "story.story": (ids["code"],),
        "possible.goods": (place,),
        "possible.chains": (place, "COG"),
        "wondering.wonder": (ids["round"], Wondered("EAST-1", "TARCO-1", "TAR")),
        "responding.answer": (ids["code"], Reply(Answer.ACCEPTED)),
        "following.follow": (ids["partnership"], Stage.PERMITS),
        "following.followed": (),
    }


def _beside_rounds(ids: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
    """Return what the operations of people, workers, datasets, studies and webhooks are called with."""
    held = Claim(1, 1, ids["round"], b"", {}, {}, None)
    return {
        "datasets.add_dataset": (tiny(),),
        "studies.ask": (ids["round"], Question(StudyKind.PATHWAYS, {"commodity": "COG", "depth": 2})),
        "studies.see_study": (ids["study"],),
        "studies.claim_study": (),
        "studies.finish_study": (Held(0, 1, Question(StudyKind.PATHWAYS, {}), None, b"", {}, None), {}),
        "hooks.add_webhook": ("https://erp.example/",),
        "hooks.list_webhooks": (),
        "hooks.end_webhook": (ids["webhook"],),
        "hooks.list_deliveries": (ids["webhook"],),
        "hooks.gather": (),
        "hooks.take": (),
        "hooks.note": (Due(0, 1, 0, "", "", {}), None),
        "datasets.list_datasets": (),
        "datasets.list_starts": (),
        "planning.dataset_facts": (ids["dataset"],),
        "datasets.dataset_archive": (ids["dataset"],),
        "audit.history": (),
        "audit.verify_chain": (),
        "people.add_user": (people.Account("new", Role.PLANNER),),
        "people.change_user": ("ed-east",),
        "people.list_users": (),
        "people.name_of": (1,),
        "departing.depart": ("EAST",),
        "departing.readmit": ("EAST",),
        "departing.list_departures": (),
        "notices.list_notices": (),
        "notices.mark_read": (["none"],),
        "notices.unread": (),
        "notices.approaching": (),
        "keys.add_token": ("x", ["read"]),
        "keys.list_tokens": (),
        "keys.revoke_token": (ids["token"],),
        "keys.end_token": (ids["token"],),
        "overseeing.all_tokens": (),
        "overseeing.make_copy": (ids["folder"],),
        "leases.claim": ("w",),
        "leases.renew": (held,),
        "leases.note_progress": (held, {}),
        "leases.keep_checkpoint": (held, {}),
        "leases.fail": (held, "x"),
        "leases.cancelled": (held,),
        "leases.release": (held,),
        "results.finish": (held, {"status": "no_plan", "record": None, "diagnosis": []}),
    }


def _call(store: Store, ids: dict[str, Any], name: str, actor: Actor) -> str:
    """Return yes, no or hidden: what an operation answers."""
    given = _arguments(ids).get(name, (ids["round"],))
    extra = {"password": "long enough 1"} if name == "people.change_user" else {}
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
    """Let every change stop where it would begin: the decision has been made by then."""

    def reached(*_given: Any) -> None:
        raise Reached

    for module in MODULES:
        if hasattr(module, "commit") and module.__name__ != "synergy.store.commit":
            monkeypatch.setattr(module, "commit", reached)


def test_every_operation_is_in_the_table() -> None:
    assert set(operations()) == set(EXPECTED)
    assert set(RULES) == set(Action)


@pytest.mark.parametrize("name", EXPECTED)
def test_every_cell(name: str, lived: tuple[Store, dict[str, Any]], shut: None) -> None:
    store, ids = lived
    wide, _, own = EXPECTED[name].partition(" ")
    for letter, role in LETTERS.items():
        bound = role in (Role.EDITOR, Role.READER, Role.CLIENT)
        account = name.startswith(("keys.", "people.change", "hooks."))
        mine = Actor("ed-east", role, "EAST" if bound else None, None, 1)
        foreign = Actor("ed-west", role, "WEST" if bound else None, None, 2)
        if name in ("seeing.see_proposal", "story.story", "responding.answer", "following.follow"):
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
    people.add_user(store, people.MACHINE, people.Account("anna", Role.PLANNER))
    for name in ODD:
        with pytest.raises(RefusedError):
            people.add_user(store, people.MACHINE, people.Account(name, Role.PLANNER))
    for name in ("ANNA", "ａｎｎａ"):
        with pytest.raises(ConflictError):
            people.add_user(store, people.MACHINE, people.Account(name, Role.PLANNER))
    for name, made in (("王小明", "王小明"), ("ｌｉ@glass.cn", "li@glass.cn"), ("erp-2", "erp-2")):
        assert people.add_user(store, people.MACHINE, people.Account(name, Role.PLANNER))["name"] == made


def test_odd_accounts_of_old_can_be_disabled_and_reset(place: Place) -> None:
    store = place.store
    people.add_user(store, people.MACHINE, people.Account("root", Role.ADMINISTRATOR, None, "correct horse"))
    names = [name for name in ODD if 0 < len(name) <= 64 and "\0" not in name]
    with store.database.write() as connection:
        rows = [{"name": name, "role": "planner", "created": store.now()} for name in names]
        connection.execute(insert(users), rows)
    app = create_app(store, Settings(secret=b"0" * 32, limited=False))
    world = World(store, app, 0, Path())
    admin, scopes = world.client("admin"), {"label": "x", "scopes": ["manage"]}
    token = app.test_client().post("/api/v1/tokens", auth=("root", "correct horse"), json=scopes).get_json()["token"]
    bearer = {"Authorization": f"Bearer {token}", "If-Match": "*"}
    for one in people.list_users(store, people.MACHINE):
        if one["name"] in names:
            here = f"/en/admin/accounts/{one['user']}"
            assert world.post(admin, here, wish="disable").status_code == 303
            assert world.post(admin, here, wish="password").status_code == 200
            answer = app.test_client().patch(f"/api/v1/users/@{one['user']}", headers=bearer, json={"disabled": False})
            assert (answer.status_code, answer.get_json()["name"]) == (200, one["name"])
    assert {one["disabled"] for one in people.list_users(store, people.MACHINE)} == {False}


def test_passwords_and_tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_FILE, str(tmp_path / "key"))
    store = make_store(tmp_path / "store.db")
    people.add_user(store, people.MACHINE, people.Account("li", Role.EDITOR, "EAST", "correct horse"))
    actor = people.sign_in(store, "li", "correct horse")
    assert (actor.role, actor.enterprise, actor.scopes) == (Role.EDITOR, "EAST", None)
    with pytest.raises(RefusedError):
        people.change_user(store, actor, "li", password="short")
    token = keys.add_token(store, actor, "erp", ["read", "declare"], 1)
    assert token["token"] not in json.dumps(audit.history(store, PLANNER))
    assert keys.actor_of_token(store, token["token"]).scopes == {"read", "declare"}
    with store.database.read() as connection:
        raw = connection.exec_driver_sql("SELECT * FROM tokens").one()
    assert token["token"] not in map(str, raw)
    people.change_user(store, people.MACHINE, "li", password="another horse")
    with pytest.raises(DeniedError):
        keys.actor_of_token(store, token["token"])
    with pytest.raises(DeniedError):  # it rests, even for the right one
        people.sign_in(store, "li", "another horse", resting=True)
    for _ in range(people.TOLD[0] + 1):
        with pytest.raises(DeniedError):
            people.sign_in(store, "li", "wrong horse!")
    assert [one["kind"] for one in list_notices(store, actor)] == ["tried"]
    assert people.list_users(store, people.MACHINE)[0]["failures"] == people.TOLD[0] + 1
    assert [one["action"] for one in audit.history(store, PLANNER)].count("user.tried") == 1
    assert people.sign_in(store, "li", "another horse").name == "li"
    assert people.wrong_passwords(store, "li") == 0
    people.change_user(store, people.MACHINE, "li", disabled=True)
    with pytest.raises(DeniedError):
        people.sign_in(store, "li", "another horse")
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
    ident = int(rounds.create(store, PLANNER, draft)["round"])
    rounds.advance(store, PLANNER, ident, "open")
    for name in NAMES:
        declaring.repeat(store, editor(name), (ident, name))
    told = declaring.declaration(store, editor("EAST"), (ident, "EAST"))["entries"]
    entries = costly(told, Decimal(CANARY[0]))
    entries.append(Entry(sheet=Sheet.NEEDS, site="EAST-1", subject="TAR", amount=Decimal(10), price=Decimal(CANARY[1])))
    declaring.declare(store, editor("EAST"), (ident, "EAST"), entries)
    return ident


def test_a_rival_never_obtains_a_cost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from synergy.store import freezing

    monkeypatch.setenv(KEY_FILE, str(tmp_path / "key"))
    store = make_store(tmp_path / "store.db")
    ident = _canary_round(store)
    freezing.freeze(store, PLANNER, ident)
    matched(store, ident)
    assert CANARY[0] in json.dumps(declaring.declaration(store, editor("EAST"), (ident, "EAST")))
    whole = seeing.list_proposals(store, PLANNER, ident)
    secret = {CANARY[0], CANARY[1], *(digits.replace(".", "") for digits in CANARY)}
    secret |= {repr(one["gain"]) for one in whole} | {repr(one["marginal_gain"]) for one in whole}
    plan = seeing.see_plan(store, PLANNER, ident)["plan"]
    secret |= {repr(plan[name]) for name in ("value", "bound", "gain", "today", "status_quo")}
    secret |= {repr(one) for one in plan["standalone"].values() if one}
    secret -= {"None", "0.0", "0"}
    codes = [one["proposal"] for one in whole]
    responses = 0
    for text in _obtained(store, ident, codes, ("WEST", "ALUMINA", "TARCO", "GLASS")):
        responses += 1
        assert not [one for one in secret if one in text], text
    assert responses >= 5000
    store.close()


def _obtained(store: Store, ident: int, codes: list[str], rivals: tuple[str, ...]) -> Iterator[str]:
    """Yield what rivals get by asking for everything, again and again, in their own name."""
    for _ in range(60):
        for name in rivals:
            actor = editor(name)
            calls: list[Callable[[], Any]] = [
                lambda a=actor: seeing.list_rounds(store, a),
                lambda a=actor: seeing.see_round(store, a, ident),
                lambda a=actor: seeing.list_proposals(store, a, ident),
                lambda a=actor: aggregates.aggregates(store, a, ident),
                lambda a=actor: following.followed(store, a, ident),
                lambda a=actor: seeing.see_plan(store, a, ident),
                lambda a=actor: seeing.see_matches(store, a, ident),
                lambda a=actor: seeing.see_progress(store, a, 1),
                lambda a=actor: audit.history(store, a),
                lambda a=actor: notices.list_notices(store, a),
                *(lambda a=actor, c=code: seeing.see_proposal(store, a, c) for code in codes),
                *(lambda a=actor, e=one: declaring.declaration(store, a, (ident, e)) for one in NAMES),
                lambda a=actor: following.balance(store, a, (ident, "EAST")),
                lambda a=actor: responding.answer(store, a, codes[0], Reply(Answer.COUNTERED, counter=[{"number": 9}])),
            ]
            for call in calls:
                try:
                    yield json.dumps(call(), ensure_ascii=False, default=str)
                except SynergyError as error:
                    yield f"{error} {error.zh if hasattr(error, 'zh') else ''}"
