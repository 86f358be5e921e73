"""Every page there is, out of the application's own map of addresses, with arguments of the tests' world."""

from __future__ import annotations

from dataclasses import dataclass

from stores import proposals
from web_worlds import World

from synergy.store import queries

ROLES = ("editor", "planner", "auditor", "admin", "")
APART = ("/api/", "/static/", "/health", "/ready", "/metrics")  # for programs, not for people
VIEWS = ("results", "map", "sankey", "partners", "products")  # ways to look at a plan, each a page


@dataclass(frozen=True)
class Place:
    """A page, without its language, and who looks at it."""

    path: str
    who: str


def _arguments(world: World, who: str) -> dict[str, object]:
    code = proposals(world.store, world.round)["deal:EAST>GLASS:COG"].proposal
    firm = world.actor("editor").enterprise if who in ("", "editor") else "GLASS"
    return {
        "lang": "en",
        "code": code,
        "round_id": world.round,
        "enterprise": firm,
        "match": 1,
        "ident": world.round,
        "first": 1,
        "second": 1,
        "view": "results",
        "sheet": "offers",
        "kind": "csv",
        "name": "proposals",
        "what": "proposals",
        "table": "runs",
        "part": "sides",
        "ending": "csv",
        "code_": code,
        "chapter": "enterprise",
        "dataset": queries.round_input(world.store, world.actor("planner"), world.round).base,
    }


def places(world: World) -> tuple[list[Place], list[str]]:
    """Return all pages for people, and the rules of which none could be opened by anybody."""
    found, missed = [], []
    clients = {who: world.client(who) for who in ROLES}
    for rule in sorted(world.app.url_map.iter_rules(), key=lambda one: one.rule):
        if "GET" not in (rule.methods or ()) or "lang" not in rule.arguments or rule.rule.startswith(APART):
            continue
        answers = []
        for who in ROLES:
            given = {name: value for name, value in _arguments(world, who).items() if name in rule.arguments}
            if set(given) != set(rule.arguments):
                continue
            if rule.endpoint.endswith(".problem"):
                given["code"] = "not_found"
            adapter = world.app.url_map.bind("localhost")
            path = adapter.build(rule.endpoint, given)
            answer = clients[who].get(path)
            answers.append(answer.status_code)
            if answer.status_code == 200:
                ways = [given | {"view": view} for view in VIEWS] if "view" in rule.arguments else [given]
                paths = [adapter.build(rule.endpoint, way).removeprefix("/en") for way in ways]
                if answer.mimetype == "text/html":
                    found += [Place(one, who) for one in paths]
                break
        if 200 not in answers and not set(answers) & {302, 303}:
            missed.append(f"{rule.rule} {answers}")
    return list(dict.fromkeys(found)), missed
