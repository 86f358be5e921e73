"""Costs that are found again wherever they are shown."""

from __future__ import annotations

from decimal import Decimal

from stores import begun, costly, editor, matched
from web_worlds import World

from synergy.records.names import Seat, Sheet
from synergy.store import declarations, freezing
from synergy.store.overlay import Entry

CANARIES = ("137.918273", "2953.817462")


def canary(world: World) -> int:
    """Return a round in which costs and prices of EAST are canaries, published."""
    store = world.store
    ident = begun(store, name="canary")
    for name in ("WEST", "ALUMINA", "TARCO", "GLASS"):
        declarations.repeat(store, editor(name), Seat(ident, name))
    own = declarations.repeat(store, editor("EAST"), Seat(ident, "EAST")).entries
    entries = costly(own, Decimal(CANARIES[0]))
    entries.append(
        Entry(sheet=Sheet.NEEDS, site="EAST-1", subject="TAR", amount=Decimal(10), price=Decimal(CANARIES[1]))
    )
    declarations.declare(store, editor("EAST"), Seat(ident, "EAST"), entries)
    freezing.freeze(store, world.actor("planner"), ident)
    matched(store, ident)
    return ident
