"""Regions for the tests: a store with a published round of as many enterprises as one likes, and people of it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from stores import PLANNER, begun, matched
from web_worlds import PASSWORD

from synergy.bench.generate import generate
from synergy.dataset.read import read
from synergy.store import declaring, freezing, people
from synergy.store.access import Actor
from synergy.store.archives import snapshot_of
from synergy.store.names import Role
from synergy.store.people import MACHINE, Account, add_user
from synergy.store.store import Store

GOODS = 12
OPTIONS = {"gap": 0.05, "time_limit": 30.0, "settlement": "proportional"}
FIRM = "F001"


@dataclass(frozen=True)
class Region:
    """A store, its round, and who looks at it: a planner ``anna`` and ``ed-f001`` of F001."""

    store: Store
    round: int


def archive(firms: int, periods: int = 1) -> bytes:
    """Return the archive of a generated region."""
    with tempfile.TemporaryDirectory() as folder:
        return snapshot_of(read(generate(Path(folder), firms, GOODS, periods))).archive


def region(store: Store, firms: int) -> Region:
    """Fill an empty store: everybody declares what the dataset says, and a plan is published."""
    hashed = people.hashed(PASSWORD)
    before, people.hashed = people.hashed, lambda _: hashed
    try:
        for name, role, enterprise in (("anna", Role.PLANNER, None), ("ed-f001", Role.EDITOR, FIRM)):
            add_user(store, MACHINE, Account(name, role, enterprise, PASSWORD))
    finally:
        people.hashed = before
    ident = begun(store, archive=archive(firms), options=OPTIONS)
    for place in range(firms):
        name = f"F{place:03d}"
        declaring.repeat(store, Actor(f"ed-{name.lower()}", Role.EDITOR, name), (ident, name))
    freezing.freeze(store, PLANNER, ident)
    matched(store, ident)
    return Region(store, ident)
