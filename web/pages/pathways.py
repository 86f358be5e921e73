"""Pathways page: process chains for the goods of an enterprise, at public prices."""

from __future__ import annotations

from flask import redirect, request, url_for
from synergy.web.access import actor, rule, store
from synergy.web.render import page, pages
from synergy.web.texts import word
from werkzeug.wrappers import Response

from synergy.errors import NotFoundError
from synergy.records.declarations import Good
from synergy.records.documents import Document
from synergy.records.names import Seat
from synergy.store import preview, queries
from synergy.store.access import Action, Actor
from synergy.texts import figure, say, unit
from synergy.units import amount, label

room = pages("pathways")
MOST = 20  # chains shown


@room.get("/pathways")
@rule(Action.SEE_DECLARATION)
def pathways(lang: str) -> str | Response:
    """Show the process chains for a good of an enterprise."""
    who = actor()
    if who.enterprise is None:
        return redirect(url_for("start.home", lang=lang))
    place, goods = seat_of(who)
    wanted = request.args.get("commodity", goods[0].commodity if goods else "")
    fields: dict[str, object] = {"goods": goods, "wanted": wanted, "chains": [], "found": None}
    if place is not None and wanted:
        found = preview.chains(store(), who, place, wanted)
        measure = found["unit"]
        ended = [one for one in found["chains"] if one["ends"]][:MOST]
        per = f"{label(found['currency'], lang)}/{label(measure, lang)}"
        fields |= {
            "found": found,
            "have": amount(found["there"], measure, lang),
            "per": per,
            "chains": [_chain(one, (measure, found["currency"]), lang) for one in ended],
            "name": next((say((one.name_en, one.name_zh), lang) for one in goods if one.commodity == wanted), wanted),
        }
    return page("firm/pathways.html", lang, **fields)


def seat_of(who: Actor) -> tuple[Seat | None, list[Good]]:
    """Return the latest round that the enterprise is part of, and its goods there."""
    for one in queries.list_rounds(store(), who):
        seat = Seat(one.round, str(who.enterprise))
        try:
            return seat, preview.goods(store(), who, seat)
        except NotFoundError:
            continue
    return None, []


def _chain(one: Document, measured: tuple[str, str], lang: str) -> dict[str, str]:
    """Return the texts of a process chain for the page."""
    measure, currency = measured
    best = next((scale for scale in one["scales"] if scale["quantity"] == one["quantity"]), None)
    capex = 0.0 if best is None else best["capex"]
    lacking = one["lacking"]
    enough = word("paths.lack", lang, amount=amount(lacking, measure, lang)) if lacking else word("paths.enough", lang)
    return {
        "title": one[f"title_{lang}"],
        **{level: f"{one['margin'][level]:,.0f}" for level in ("low", "middle", "high")},
        "capex": f"{figure(capex, 'money', lang)} {unit('money', lang, currency)}" if capex else "–",
        "least": amount(one["least"], measure, lang) if one["least"] else "–",
        "remark": word("paths.minor", lang) if one["minor"] else enough,
    }
