"""Administration of departures: list enterprises that have left, remove one after confirmation, readmit one."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from synergy.web.access import actor, rule, store
from synergy.web.error_handlers import said, status_of
from synergy.web.render import page, pages
from synergy.web.texts import word
from werkzeug.wrappers import Response

from synergy.errors import StoreError
from synergy.store import accounts, withdrawals
from synergy.store.access import Action
from synergy.store.rounds import StepOptions

room = pages("departures")
MOST_REASON = 1000


@room.get("/admin/departures")
@rule(Action.REMOVE_ENTERPRISE)
def departures(lang: str) -> str:
    """Show the enterprises that have left, and the form to remove one."""
    return _page(lang)


def _page(lang: str, **more: Any) -> str:
    fields: dict[str, Any] = {
        "left": withdrawals.list_departures(store(), actor()),
        "given": {},
        "fault": "",
        "sure": {},
    }
    gone = {one["enterprise"] for one in fields["left"]}
    known = {one["enterprise"] for one in accounts.list_users(store(), actor()) if one["enterprise"]} - gone
    return page("admin/departures.html", lang, known=sorted(known), most=MOST_REASON, **{**fields, **more})


@room.post("/admin/departures")
@rule(Action.REMOVE_ENTERPRISE)
def leave(lang: str) -> str | tuple[str, int] | Response:
    """Show a confirmation with the effects of removing an enterprise; once confirmed, remove it."""
    given = {name: request.form.get(name, "").strip() for name in ("enterprise", "reason")}
    if request.form.get("sure") != "yes":
        held = [one["name"] for one in accounts.list_users(store(), actor()) if _holds(one, given["enterprise"])]
        return _page(lang, given=given, sure=given | {"accounts": held})
    try:
        told = withdrawals.depart(store(), actor(), given["enterprise"], StepOptions(note=given["reason"]))
    except StoreError as error:
        return _page(lang, given=given, fault=said(error, lang)), status_of(error)
    counts = {name: len(told[name]) for name in ("accounts", "withdrawn", "forbidden")}
    flash(word("departures.done", lang, enterprise=told["enterprise"], **counts), "good")
    return redirect(url_for("departures.departures", lang=lang), 303)


def _holds(account: dict[str, Any], enterprise: str) -> bool:
    return bool(enterprise) and account["enterprise"] == enterprise and not account["disabled"]


@room.post("/admin/departures/<enterprise>/readmit")
@rule(Action.REMOVE_ENTERPRISE)
def readmit(lang: str, enterprise: str) -> Response:
    """Readmit an enterprise that has left."""
    withdrawals.readmit(store(), actor(), enterprise)
    flash(word("departures.back", lang, enterprise=enterprise), "good")
    return redirect(url_for("departures.departures", lang=lang), 303)
