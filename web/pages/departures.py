"""Administration of departures: list enterprises that have left, remove one after confirmation, readmit one."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from synergy.web.access import caller, rule
from synergy.web.error_handlers import said, status_of
from synergy.web.render import page, pages
from synergy.web.texts import word
from werkzeug.wrappers import Response

from synergy.errors import StoreError
from synergy.records.accounts import Account
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


def _page(lang: str, **more: object) -> str:
    left = withdrawals.list_departures(*caller())
    fields: dict[str, object] = {"left": left, "given": {}, "fault": "", "sure": {}}
    known = {one.enterprise for one in accounts.list_users(*caller()) if one.enterprise}
    known -= {one.enterprise for one in left}
    return page("admin/departures.html", lang, known=sorted(known), most=MOST_REASON, **{**fields, **more})


@room.post("/admin/departures")
@rule(Action.REMOVE_ENTERPRISE)
def leave(lang: str) -> str | tuple[str, int] | Response:
    """Show a confirmation with the effects of removing an enterprise; once confirmed, remove it."""
    given = {name: request.form.get(name, "").strip() for name in ("enterprise", "reason")}
    if request.form.get("sure") != "yes":
        held = [one.name for one in accounts.list_users(*caller()) if _holds(one, given["enterprise"])]
        return _page(lang, given=given, sure=given | {"accounts": held})
    try:
        told = withdrawals.depart(*caller(), given["enterprise"], StepOptions(note=given["reason"]))
    except StoreError as error:
        return _page(lang, given=given, fault=said(error, lang)), status_of(error)
    counts = {"accounts": len(told.accounts), "withdrawn": len(told.withdrawn), "forbidden": len(told.forbidden)}
    flash(word("departures.done", lang, enterprise=told.enterprise, **counts), "good")
    return redirect(url_for("departures.departures", lang=lang), 303)


def _holds(account: Account, enterprise: str) -> bool:
    return bool(enterprise) and account.enterprise == enterprise and not account.disabled


@room.post("/admin/departures/<enterprise>/readmit")
@rule(Action.REMOVE_ENTERPRISE)
def readmit(lang: str, enterprise: str) -> Response:
    """Readmit an enterprise that has left."""
    withdrawals.readmit(*caller(), enterprise)
    flash(word("departures.back", lang, enterprise=enterprise), "good")
    return redirect(url_for("departures.departures", lang=lang), 303)
