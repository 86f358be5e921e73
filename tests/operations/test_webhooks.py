"""Webhooks: to allowed hosts alone, never into the own network, signed, made again, each event once."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from api_worlds import Program
from synergy.web.api import webhooks
from synergy.web.api.webhooks import Deliverer, address, deliver, target
from synergy.web.app import create_app
from synergy.web.settings import ServerSettings
from web_worlds import SECRET, World

import synergy.store
from synergy.errors import RefusedError
from synergy.records.names import ACTIONS
from synergy.store import subscriptions
from synergy.store.access import WORKER


@dataclass
class Machine:
    """A machine that is called, and what it was told."""

    port: int
    status: int = 204
    told: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def machine() -> Iterator[Machine]:
    found = Machine(0)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.told.append((dict(self.headers), body))
            self.send_response(found.status)
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.end_headers()

        def log_message(self, *_given: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    found.port = server.server_port
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def open_program(web_world: World, machine: Machine) -> Program:
    """Return who asks an API that may call the machine."""
    hosts = (f"inside:localhost:{machine.port}", "erp.example")
    app = create_app(web_world.store, ServerSettings(secret=SECRET, limited=False, webhook_hosts=hosts))
    return Program(World(web_world.store, app, web_world.round, web_world.file))


def _hosts(program: Program) -> tuple[str, ...]:
    return tuple(program.world.app.extensions["synergy.settings"].webhook_hosts)


def _added(program: Program, machine: Machine, who: str, actions: list[str] | None = None) -> dict[str, Any]:
    body = {"url": f"http://localhost:{machine.port}/hook?a=1", "actions": actions or []}
    answer = program.ask(who, "POST", "/webhooks", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.get_json())


def test_events_are_told_once_and_signed(open_program: Program, machine: Machine) -> None:
    program, store = open_program, open_program.world.store
    made = _added(program, machine, "planner", ["round."])
    assert deliver(store, _hosts(program)) == 0  # nothing has happened since
    program.ask("planner", "POST", f"/rounds/{program.world.round}/conclude", {"If-Match": "*"})
    assert deliver(store, _hosts(program)) == 1
    assert deliver(store, _hosts(program)) == 0
    headers, body = machine.told[0]
    at, _, mac = headers["Synergy-Signature"].removeprefix("t=").partition(",v1=")
    expected = hmac.new(made["secret"].encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(mac, expected)
    assert abs(int(at) - time.time()) < 60
    told = json.loads(body)
    assert (told["action"], told["round"]) == ("round.conclude", program.world.round)
    assert set(told) == {"event", "at", "action", "subject", "round"}
    listed = program.read("planner", f"/webhooks/{made['webhook']}/deliveries")["items"]
    assert [(one["state"], one["status"], one["attempts"]) for one in listed] == [("sent", 204, 1)]
    assert made["secret"] not in json.dumps(program.read("planner", "/webhooks"))


def test_what_fails_is_told_again_later(open_program: Program, machine: Machine) -> None:
    program, store = open_program, open_program.world.store
    made = _added(program, machine, "planner", ["round."])
    program.ask("planner", "POST", f"/rounds/{program.world.round}/conclude", {"If-Match": "*"})
    machine.status = 302  # a redirect is not followed
    now = store.now()
    for attempt in range(1, len(subscriptions.WAITS) + 2):
        object.__setattr__(store, "now", lambda now=now: now)
        assert deliver(store, _hosts(program)) == 1
        assert deliver(store, _hosts(program)) == 0
        one = program.read("planner", f"/webhooks/{made['webhook']}/deliveries")["items"][0]
        assert (one["attempts"], one["status"]) == (attempt, 302)
        assert one["state"] == ("failed" if attempt > len(subscriptions.WAITS) else "waiting")
        now += timedelta(hours=13)
    assert deliver(store, _hosts(program)) == 0
    bodies = {body for _, body in machine.told}
    assert len(bodies) == 1
    assert len({headers["Synergy-Delivery"] for headers, _ in machine.told}) == 1


def test_a_call_that_nobody_ended_is_made_again(open_program: Program, machine: Machine) -> None:
    program, store = open_program, open_program.world.store
    _added(program, machine, "planner", ["round."])
    program.ask("planner", "POST", f"/rounds/{program.world.round}/conclude", {"If-Match": "*"})
    subscriptions.gather(store, WORKER)
    assert len(subscriptions.take(store, WORKER)) == 1
    assert subscriptions.take(store, WORKER) == []
    later = store.now() + 2 * subscriptions.HELD
    object.__setattr__(store, "now", lambda: later)
    assert len(subscriptions.take(store, WORKER)) == 1


def test_an_enterprise_hears_no_more_than_it_may_know(open_program: Program, machine: Machine) -> None:
    program, store = open_program, open_program.world.store
    _added(program, machine, "editor")
    number = program.world.round
    for who in ("editor", "tarco", "east"):
        for one in program.read(who, f"/rounds/{number}/proposals")["items"]:
            program.ask(who, "POST", f"/proposals/{one['proposal']}/answers", json={"answer": "accepted"})
    program.ask("admin", "POST", "/users", json={"name": "new", "role": "auditor"})
    program.ask("planner", "POST", f"/rounds/{number}/conclude", {"If-Match": "*"})
    while deliver(store, _hosts(program)):
        pass
    told = [json.loads(body) for _, body in machine.told]
    assert {one["action"] for one in told} == {"answer", "round.conclude"}
    assert all(one["subject"].endswith(":GLASS") for one in told if one["action"] == "answer")


def test_who_is_disabled_or_has_ended_it_hears_nothing(open_program: Program, machine: Machine) -> None:
    program, store = open_program, open_program.world.store
    made = _added(program, machine, "planner", ["round."])
    _added(program, machine, "auditor", ["round."])
    program.ask("admin", "PATCH", "/users/zhou", {"If-Match": "*"}, json={"disabled": True})
    program.ask("planner", "POST", f"/rounds/{program.world.round}/conclude", {"If-Match": "*"})
    assert program.ask("editor", "DELETE", f"/webhooks/{made['webhook']}").status_code == 404
    assert program.ask("planner", "DELETE", f"/webhooks/{made['webhook']}").status_code == 204
    assert program.ask("planner", "DELETE", f"/webhooks/{made['webhook']}").status_code == 404
    assert deliver(store, _hosts(program)) == 0
    assert machine.told == []


HOSTS = ("erp.example", "erp.example:8443", "inside:erp.park:8080")


@pytest.mark.parametrize(
    "url",
    ["https://erp.example/x", "https://ERP.example./x", "https://erp.example:8443", "http://erp.park:8080/a?b=c"],
)
def test_allowed_hosts_are_allowed(url: str) -> None:
    assert target(url, HOSTS).host in ("erp.example", "erp.park")


@pytest.mark.parametrize(
    "url",
    [
        "http://erp.example/",
        "https://erp.example:444/",
        "https://evil.example/",
        "https://erp.example.evil.example/",
        "https://user@erp.example/",
        "https://evil.example/#@erp.example",
        "https://erp.example@evil.example/",
        "https://erp.example\\@evil.example/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "http://erp.park/",
        "ftp://erp.example/",
        "file:///etc/passwd",
        "https://",
        "https://erp.example:99999/",
        "https://erp.example/#x",
    ],
)
def test_other_hosts_are_not(url: str, program: Program) -> None:
    with pytest.raises(RefusedError):
        target(url, HOSTS)
    answer = program.ask("planner", "POST", "/webhooks", json={"url": url})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "place",
    [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "192.168.0.1",
        "::1",
        "fd00::1",
        "::ffff:10.0.0.1",
        "0.0.0.0",
        "224.0.0.1",
    ],
)
def test_no_call_goes_into_the_own_network(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def resolved(*_given: Any, **_more: Any) -> list[Any]:
        return [(0, 0, 0, "", ("93.184.216.34", 443)), (0, 0, 0, "", (place, 443))]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    with pytest.raises(OSError, match="private"):
        address(target("https://erp.example/", HOSTS))
    assert address(target("http://erp.park:8080/", HOSTS))  # the operator said that this one lies inside


def test_a_call_goes_to_the_address_that_was_looked_at(
    open_program: Program, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that means another address a moment later is not followed there."""
    seen: list[Any] = []
    real = socket.create_connection

    def connected(place: Any, *given: Any, **more: Any) -> socket.socket:
        seen.append(place)
        return real(place, *given, **more)

    monkeypatch.setattr(webhooks.socket, "create_connection", connected)
    _added(open_program, machine, "planner", ["round."])
    open_program.ask("planner", "POST", f"/rounds/{open_program.world.round}/conclude", {"If-Match": "*"})
    assert deliver(open_program.world.store, _hosts(open_program)) == 1
    assert [host for host, _ in seen] in (["127.0.0.1"], ["::1"])


def test_a_server_makes_the_calls(open_program: Program, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "IDLE_S", 0.02)
    _added(open_program, machine, "planner", ["round."])
    with Deliverer(open_program.world.store, _hosts(open_program)):
        open_program.ask("planner", "POST", f"/rounds/{open_program.world.round}/conclude", {"If-Match": "*"})
        for _ in range(200):
            if machine.told:
                break
            time.sleep(0.02)
    assert len(machine.told) == 1
    before = threading.active_count()
    with Deliverer(open_program.world.store, ()):
        assert threading.active_count() <= before  # without hosts nobody waits for events


def test_a_webhook_is_for_actions_that_there_are(program: Program) -> None:
    for actions in (["banana."], ["round"], ["round.p"], ["round.open", "x"]):
        body = {"url": "https://erp.example/", "actions": actions}
        assert program.ask("planner", "POST", "/webhooks", json=body).status_code == 422, actions
        with pytest.raises(RefusedError):
            subscriptions.add_webhook(program.world.store, program.world.actor("planner"), body["url"], actions)
    document = program.read("planner", "/openapi.json")
    assert set(document["components"]["schemas"]["EventTold"]["properties"]["action"]["enum"]) == set(ACTIONS)
    assert document["webhooks"]["event"]["post"]["requestBody"]["content"]["application/json"]


def test_every_event_is_in_the_list_of_actions() -> None:
    """Whatever a module of the store calls an event has to be something that a webhook can be made for."""
    folder = Path(synergy.store.__file__).parent
    source = "\n".join(file.read_text("utf-8") for file in folder.glob("*.py"))
    called = set(re.findall(r'change\.event\(\s*"([a-z.]+)"', source))
    called |= set(re.findall(r'back\([^()]*?"(match\.[a-z]+)"', source))
    called |= {f"round.{step}" for step in re.findall(r'moved\(change, \w+, "([a-z_]+)"', source)}
    assert called <= set(ACTIONS)
