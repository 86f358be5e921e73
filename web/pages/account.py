"""The own account: signing in and out."""

from __future__ import annotations

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from synergy.errors import DeniedError
from synergy.store.access import Action
from web.access import actor, public, rule
from web.failing import RETRY_S
from web.render import page, pages
from web.signing import onward, sign_out
from web.signing import sign_in as begin_session
from web.texts import word

room = pages("account")


@room.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in(lang: str) -> Response | str | tuple[str, int, dict[str, str]]:
    """Ask for name and password, and begin a session."""
    target = request.values.get("next", "")
    name = request.form.get("name", "").strip()
    if request.method == "GET":
        return page("account/sign_in.html", lang, target=target, name="", fault="")
    try:
        who = begin_session(name, request.form.get("password", ""))
    except DeniedError as error:
        return page("account/sign_in.html", lang, target=target, name=name, fault=error.said(lang)), 403, {}
    if who is None:
        fault = word("account.busy", lang)
        shown = page("account/sign_in.html", lang, target=target, name=name, fault=fault)
        return shown, 503, {"Retry-After": str(RETRY_S)}
    return redirect(onward(target) or url_for("start.home", lang=lang), 303)


@room.route("/sign-out", methods=["GET", "POST"])
@rule(Action.OWN_ACCOUNT)
def leave(lang: str) -> Response | str:
    """Ask whether to leave, and end the session."""
    if request.method == "GET":
        return page("account/sign_out.html", lang)
    sign_out()
    return redirect(url_for("account.sign_in", lang=lang), 303)


@room.get("/account")
@rule(Action.OWN_ACCOUNT)
def account(lang: str) -> str:
    """Show who is signed in."""
    return page("account/account.html", lang, me=actor())
