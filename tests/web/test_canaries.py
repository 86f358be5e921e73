"""What a rival can obtain by every address there is: whatever is added later is walked too."""

from __future__ import annotations

import json
import logging
from collections import Counter
from itertools import product

import pytest
from api_worlds import API, Program
from canaries import CANARIES, canary
from stores import proposals, responding_round
from synergy.web.access import APART
from walking import ENDLESS, addresses, text, values
from web_worlds import World

from synergy.store import queries
from synergy.worker.studies import study_once

RIVALS = ("editor", "tarco", "client", "")
QUERIES = ("", "?commodity=TAR&from=0&round=1")
OWN = ("home.", "proposal.", "why.whynot", "declarations.")  # pages of enterprises
TIMES = {"created", "msecs", "relativeCreated"}  # of a log record: their digits may be any
# exchanges that are asked about: one of the plan, one that is none, one with the market
ASKED = (("EAST-1", "GLASS-1", "COG"), ("EAST-1", "TARCO-1", "TAR"), ("EAST-1", "GLASS-1", "TAR"))


def _secrets(world: World, ident: int) -> set[str]:
    """Return the canaries as they may be written, and the exact figures of the whole that planners alone see."""
    found = {*CANARIES, *(one.replace(".", "") for one in CANARIES)}
    found |= {f"{float(one):,.{digits}f}" for one in CANARIES for digits in (2, 3, 4)}
    gains = [money for one in proposals(world.store, ident).values() for money in (one.gain, one.marginal_gain)]
    found |= {repr(float(money)) for money in gains if money is not None and money.amount}
    plan = queries.see_plan(world.store, world.actor("planner"), ident).plan
    found |= {repr(one[name]) for one in plan["proposals"] for name in ("gain", "marginal_gain") if one[name]}
    found |= {repr(plan[name]) for name in ("value", "bound", "gain", "today", "status_quo") if plan.get(name)}
    return {one for one in found if len(one) > 4}


def test_no_address_tells_a_rival_a_cost(program: Program, caplog: pytest.LogCaptureFixture) -> None:
    world = program.world
    ident = canary(world)
    secret = _secrets(world, ident)
    codes = sorted(one.proposal for one in proposals(world.store, ident).values())
    given = values(world, ident, codes)
    caplog.set_level(logging.DEBUG)
    leaks, count, endpoints = [], 0, set()
    for who in RIVALS:
        client, token = world.client(who), {"Authorization": f"Bearer {program.token(who)}"} if who else {}
        for rule, path in addresses(world, given):
            programs = rule.endpoint.startswith(f"{APART}.")
            for query in QUERIES if rule.endpoint.startswith(OWN) else QUERIES[:1]:
                answer = client.get(path + query, headers=token if programs else {"X-Probe": "1"})
                endpoints.add(rule.endpoint)
                count += 1
                told = f"{answer.headers}" if rule.endpoint in ENDLESS else text(answer.data) + f"{answer.headers}"
                leaks += [f"{who} {path}{query}: {one}" for one in secret if one in told]
                answer.close()
    logged = "; ".join(
        f"{one.getMessage()} {one.exc_text} { {name: value for name, value in vars(one).items() if name not in TIMES} }"
        for one in caplog.records
    )
    assert leaks == []
    assert [one for one in secret if one in logged] == []
    assert CANARIES[0] in world.client("east").get(f"/en/declarations/{ident}/EAST").text
    assert count > 500
    assert {"home.home", "proposal.proposal", "home.pathways", "why.whynot", "account.notices"} <= endpoints


def test_no_address_tells_a_partner_the_other_end_of_a_band(program: Program) -> None:
    """A seller who knew the buyer's end, or a buyer the seller's, would ask for the whole gain of their exchange."""
    world = program.world
    ident = responding_round(world.store, options={"settlement": "core", "time_limit": 30.0})
    whole = queries.see_plan(world.store, world.actor("planner"), ident).plan
    codes = sorted(one.proposal for one in proposals(world.store, ident).values())
    given = values(world, ident, codes)
    leaks, asked = [], Counter[str]()
    for who, firm in (("east", "EAST"), ("editor", "GLASS"), ("tarco", "TARCO")):
        ends = {line["high"] for line in whole["settlement"]["prices"] if line["seller"] == firm}
        ends |= {line["low"] for line in whole["settlement"]["prices"] if line["buyer"] == firm}
        mine = (line for line in whole["settlement"]["prices"] if firm in (line["seller"], line["buyer"]))
        known = {f"{line[name]:,.2f}" for line in mine for name in ("price", "quantity", "payment")}
        hidden = [end for end in ends if f"{end:,.2f}" not in known]  # a price may stand at an end
        secret = {form for end in hidden for form in (repr(end), f"{end:,.2f}") if len(form) > 4}
        asked[firm] = len(secret)
        client, token = world.client(who), {"Authorization": f"Bearer {program.token(who)}"}
        for rule, path in addresses(world, given):
            if rule.endpoint.startswith(OWN) or rule.endpoint.startswith(f"{APART}."):
                answer = client.get(path, headers=token if rule.endpoint.startswith(f"{APART}.") else {"X-Probe": "1"})
                told = "" if rule.endpoint in ENDLESS else text(answer.data)
                leaks += [f"{who} {path}: {one}" for one in secret if one in told]
                answer.close()
    assert leaks == []
    assert min(asked["EAST"], asked["GLASS"]) > 0  # one sells and one buys at prices within their bands
    shown = world.client("planner").get(f"/en/rounds/{ident}/tables/prices.json").text
    assert all(repr(line["high"]) in shown for line in whole["settlement"]["prices"])  # as it would be found


def test_no_question_tells_a_rival_a_cost(program: Program) -> None:
    world = program.world
    ident = canary(world)
    secret = _secrets(world, ident)
    told: dict[str, str] = {}
    statuses = set()
    for (source, to, good), who in product(ASKED, ("editor", "tarco")):
        own = {"editor": "GLASS-1", "tarco": "TARCO-1"}[who]
        form = {"own": own, "other": source, "commodity": good, "way": "take"}
        page = world.post(world.client(who), "/en/why-not", **form)
        statuses.add(page.status_code)
        told[f"{who} why-not {form}"] = page.text
        body = {"from_site": source, "to_site": to, "commodity": good}
        for path, sent in (("explanations", body), ("pathways", {"commodity": good, "depth": 3})):
            asked = program.ask(who, "POST", f"/rounds/{ident}/{path}", json=sent)
            told[f"{who} {path} {sent}"] = asked.text
            if asked.status_code == 202:
                assert study_once(world.store, apart=False) is not None
                study = program.read(who, asked.location.removeprefix(API))
                told[f"{who} {path} {sent} result"] = json.dumps(study, ensure_ascii=False)
                statuses.add(study["state"])
    assert {200, "done"} <= statuses
    assert [f"{where}: {one}" for where, said in told.items() for one in secret if one in said] == []
