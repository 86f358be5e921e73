"""What an attacker tries on the pages: forged forms, fixed sessions, other sites, others' things, too many requests."""

from __future__ import annotations

import json
import logging
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import synergy.web
from canaries import CANARIES, canary
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select
from stores import PLANNER, Place, begun
from synergy.web.access import APART, KEY, PUBLIC, SAFE, rule_of
from synergy.web.app import create_app
from synergy.web.logs import Lines
from synergy.web.render import SHOWN
from synergy.web.settings import ServerSettings
from synergy.web.sign_in import REST, onward
from web_worlds import PASSWORD, PEOPLE, SECRET, World, alive

from synergy.errors import NotFoundError, RefusedError
from synergy.records.names import Role
from synergy.store import accounts, queries
from synergy.store.access import RULES, Action, reach
from synergy.store.database import Database
from synergy.store.messages import unavailable
from synergy.store.store import Store
from synergy.store.tables import rounds


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check passwords without the slow hash: it is tested elsewhere."""
    monkeypatch.setattr(accounts, "_matches", lambda _, password: password == PASSWORD)


def routes(app: Flask) -> list[tuple[str, str, str]]:
    """Return endpoint, method and a plausible address of every view of the pages."""
    found = []
    for one in app.url_map.iter_rules():
        if one.endpoint.partition(".")[0] == APART or one.endpoint == "static":
            continue
        filled = {name: _argument(name) for name in one.arguments}
        with app.test_request_context():
            _, path = one.build(filled) or (None, None)
        if path is None:
            raise AssertionError(f"{one.rule}: give its arguments a value")
        for method in sorted((one.methods or set()) - {"HEAD", "OPTIONS"}):
            found.append((one.endpoint, method, path))
    return found


def _argument(name: str) -> Any:
    words = {"lang": "en", "code": "Pnone", "name": "nobody", "commodity": "COG", "process": "none", "view": "map"}
    return words.get(name, "none" if name in ("ident_", "enterprise", "site", "kind", "table") else 987654)


def test_every_route_by_every_role(web_world: World) -> None:
    clients = {who: web_world.client(who) for who in ("", *PEOPLE)}
    wrong, cells = [], 0
    for endpoint, method, path in routes(web_world.app):
        needed = rule_of(web_world.app, endpoint)
        for who, client in clients.items():
            role = PEOPLE[who][1] if who else None
            data = {"csrf_token": web_world.mark()} if who else {}
            # signing out would end what the other cells need
            if endpoint == "account.leave" and method == "POST":
                continue
            status = client.open(path, method=method, data=data if method == "POST" else None).status_code
            cells += 1
            may = needed == PUBLIC or (role is not None and any(role in RULES[one][1] for one in needed))
            if status >= 500:
                wrong.append(f"{method} {path} as {who or 'nobody'}: {status}")
            elif role is None and not may:
                if status not in (303, 401, 403):
                    wrong.append(f"{method} {path} as nobody: {status}")
            elif (not may and status != 403) or (may and needed != PUBLIC and status == 401):
                wrong.append(f"{method} {path} as {who}: {status}")
    assert wrong == []
    assert cells > 200


HUGE, NUL = "9" * 23, "a\0b"
# whatever a view asks a query or a form for
ASKED = sorted(
    {
        name
        for file in Path(synergy.web.__file__).parent.rglob("*.py")
        for name in re.findall(r"""(?:args|form|values)(?:\.get\(|\[)"([\w-]+)\"""", file.read_text("utf-8"))
    }
)


def odd_addresses(app: Flask) -> list[str]:
    """Return addresses of every view with a number beyond all ids, and with a text that is none, in each place."""
    found = []
    for _, method, path in routes(app):
        for part in ("987654", "nobody", "none", "Pnone", "COG"):
            if method == "GET" and part in path:
                found += [path.replace(part, odd, 1) for odd in (HUGE, "2147483648", "99999999999", "a%00b", "%00")]
    return found


def odd_world(store: Store) -> World:
    """Return pages over a store with nothing but accounts."""
    alive(store)
    for name, role, enterprise in PEOPLE.values():
        accounts.add_user(store, accounts.MACHINE, accounts.AccountData(name, role, enterprise))
    return World(store, create_app(store, ServerSettings(secret=SECRET, limited=False)), begun(store), Path())


@pytest.mark.parametrize("who", ["planner", "editor", "admin"])
def test_what_no_id_and_no_text_can_be_is_refused_everywhere(place: Place, who: str) -> None:
    world = odd_world(place.store)
    client, wrong = world.client(who), []
    for path in odd_addresses(world.app):
        status = client.get(path).status_code
        if status not in (403, 404, 405):
            wrong.append(f"GET {path}: {status}")
    for _, method, path in routes(world.app):
        if path.endswith("/sign-out"):
            continue
        for odd in (HUGE, NUL, "2147483648"):
            given = dict.fromkeys(ASKED, odd)
            if method == "GET":
                status = client.get(path, query_string=given).status_code
            else:
                status = client.open(path, method=method, data=given | {"csrf_token": world.mark()}).status_code
            if status >= 500:
                wrong.append(f"{method} {path} {odd!r}: {status}")
    assert wrong == []
    assert len(ASKED) >= 20


def test_names_with_nul_sign_nobody_in(place: Place) -> None:
    client = odd_world(place.store).client()
    assert _signs_in(client, NUL, PASSWORD, "192.0.2.1") == 422
    assert _basic(client, NUL, PASSWORD, "192.0.2.1") == 401
    assert client.get("/api/v1/proposals/a%00b").status_code == 401


@pytest.mark.parametrize("who", ["", "planner"])
def test_how_the_database_is_reached_stands_in_the_log_alone(
    web_world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, who: str
) -> None:
    client = web_world.client(who)
    mark = _mark(client, "/en/sign-in")
    cause = 'connection to server at "10.0.0.7", port 5433 failed'

    def gone(_self: Database) -> Any:
        raise unavailable(RuntimeError(cause))

    monkeypatch.setattr(Database, "read", gone)
    monkeypatch.setattr(Database, "write", gone)
    answers = [
        client.get("/en/rounds") if who else client.post("/en/sign-in", data={"csrf_token": mark, "name": "x"}),
        client.get("/api/v1/rounds", headers={"Authorization": "Bearer syn_" + "x" * 43}),
        client.post("/api/v1/tokens", auth=("anna", "x"), json={}),
    ]
    for answer in answers:
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
        assert not any(word in answer.text for word in ("10.0.0.7", "5433", "RuntimeError"))
    assert sum(cause in record.getMessage() for record in caplog.records) == len(answers)


@pytest.mark.parametrize("host", ["evil.example", "evil.example a", ""])
@pytest.mark.parametrize("path", ["/en", "/zh", "/api/v1", "//evil.example/en", "/en?next=1", "/static//style.css"])
def test_a_redirect_to_the_slash_names_no_host(web_world: World, path: str, host: str) -> None:
    answer = web_world.client().get(path, headers={"Host": host})
    assert answer.status_code in (308, 404)
    assert not any(word in str(answer.headers) for word in ("evil.example", "//"))
    if answer.status_code == 308:
        assert answer.headers["Location"].startswith(("/en/", "/zh/", "/api/v1/", "/static/style.css"))
        assert not any(word in answer.text for word in ("evil.example", "http:", '"//'))


def test_head_is_answered_as_get_is(web_world: World) -> None:
    clients, differing, good = {who: web_world.client(who) for who in ("", "planner", "editor", "admin")}, [], 0
    for _, method, path in routes(web_world.app):
        for there in {path, path.replace("987654", str(web_world.round), 1)} if method == "GET" else ():
            for who, client in clients.items():
                whole, head = client.get(there), client.head(there)
                good += whole.status_code == 200
                if (head.status_code, head.mimetype, head.data) != (whole.status_code, whole.mimetype, b""):
                    differing.append(f"{there} as {who or 'nobody'}: {whole.status_code}, {head.status_code}")
    assert differing == []
    assert good > 50


def test_head_stands_in_the_log_as_such(web_world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "synergy.web"):
        web_world.client().head("/en/sign-in")
    assert [record.__dict__["method"] for record in caplog.records if record.name == "synergy.web"] == ["HEAD"]


def test_lists_of_rounds_are_cut(web_world: World) -> None:
    with web_world.store.database.write() as connection:
        first = dict(connection.execute(select(rounds)).mappings().one())
        copies = [{name: value for name, value in first.items() if name != "id"} for _ in range(2 * SHOWN)]
        connection.execute(insert(rounds), [one | {"name": f"copy {number}"} for number, one in enumerate(copies)])
    for who in ("planner", "editor"):
        client = web_world.client(who)
        pages = [client.get(f"/en/rounds?from={first}").text for first in (0, SHOWN, 2 * SHOWN)]
        assert [page.count('<th scope="row">') for page in pages] == [SHOWN, SHOWN, 1]
        assert f"from={SHOWN}" in pages[0]


def test_a_line_of_the_log_is_one_line_whoever_reads_it() -> None:
    odd = "/en/a\u2028b\u202ec\u0085d\u200be王"
    record = logging.LogRecord("synergy.web", logging.INFO, "", 0, "request", (), None)
    record.path = odd
    line = Lines().format(record)
    assert line.splitlines() == [line]
    assert not any(sign in line for sign in "\u2028\u202e\u0085\u200b")
    assert "王" in line
    assert json.loads(line)["path"] == odd


def test_what_a_database_does_not_keep_is_refused_by_the_store(place: Place) -> None:
    with pytest.raises(NotFoundError):
        queries.see_round(place.store, PLANNER, 2**31 - 1)
    for odd in (2**63, 10**40):
        with pytest.raises(RefusedError):
            queries.see_round(place.store, PLANNER, odd)


def test_every_form_needs_its_mark(web_world: World) -> None:
    client, taken = web_world.client("planner"), []
    forms = 0
    for endpoint, method, path in routes(web_world.app):
        needed = rule_of(web_world.app, endpoint)
        may = needed == PUBLIC or any(reach(web_world.actor("planner"), one) for one in needed)
        if method in SAFE or not may:
            continue
        forms += 1
        for data in ({}, {"csrf_token": "forged"}):
            if client.open(path, method=method, data=data).status_code != 400:
                taken.append(f"{method} {path} {data}")
    assert taken == []
    assert forms > 3


def test_the_mark_of_another_session_is_none(web_world: World) -> None:
    mine, theirs = web_world.client("planner"), web_world.client("editor")
    with theirs.session_transaction() as session:
        session["csrf_token"] = "b" * 40
    answer = theirs.post("/en/account/tokens", data={"csrf_token": web_world.mark(), "label": "x", "scope": "read"})
    assert answer.status_code == 400
    assert web_world.post(mine, "/en/account/tokens", label="x", scope="read", days="7").status_code == 200


def _mark(client: FlaskClient, path: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).text)
    assert found is not None
    return found[1]


def test_a_session_begins_anew_at_the_sign_in(web_world: World) -> None:
    client = web_world.client("editor")
    with client.session_transaction() as session:
        planted, old = session["csrf_token"], session[KEY]
        session["planted"] = "by somebody else"
    mark = _mark(client, "/en/sign-in")
    assert (
        client.post("/en/sign-in", data={"csrf_token": mark, "name": "anna", "password": PASSWORD}).status_code == 303
    )
    with client.session_transaction() as session:
        assert session[KEY] != old
        assert "planted" not in session
        assert session.get("csrf_token") != planted
    with pytest.raises(Exception, match="wrong, expired or disabled"):
        accounts.resume(web_world.store, old)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/en/",
        "///evil.example/en/",
        "/\\evil.example",
        "/en/\\evil.example",
        "/en/\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "/static/style.css",
        "/api/v1/proposals",
        "en/rounds",
        "/en\t//evil.example",
        "/%65n//evil.example",
        "",
    ],
)
def test_nobody_is_led_elsewhere_after_the_sign_in(web_world: World, target: str) -> None:
    assert onward(target) is None
    client = web_world.client()
    data = {"csrf_token": _mark(client, "/en/sign-in"), "name": "anna", "password": PASSWORD, "next": target}
    assert client.post("/en/sign-in", data=data).location == "/en/"


def test_cookies_go_by_https_alone_where_people_come_by_it(web_world: World) -> None:
    behind = create_app(web_world.store, ServerSettings(secret=SECRET, secure=True, proxies=1))
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1", "X-Forwarded-Host": "synergy.example"}
    answer = behind.test_client().get("/en/sign-in", headers=forwarded)
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-synergy=")
    assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
    assert "Domain" not in cookie
    assert "max-age" in answer.headers["Strict-Transport-Security"]
    plain = web_world.client().get("/en/sign-in")
    assert "HttpOnly" in plain.headers["Set-Cookie"]
    assert "SameSite=Lax" in plain.headers["Set-Cookie"]
    assert "Strict-Transport-Security" not in plain.headers


def test_headers_of_a_proxy_count_only_where_one_is_set(web_world: World) -> None:
    lied = web_world.client().get("/en/", headers={"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"})
    assert "evil" not in str(lied.headers)


def test_who_asks_too_often_is_told_to_wait(web_world: World) -> None:
    limited = ServerSettings(secret=SECRET, sign_in_rate="3 per minute", page_rate="30 per minute")
    client = create_app(web_world.store, limited).test_client()
    mark = _mark(client, "/en/sign-in")
    data = {"csrf_token": mark, "name": "anna", "password": "not this one"}
    statuses = [client.post("/en/sign-in", data=data).status_code for _ in range(5)]
    assert statuses == [403, 403, 403, 429, 429]
    last = client.post("/zh/sign-in", data=data)
    assert last.status_code == 429
    assert int(last.headers["Retry-After"]) > 0
    assert "请求过多" in last.text
    pages = [client.get("/en/sign-in").status_code for _ in range(40)]
    assert (pages[0], pages[-1]) == (200, 429)
    told = client.get("/en/sign-in").headers
    assert (told["X-RateLimit-Limit"], told["X-RateLimit-Remaining"]) == ("30", "0")
    assert 0 < int(told["X-RateLimit-Reset"]) - time.time() <= 61
    assert 1 <= int(told["Retry-After"]) <= 61
    gone = create_app(web_world.store, limited).test_client().get("/en/problems/none")
    assert (gone.status_code, gone.headers["X-RateLimit-Remaining"], "Retry-After" in gone.headers) == (
        404,
        "29",
        False,
    )
    with client.get("/static/style.css") as style:
        assert style.status_code == 200
    assert client.get("/healthz").status_code == 200


def _signs_in(client: Any, name: str, password: str, address: str) -> int:
    data = {"csrf_token": _mark(client, "/en/sign-in"), "name": name, "password": password}
    return int(client.post("/en/sign-in", data=data, environ_base={"REMOTE_ADDR": address}).status_code)


def _basic(client: Any, name: str, password: str, address: str) -> int:
    """Return the status of a sign-in by the API; 422 says that a token was asked for in vain, but by somebody known."""
    return int(
        client.post(
            "/api/v1/tokens", auth=(name, password), json={"label": "x"}, environ_base={"REMOTE_ADDR": address}
        ).status_code
    )


def test_wrong_passwords_let_an_account_rest_where_they_came_from(
    web_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = ServerSettings(secret=SECRET, sign_in_rate="50 per minute")
    client = create_app(web_world.store, settings).test_client()
    rival, own = "192.0.2.7", "198.51.100.9"
    for way in (_signs_in, _basic) * 3:  # both count together
        way(client, "anna", "wrong wrong", rival)
    assert _signs_in(client, "anna", PASSWORD, rival) == 403
    assert _basic(client, "anna", PASSWORD, rival) == 401
    assert _signs_in(client, "ed-glass", PASSWORD, rival) == 303  # another account
    client.delete_cookie("synergy")
    assert _basic(client, "anna", PASSWORD, own) == 422
    client.delete_cookie("synergy")
    later = time.time() + REST.get_expiry()
    monkeypatch.setattr("limits.storage.memory.time.time", lambda: later)
    assert _signs_in(client, "anna", PASSWORD, rival) == 303


def test_the_owner_and_the_administrator_are_told_of_wrong_passwords(web_world: World) -> None:
    client = web_world.client()
    for number in range(accounts.TOLD[0]):
        assert _signs_in(client, "ed-glass", "wrong wrong", f"192.0.2.{number}") == 403
    assert "5 wrong passwords" in web_world.client("admin").get("/en/admin").text
    data = {"csrf_token": _mark(client, "/en/sign-in"), "name": "ed-glass", "password": PASSWORD}
    assert "5 wrong passwords were given" in client.post("/en/sign-in", data=data, follow_redirects=True).text
    assert "for the account ed-glass" in client.get("/en/notices").text
    assert "5 wrong passwords" not in web_world.client("admin").get("/en/admin").text


def test_wrong_passwords_of_an_address_keep_no_right_one_out(web_world: World) -> None:
    client = create_app(web_world.store, ServerSettings(secret=SECRET, sign_in_rate="20 per minute")).test_client()
    office = "192.0.2.7"
    statuses = [_signs_in(client, f"nobody{number % 7}", "wrong wrong", office) for number in range(22)]
    assert statuses == [403] * 20 + [429] * 2
    assert _basic(client, "nobody", "wrong wrong", office) == 429
    assert _basic(client, "ed-glass", PASSWORD, office) == 422
    assert _signs_in(client, "anna", PASSWORD, office) == 303


def test_a_tag_depends_on_content_and_language_alone(web_world: World) -> None:
    first, second = web_world.client("planner"), web_world.client("planner")
    path = "/en/rounds"
    tag = first.get(path).headers["ETag"]
    assert second.get(path).headers["ETag"] == tag
    assert first.get("/zh/rounds").headers["ETag"] != tag
    again = first.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert first.get(path).headers["Cache-Control"] == "private, no-cache"
    packed = first.get(path, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert (
        first.get(path, headers={"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]}).status_code == 304
    )
    form = first.get("/en/account")
    assert form.headers["Cache-Control"] == "no-store"
    assert "ETag" not in form.headers


def test_what_is_too_large_is_refused(web_world: World) -> None:
    small = create_app(web_world.store, replace(ServerSettings(secret=SECRET, limited=False), upload_bytes=1000))
    answer = small.test_client().post("/en/sign-in", data={"name": "x" * 2000})
    assert answer.status_code == 413
    assert "larger" in answer.text


def test_a_fault_of_the_program_tells_nothing(
    web_world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ValueError(f"cost {CANARIES[0]}")

    monkeypatch.setattr("synergy.store.queries.list_rounds", broken)
    answer = web_world.client("planner").get("/en/rounds")
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
    assert CANARIES[0] not in answer.text
    from synergy.web.logs import Lines

    written = [Lines().format(one) for one in caplog.records if one.exc_info]
    assert written
    assert CANARIES[0] not in "".join(written)
    assert json.loads(written[0])["kind"] == "ValueError"


def test_no_page_of_a_rival_holds_a_canary(web_world: World) -> None:
    ident = canary(web_world)
    secret = {*CANARIES, *(one.replace(".", "") for one in CANARIES), *(f"{float(one):,.2f}" for one in CANARIES)}
    leaks, read = [], 0
    for who in ("editor", "reader", "client", "admin", ""):
        client = web_world.client(who)
        seen, waiting = set(), ["/en/", f"/en/rounds/{ident}", f"/zh/rounds/{ident}"]
        waiting += [f"/en/declarations/{ident}", f"/zh/declarations/{ident}", "/en/home", "/zh/home"]
        while waiting and len(seen) < 150:
            path = waiting.pop()
            if path in seen:
                continue
            seen.add(path)
            answer = client.get(path, follow_redirects=True)
            read += 1
            text = answer.data.decode("utf-8", "replace") + str(answer.headers)
            leaks += [f"{who} {path}: {one}" for one in secret if one in text]
            if answer.mimetype == "text/html":
                found = re.findall(r'(?:href|src)="(/(?:en|zh)/[^"#]*)"', answer.text)
                waiting += [one.replace("&amp;", "&") for one in found]
    assert leaks == []
    assert read > 40
    assert Role.EDITOR in RULES[Action.SEE_PROPOSAL][1]
