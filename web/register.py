"""Registry of blueprints, navigation entries and the start page of each role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType

from flask import Blueprint, Flask

from synergy.records.names import Role

# modules with a blueprint called `room`
ROOMS = (
    "synergy.web.pages.start",
    "synergy.web.pages.account",
    "synergy.web.pages.notices",
    "synergy.web.pages.admin",
    "synergy.web.pages.departures",
    "synergy.web.pages.audit",
    "synergy.web.pages.home",
    "synergy.web.pages.proposal",
    "synergy.web.pages.pathways",
    "synergy.web.pages.whynot",
    "synergy.web.pages.declarations",
    "synergy.web.pages.rounds",
    "synergy.web.pages.drafting",
    "synergy.web.pages.review",
    "synergy.web.pages.results",
    "synergy.web.pages.why",
    "synergy.web.pages.compare",
    "synergy.web.pages.board",
    "synergy.web.pages.summary",
    "synergy.web.pages.files",
    "synergy.web.api.blueprint",
    "synergy.web.pages.interface",
    "synergy.web.pages.manual",
    "synergy.web.health",
)
_P, _E, _R, _A, _C, _D, _ = Role
_FIRM = frozenset({_E, _R})


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """Entry of the navigation menu, for some roles, with the key of its label in `synergy.web.texts`.

    Its endpoint takes only the language; entries without a registered view are omitted.
    """

    endpoint: str
    key: str
    roles: frozenset[Role]


NAVIGATION = (
    MenuEntry("home.home", "nav.home", _FIRM),
    MenuEntry("declarations.start", "nav.declarations", _FIRM | {_P}),
    MenuEntry("pathways.pathways", "nav.pathways", _FIRM),
    MenuEntry("rounds.rounds", "nav.rounds", frozenset({_P, _A, _E, _R})),
    MenuEntry("compare.compare", "nav.compare", frozenset({_P, _A})),
    MenuEntry("board.board", "nav.board", frozenset({_P, _A})),
    MenuEntry("audit.audit", "nav.audit", frozenset({_P, _A})),
    MenuEntry("admin.admin", "nav.admin", frozenset({_D})),
    MenuEntry("notices.notices", "nav.notices", _FIRM | {_P}),
    MenuEntry("account.account", "nav.account", frozenset({_P, _E, _R, _A, _C, _D})),
)
# where each role begins: the first of these that is there
HOMES: Mapping[Role, tuple[str, ...]] = MappingProxyType(
    {
        _P: ("rounds.rounds",),
        _E: ("home.home",),
        _R: ("home.home",),
        _A: ("rounds.rounds", "audit.audit"),
        _C: (),
        _D: ("admin.admin",),
    }
)


def register(app: Flask) -> None:
    """Register the blueprints of all installed modules in `ROOMS`."""
    for name in ROOMS:
        if find_spec(name) is None:
            continue
        room = import_module(name).room
        if not isinstance(room, Blueprint):
            raise TypeError(f"{name}.room: expected a blueprint, found {type(room).__name__}")
        app.register_blueprint(room)


def entries(app: Flask, role: Role | None) -> list[MenuEntry]:
    """Return the navigation entries visible to a role."""
    return [one for one in NAVIGATION if role in one.roles and one.endpoint in app.view_functions]


def home_of(app: Flask, role: Role) -> str:
    """Return the endpoint of the start page of a role."""
    return next((name for name in HOMES.get(role, ()) if name in app.view_functions), "account.account")
