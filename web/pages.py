"""Pages for people: the list of proposals, and one proposal."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, current_app, render_template, request, url_for

from synergy.plan import Kind
from web.shown import Shown
from web.texts import LANGUAGES

pages = Blueprint("pages", __name__, url_prefix="/<any(zh, en):lang>")


def _shown(lang: str) -> Shown:
    rounds = current_app.config["ROUNDS"]
    if not rounds:
        abort(404)
    return Shown(rounds[-1], lang)


def _page(template: str, lang: str, **fields: Any) -> str:
    """Render a page with the way to the same page in the other language."""
    other = next(name for name in LANGUAGES if name != lang)
    place = {**(request.view_args or {}), **request.args.to_dict(), "lang": other}
    switch = url_for(str(request.endpoint), **place)
    return render_template(template, lang=lang, other=other, switch=switch, **fields)


@pages.get("/")
def proposals(lang: str) -> str:
    """Show all proposals by gain, or those of one kind."""
    shown = _shown(lang)
    kind = request.args.get("kind", "")
    if kind and kind not in tuple(Kind):
        abort(404)
    items = [item for item in shown.plan["proposals"] if kind in ("", item["kind"])]
    kinds = [str(name) for name in Kind]
    return _page("proposals.html", lang, shown=shown, items=items, kinds=kinds, kind=kind)


@pages.get("/proposals/<path:ident>")
def proposal(lang: str, ident: str) -> str:
    """Show one proposal."""
    shown = _shown(lang)
    found = shown.proposal(ident)
    if found is None:
        abort(404)
    return _page("proposal.html", lang, shown=shown, item=found)
