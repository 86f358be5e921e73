"""Where an enterprise begins: what it could do with others, what brings it most first, and its answers in place."""

from __future__ import annotations

from typing import Any

from flask import current_app, redirect, url_for
from werkzeug.wrappers import Response

from synergy.errors import NotFoundError
from synergy.store import declaring, following, seeing
from synergy.store.access import Action, Actor
from synergy.store.seeing import SHOWN
from web.access import actor, rule, store
from web.firm.own import CLOSED, Own, by_gain
from web.render import page, pages

room = pages("home")


@room.get("/home")
@rule(Action.SEE_PROPOSAL)
def home(lang: str) -> str | Response:
    """Show an enterprise its suggestions in the order of its own gain, and what it has to do."""
    who = actor()
    if who.enterprise is None:
        return redirect(url_for("start.home", lang=lang))
    rounds = seeing.list_rounds(store(), who)
    latest, found = _latest(who, rounds, lang)
    groups = {"open": [], "done": [], "other": []} if latest is None else _grouped(found)
    return page(
        "firm/home.html",
        lang,
        round=latest,
        groups=groups,
        offers=found,
        settled=next((one.record["settlement"] for one in found if one.record["settlement"]), None),
        declare=_declarable(who, rounds),
        deals=_deals(who, lang),
        name=_name(who, found, lang),
    )


def _latest(who: Actor, rounds: list[dict[str, Any]], lang: str) -> tuple[dict[str, Any] | None, list[Own]]:
    """Return the latest round that shows this enterprise anything, and its proposals by its own gain."""
    shown = [one for one in rounds if one["state"] in SHOWN]
    for one in shown:
        listed = seeing.list_proposals(store(), who, one["round"])
        if listed:
            return one, by_gain(Own(record, str(who.enterprise), lang) for record in listed)
    return (shown[0] if shown else None), []


def _grouped(found: list[Own]) -> dict[str, list[Own]]:
    """Return the proposals that wait for an answer, those that were answered, and those that are closed."""
    groups: dict[str, list[Own]] = {"open": [], "done": [], "other": []}
    for one in found:
        if one.record["answer"] != "none":
            groups["done"].append(one)
        else:
            groups["other" if one.record["standing"] in CLOSED else "open"].append(one)
    return groups


def _declarable(who: Actor, rounds: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rounds that wait for this enterprise's declaration."""
    if "declarations.start" not in current_app.view_functions:
        return []
    found = []
    for one in rounds:
        if one["state"] == "declaring":
            try:
                told = declaring.declaration(store(), who, (one["round"], str(who.enterprise)))
            except NotFoundError:
                continue
            if not told["submitted"]:
                found.append(one)
    return found


def _deals(who: Actor, lang: str) -> list[tuple[dict[str, Any], Own]]:
    """Return the partnerships that are under way, the latest first, with what they are about."""
    found = []
    for one in reversed(following.followed(store(), who)):
        if one["stage"] != "ended":
            found.append((one, Own(seeing.see_proposal(store(), who, one["proposal"]), str(who.enterprise), lang)))
    return found[:10]


def _name(who: Actor, found: list[Own], lang: str) -> str:
    """Return what the enterprise is called, its id where no round says it."""
    known = (one.record["labels"]["self"].get(f"name_{lang}") for one in found)
    return str(next((name for name in known if name), who.enterprise))
