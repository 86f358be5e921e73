"""What a rival can obtain by every address there is: whatever is added later is walked too."""

from __future__ import annotations

import io
import logging
import zipfile
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from api_worlds import Program
from canaries import CANARIES, canary
from stores import proposals
from web_worlds import World
from werkzeug.routing import Rule

from synergy.store import seeing
from web.access import APART

RIVALS = ("editor", "tarco", "client", "")
QUERIES = ("", "?commodity=TAR&from=0&round=1")
OWN = ("home.", "proposal.", "pathways.", "whynot.", "declarations.")  # rooms of enterprises
ENDLESS = ("rounds.events",)  # a stream, which none of them may open: asked for without being read
VIEWS = ("results", "map", "sankey", "partners", "products")


def _values(world: World, ident: int, codes: list[str]) -> dict[str, tuple[Any, ...]]:
    """Return what stands for each name in an address; one that is not here fails the test."""
    return {
        "lang": ("zh", "en"),
        "round_id": (ident,),
        "round": (ident,),
        "enterprise": ("EAST", "GLASS"),
        "code": (*codes, "not_found"),
        "proposal": (*codes,),
        "view": VIEWS,
        "ending": ("csv", "json", "xlsx"),
        "name": ("proposals", "prices", "payoffs"),
        "first": (1,),
        "second": (2,),
        "match": (1, 2),
        "ident": (1,),
        "partnership": (1,),
        "study": (1,),
        "webhook": (1,),
        "dataset": (seeing.match_input(world.store, world.actor("planner"), 2)["digest"],),
        "schema": ("plan",),
        "filename": ("style.css",),
    }


def _addresses(world: World, values: dict[str, tuple[Any, ...]]) -> Iterator[tuple[Rule, str]]:
    adapter = world.app.url_map.bind("localhost")
    for rule in world.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()):
            continue
        missing = rule.arguments - set(values)
        assert not missing, f"{rule.rule}: give {missing} a value here"
        names = sorted(rule.arguments)
        for given in product(*(values[name] for name in names)):
            yield rule, adapter.build(rule.endpoint, dict(zip(names, given, strict=True)))


def _text(data: bytes) -> str:
    """Return what an answer says, also inside a workbook or an archive."""
    if not data.startswith(b"PK"):
        return data.decode("utf-8", "replace")
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        return "".join(packed.read(name).decode("utf-8", "replace") for name in packed.namelist())


def _secrets(world: World, ident: int) -> set[str]:
    """Return the canaries as they may be written, and the exact figures of the whole that planners alone see."""
    found = {*CANARIES, *(one.replace(".", "") for one in CANARIES)}
    found |= {f"{float(one):,.{digits}f}" for one in CANARIES for digits in (2, 3, 4)}
    whole = seeing.list_proposals(world.store, world.actor("planner"), ident)
    found |= {repr(one[name]) for one in whole for name in ("gain", "marginal_gain") if one[name]}
    plan = seeing.see_plan(world.store, world.actor("planner"), ident)["plan"]
    found |= {repr(plan[name]) for name in ("value", "bound", "gain", "today", "status_quo") if plan.get(name)}
    return {one for one in found if len(one) > 4}


def test_no_address_tells_a_rival_a_cost(program: Program, caplog: pytest.LogCaptureFixture) -> None:
    world = program.world
    ident = canary(world)
    secret = _secrets(world, ident)
    codes = sorted(one["proposal"] for one in proposals(world.store, ident).values())
    values = _values(world, ident, codes)
    caplog.set_level(logging.DEBUG)
    leaks, count, endpoints = [], 0, set()
    for who in RIVALS:
        client, token = world.client(who), {"Authorization": f"Bearer {program.token(who)}"} if who else {}
        for rule, path in _addresses(world, values):
            programs = rule.endpoint.startswith(f"{APART}.")
            for query in QUERIES if rule.endpoint.startswith(OWN) else QUERIES[:1]:
                answer = client.get(path + query, headers=token if programs else {"X-Probe": "1"})
                endpoints.add(rule.endpoint)
                count += 1
                told = f"{answer.headers}" if rule.endpoint in ENDLESS else _text(answer.data) + f"{answer.headers}"
                leaks += [f"{who} {path}{query}: {one}" for one in secret if one in told]
                answer.close()
    logged = "; ".join(f"{one.getMessage()} {one.exc_text} {vars(one)}" for one in caplog.records)
    assert leaks == []
    assert [one for one in secret if one in logged] == []
    assert CANARIES[0] in world.client("east").get(f"/en/declarations/{ident}/EAST").text
    assert count > 500
    assert {"home.home", "proposal.proposal", "pathways.pathways", "whynot.whynot", "notices.notices"} <= endpoints
