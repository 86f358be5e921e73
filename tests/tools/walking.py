"""Every address there is, with what may stand for each name in it, and what an answer says."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from web_worlds import World
from werkzeug.routing import Rule

from synergy.store import datasets

ENDLESS = ("rounds.events",)  # a stream, which no rival may open: asked for without being read
VIEWS = ("results", "map", "sankey", "partners", "products")
Values = Mapping[str, tuple[Any, ...]]


def values(world: World, ident: int, codes: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    """Return what stands for each name in an address; one that is not here fails the test."""
    kept = datasets.list_datasets(world.store, world.actor("planner"))
    return {
        "lang": ("zh", "en"),
        "round_id": (ident,),
        "round": (ident,),
        "enterprise": ("EAST", "GLASS"),
        "code": (*codes, "not_found"),
        "proposal": (*codes, "P" + "0" * 20),
        "view": VIEWS,
        "ending": ("csv", "json", "xlsx"),
        "name": ("proposals", "prices", "payoffs"),
        "table": ("members", "runs"),
        "part": ("sides", "terms"),
        "first": (1,),
        "second": (2,),
        "match": (1, 2),
        "ident": (1,),
        "partnership": (1,),
        "study": (1,),
        "webhook": (1,),
        "dataset": (kept[0].dataset,),
        "schema": ("plan",),
        "chapter": ("enterprise", "dataset"),
        "filename": ("style.css",),
    }


def addresses(world: World, given: Values) -> Iterator[tuple[Rule, str]]:
    """Yield the rule and the path of all that can be asked for by GET."""
    adapter = world.app.url_map.bind("localhost")
    for rule in world.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()):
            continue
        missing = rule.arguments - set(given)
        assert not missing, f"{rule.rule}: give {missing} a value here"
        names = sorted(rule.arguments)
        for chosen in product(*(given[name] for name in names)):
            yield rule, adapter.build(rule.endpoint, dict(zip(names, chosen, strict=True)))


def text(data: bytes) -> str:
    """Return what an answer says, also inside a workbook or an archive."""
    if not data.startswith(b"PK"):
        return data.decode("utf-8", "replace")
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        return "".join(packed.read(name).decode("utf-8", "replace") for name in packed.namelist())
