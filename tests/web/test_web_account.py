"""Signing in and out, the own account, administration and audit, as browsers do it."""

from __future__ import annotations

import re
import shutil
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from synergy.web import sign_in
from synergy.web.settings import ServerSettings
from web_worlds import PASSWORD, SECRET, World
from werkzeug.test import TestResponse

from synergy.store import accounts, commit
from synergy.store.backup import restore
from synergy.store.store import open_store

NEW = "another long password"


@pytest.fixture
def web_settings(tmp_path: Path) -> ServerSettings:
    return ServerSettings(secret=SECRET, limited=False, backup_folder=tmp_path / "copies")


def signed_in(client: FlaskClient, name: str, password: str, lang: str = "en", **more: str) -> TestResponse:
    return page_post(client, f"/{lang}/sign-in", name=name, password=password, **more)


def page_post(client: FlaskClient, path: str, **data: str) -> TestResponse:
    """Send the form that stands on a page."""
    mark = re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).text)
    assert mark is not None
    return client.post(path, data={"csrf_token": mark[1], **data})


def secret(page: str) -> str:
    found = re.search(r'class="secret">([^<]+)<', page)
    assert found is not None
    return unescape(found[1])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_signing_in_and_out(web_world: World, lang: str) -> None:
    client = web_world.client()
    assert signed_in(client, "anna", PASSWORD, lang).location == f"/{lang}/"
    assert client.get(f"/{lang}/", follow_redirects=True).status_code == 200
    assert client.get(f"/{lang}/account").status_code == 200
    kept = client.get_cookie("synergy")
    assert kept is not None
    assert page_post(client, f"/{lang}/sign-out").status_code == 303
    assert client.get(f"/{lang}/account").location.startswith(f"/{lang}/sign-in")
    client.set_cookie("synergy", kept.value)
    assert client.get(f"/{lang}/account").location.startswith(f"/{lang}/sign-in")


@pytest.mark.parametrize(("name", "password"), [("anna", "wrong password"), ("nobody", PASSWORD), ("", "")])
def test_a_wrong_password_tells_nothing_more(web_world: World, name: str, password: str) -> None:
    answer = signed_in(web_world.client(), name, password)
    assert answer.status_code == 403
    assert "name, password or token is wrong" in answer.text


def test_after_signing_in_one_goes_on_to_where_one_was(web_world: World) -> None:
    client = web_world.client()
    asked = client.get("/en/compare?a=1")
    assert asked.location == "/en/sign-in?next=/en/compare?a%3D1"
    assert signed_in(client, "anna", PASSWORD, next="/en/compare?a=1").location == "/en/compare?a=1"


def test_few_passwords_are_checked_at_once(web_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "PATIENCE_S", 0.01)
    gate: sign_in.Tries = web_world.app.extensions["synergy.tries"]
    with gate.turn(""):
        with gate.turn(""):
            answer = signed_in(web_world.client(), "anna", PASSWORD)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
        assert signed_in(web_world.client(), "anna", PASSWORD).status_code == 303


def test_changing_the_password_ends_other_sessions_and_tokens(web_world: World) -> None:
    here, there = web_world.client("planner"), web_world.client("planner")
    token = accounts.add_token(web_world.store, web_world.actor("planner"), "report", ["read"]).token
    by_token = {"Authorization": f"Bearer {token}"}
    assert web_world.client().get("/api/v1/rounds", headers=by_token).status_code == 200
    answer = web_world.post(here, "/en/account/password", old=PASSWORD, new=NEW, again=NEW)
    assert answer.status_code == 303
    assert here.get("/en/account").status_code == 200
    assert there.get("/en/account").status_code == 303
    assert web_world.client().get("/api/v1/rounds", headers=by_token).status_code == 401
    assert accounts.sign_in(web_world.store, "anna", NEW).name == "anna"


@pytest.mark.parametrize(
    ("old", "new", "again", "said"),
    [
        ("not it at all", NEW, NEW, "not your current password"),
        (PASSWORD, NEW, NEW + "x", "not the same"),
        (PASSWORD, "short", "short", "at least 10"),
        (PASSWORD, PASSWORD, PASSWORD, "choose another"),
    ],
)
def test_a_password_that_cannot_be_is_said_beside_its_field(
    web_world: World, old: str, new: str, again: str, said: str
) -> None:
    answer = web_world.post(web_world.client("editor"), "/en/account/password", old=old, new=new, again=again)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert accounts.sign_in(web_world.store, "ed-glass", PASSWORD).enterprise == "GLASS"


def test_tokens_lead_to_what_programs_can_ask(web_world: World) -> None:
    assert 'href="/en/api"' in web_world.client("editor").get("/en/account").text


def test_a_token_is_shown_once_and_may_what_was_ticked(web_world: World) -> None:
    client = web_world.client("editor")
    page = web_world.post(client, "/en/account/tokens", label="our ERP", scope=["read"], days="30").text
    token = secret(page)
    assert token not in client.get("/en/account").text
    assert "our ERP" in client.get("/en/account").text
    by_token = {"Authorization": f"Bearer {token}"}
    assert web_world.client().get("/api/v1/rounds", headers=by_token).status_code == 200
    assert web_world.client().get("/en/audit", headers=by_token).status_code == 403
    wrong = web_world.post(client, "/en/account/tokens", label="none", days="30")
    assert wrong.status_code == 422
    (made,) = accounts.list_tokens(web_world.store, web_world.actor("editor"))
    web_world.post(client, f"/en/account/tokens/{made.id}/end")
    assert web_world.client().get("/api/v1/rounds", headers=by_token).status_code == 401


def test_nobody_ends_the_token_of_another_but_an_administrator(web_world: World) -> None:
    made = accounts.add_token(web_world.store, web_world.actor("planner"), "report", ["read"])
    theirs = web_world.post(web_world.client("editor"), f"/en/account/tokens/{made.id}/end")
    assert theirs.status_code == 404
    assert web_world.client("editor").get("/en/admin").status_code == 403
    admin = web_world.client("admin")
    assert "report" in admin.get("/en/admin").text
    assert web_world.post(admin, f"/en/admin/tokens/{made.id}/end").status_code == 303
    assert "report" not in admin.get("/en/admin").text


def test_an_administrator_makes_disables_and_enables_accounts(web_world: World) -> None:
    admin = web_world.client("admin")
    made = web_world.post(admin, "/en/admin/accounts", name="li", role="editor", enterprise="GLASS")
    password = secret(made.text)
    assert password not in admin.get("/en/admin").text
    li = web_world.client()
    assert signed_in(li, "li", password).status_code == 303
    assert li.get("/en/account").location == "/en/account/password"
    assert web_world.client().get("/en/", follow_redirects=True).status_code == 200
    changed = page_post(li, "/en/account/password", old=password, new=NEW, again=NEW)
    assert changed.status_code == 303
    assert li.get("/en/account").status_code == 200
    found = {one.name: one for one in accounts.list_users(web_world.store, web_world.actor("admin"))}
    assert (found["li"].role, found["li"].enterprise) == ("editor", "GLASS")
    here = f"/en/admin/accounts/{found['li'].user}"
    off = web_world.post(admin, here, wish="disable", version=found["li"].version)
    assert off.status_code == 303
    assert li.get("/en/account").status_code == 303
    stale = web_world.post(admin, here, wish="enable", version=found["li"].version)
    assert stale.status_code == 409
    web_world.post(admin, here, wish="enable")
    anew = secret(web_world.post(admin, here, wish="password").text)
    assert signed_in(web_world.client(), "li", NEW).status_code == 403
    assert signed_in(web_world.client(), "li", anew).status_code == 303


@pytest.mark.parametrize(
    ("name", "role", "enterprise", "status"),
    [("anna", "planner", "", 409), ("x", "worker", "", 422), ("x", "editor", "", 422), ("", "planner", "", 422)],
)
def test_an_account_that_cannot_be_is_refused_with_the_reason(
    web_world: World, name: str, role: str, enterprise: str, status: int
) -> None:
    fields = {"name": name, "role": role, "enterprise": enterprise}
    answer = web_world.post(web_world.client("admin"), "/zh/admin/accounts", **fields)
    assert answer.status_code == status
    assert 'role="alert"' in answer.text


def test_nobody_locks_oneself_out(web_world: World) -> None:
    for wish in ("disable", "password"):
        own = next(one.user for one in accounts.list_users(web_world.store, accounts.MACHINE) if one.name == "root")
        answer = web_world.post(web_world.client("admin"), f"/en/admin/accounts/{own}", wish=wish)
        assert answer.status_code == 422
    assert accounts.sign_in(web_world.store, "root", PASSWORD).name == "root"


def test_a_copy_stays_on_the_server_and_holds_everything(web_world: World, tmp_path: Path) -> None:
    admin = web_world.client("admin")
    assert web_world.post(admin, "/en/admin/copies").status_code == 303
    (copy,) = (tmp_path / "copies").iterdir()
    assert copy.name in admin.get("/en/admin").text
    assert copy.stat().st_mode & 0o077 == 0
    restore(copy, tmp_path / "other.db")
    shutil.copy(f"{web_world.file}.key", tmp_path / "other.db.key")
    other = open_store(tmp_path / "other.db")
    assert commit.verify_chain(other, web_world.actor("auditor")).sound
    other.close()
    assert web_world.post(web_world.client("planner"), "/en/admin/copies").status_code == 403


def test_audit_shows_events_and_verifies_the_chain(web_world: World) -> None:
    auditor = web_world.client("auditor")
    page = auditor.get("/en/audit").text
    assert "proposals published" in page
    assert "proposals published" in auditor.get(f"/en/audit?round={web_world.round}").text
    assert "proposals published" not in auditor.get("/en/audit?round=99").text
    head = commit.verify_chain(web_world.store, web_world.actor("auditor")).head
    good = web_world.post(auditor, "/en/audit", expected=f"{head.number}:{head.mac}")
    assert "The chain is sound" in good.text
    cut = web_world.post(auditor, "/en/audit", expected=f"{head.number + 1}:{head.mac}")
    assert "tail was cut off" in cut.text
    assert web_world.post(auditor, "/en/audit", expected="nonsense").status_code == 422
    assert "The chain is sound" in web_world.post(web_world.client("admin"), "/en/admin/chain").text
    assert web_world.client("admin").get("/en/audit").status_code == 403


def test_events_are_paged(web_world: World) -> None:
    planner = web_world.actor("planner")
    for number in range(60):
        accounts.add_token(web_world.store, planner, f"token {number}", ["read"])
    client = web_world.client("auditor")
    first = client.get("/en/audit").text
    older = re.search(r'href="(/en/audit\?before=\d+)"', unescape(first))
    assert older is not None
    second = client.get(older[1]).text
    numbers = [set(re.findall(r'data-label="Number">(\d+)<', page)) for page in (first, second)]
    assert len(numbers[0]) == 50
    assert not numbers[0] & numbers[1]
    assert min(map(int, numbers[0])) == max(map(int, numbers[1])) + 1


@pytest.mark.parametrize(("lang", "said"), [("en", "wait for your answer"), ("zh", "等待贵企业答复")])
def test_notices_are_shown_counted_and_marked(web_world: World, lang: str, said: str) -> None:
    client = web_world.client("editor")
    shown = client.get(f"/{lang}/notices").text
    assert said in shown
    assert '<span class="count"' in client.get(f"/{lang}/home").text
    codes = re.findall(r'name="notice" value="(N\w+)"', shown)
    assert len(codes) == 3
    web_world.post(client, f"/{lang}/notices", notice=codes[0])
    assert len(re.findall('name="notice"', client.get(f"/{lang}/notices").text)) == 2
    web_world.post(client, f"/{lang}/notices")
    after = client.get(f"/{lang}/notices").text
    assert 'name="notice"' not in after
    assert '<span class="count"' not in after
    assert said in after
    assert web_world.client("auditor").get(f"/{lang}/notices").status_code == 403
