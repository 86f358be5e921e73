"""The main pages of a round, and what each weighs as a server sends it: text and what it refers to, compressed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask import Flask
from flask.testing import FlaskClient

from synergy.store import queries
from synergy.store.accounts import known
from synergy.store.store import Store

MOST_BYTES = 40_000
MOST_REQUESTS = 3
BROWSER = {"Accept-Encoding": "gzip, deflate, br"}
_SHEET = re.compile(r'<link rel="(?:stylesheet|icon)" href="([^"]+)"')
_MORE = re.compile(r'<(?:script|img|iframe|source|object|embed)\b[^>]* (?:src|data)="([^"]+)"')
VIEWS = ("results", "map", "sankey", "partners", "products", "settlement")


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a page weighs: bytes of bodies as sent, and how many answers it takes."""

    bytes: int
    requests: int


def main_pages(store: Store, ident: int, planner: str, editor: str) -> list[tuple[str, str]]:
    """Return who looks at what: the main pages of a published round, without their language."""
    firm = known(store, editor)
    code = queries.list_proposals(store, firm, ident)[0].proposal
    rows = queries.list_proposals(store, known(store, planner), ident)
    most = max(rows, key=lambda one: len(one.lines)).proposal
    return [
        (editor, "/home"),
        (editor, f"/proposals/{code}"),
        (editor, f"/declarations/{ident}/{firm.enterprise}"),
        (planner, "/rounds"),
        (planner, f"/rounds/{ident}"),
        (planner, f"/rounds/{ident}/proposals/{most}"),
        *((planner, f"/rounds/{ident}/{view}") for view in VIEWS),
    ]


def weighed(app: Flask, client: FlaskClient, path: str) -> Weighed:
    """Return what a browser that has seen nothing yet is sent for a page."""
    with client.get(path, headers=BROWSER) as answer:
        assert answer.status_code == 200, (path, answer.status_code)
        size = len(answer.data)
    with client.get(path) as plain:
        text = plain.get_data(as_text=True)
    more = list(dict.fromkeys(_SHEET.findall(text) + _MORE.findall(text)))
    for one in more:
        with app.test_client().get(one, headers=BROWSER) as answer:
            assert answer.status_code == 200, one
            size += len(answer.data)
    return Weighed(size, 1 + len(more))
