"""Registry of the blueprints, and the navigation menu and start page of each role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType

from flask import Flask

from synergy.records.names import Role

# modules with a blueprint called `room`
ROOMS = (
    "synergy.web.pages.home",
    "synergy.web.pages.account",
    "synergy.web.pages.admin",
    "synergy.web.pages.proposal",
    "synergy.web.pages.declarations",
    "synergy.web.pages.rounds",
    "synergy.web.pages.drafting",
    "synergy.web.pages.review",
    "synergy.web.pages.results",
    "synergy.web.pages.why",
    "synergy.web.pages.compare",
    "synergy.web.pages.board",
    "synergy.web.pages.files",
    "synergy.web.api.routes",
    "synergy.web.pages.manual",
)
_P, _E, _R, _A, _C, _D, _ = Role
_FIRM = frozenset({_E, _R})


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """Entry of the navigation menu for some roles: endpoint with the language alone, and the key of its text."""

    endpoint: str
    key: str
    roles: frozenset[Role]


NAVIGATION = (
    MenuEntry("home.home", "nav.home", _FIRM),
    MenuEntry("declarations.start", "nav.declarations", _FIRM | {_P}),
    MenuEntry("home.pathways", "nav.pathways", _FIRM),
    MenuEntry("rounds.rounds", "nav.rounds", frozenset({_P, _A, _E, _R})),
    MenuEntry("compare.compare", "nav.compare", frozenset({_P, _A})),
    MenuEntry("board.board", "nav.board", frozenset({_P, _A})),
    MenuEntry("admin.events", "nav.audit", frozenset({_P, _A})),
    MenuEntry("admin.admin", "nav.admin", frozenset({_D})),
    MenuEntry("account.notices", "nav.notices", _FIRM | {_P}),
    MenuEntry("account.account", "nav.account", frozenset({_P, _E, _R, _A, _C, _D})),
)
# start page of each role; that of others is their account
HOMES: Mapping[Role, str] = MappingProxyType(
    {_P: "rounds.rounds", _E: "home.home", _R: "home.home", _A: "rounds.rounds", _D: "admin.admin"}
)


def register(app: Flask) -> None:
    """Register the blueprints of all modules in `ROOMS`."""
    for name in ROOMS:
        app.register_blueprint(import_module(name).room)
