"""Account pages: sign in and out, change the password, manage tokens."""

from __future__ import annotations

from flask import flash, g, redirect, request, url_for
from synergy.web.access import actor, caller, public, rule, store
from synergy.web.clock import whole
from synergy.web.error_handlers import RETRY_S
from synergy.web.render import page, pages
from synergy.web.sign_in import change_password, onward, sign_out
from synergy.web.sign_in import sign_in as begin_session
from synergy.web.texts import word
from synergy.web.throttle import TRIES, BusyError
from werkzeug.wrappers import Response

from synergy.errors import DeniedError, RefusedError
from synergy.records.accounts import TokenMade
from synergy.store import api_tokens
from synergy.store.access import RULES, SCOPES, Action, Actor

room = pages("account")
Answer = Response | str | tuple[str, int] | tuple[str, int, dict[str, str]]
DAYS = (7, 30, 90, 365)


@room.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in(lang: str) -> Answer:
    """Show the sign-in form; on POST, check the password and start a session."""
    target = request.values.get("next", "")
    name = request.form.get("name", "").strip()
    fields = {"target": target, "name": name}
    if request.method == "GET":
        return page("account/sign_in.html", lang, **fields, fault="")
    try:
        begin_session(name, request.form.get("password", ""))
    except DeniedError as error:
        return page("account/sign_in.html", lang, **fields, fault=error.said(lang)), 403
    except BusyError:
        shown = page("account/sign_in.html", lang, **fields, fault=word("account.busy", lang))
        return shown, 503, {"Retry-After": str(RETRY_S)}
    if g.wrong_passwords >= TRIES:
        flash(word("account.tried", lang, count=g.wrong_passwords), "bad")
    return redirect(onward(target) or url_for("start.home", lang=lang), 303)


@room.route("/sign-out", methods=["GET", "POST"])
@rule(Action.OWN_ACCOUNT)
def leave(lang: str) -> Answer:
    """Show the sign-out confirmation; on POST, end the session."""
    if request.method == "GET":
        return page("account/sign_out.html", lang)
    sign_out()
    return redirect(url_for("account.sign_in", lang=lang), 303)


@room.get("/account")
@rule(Action.OWN_ACCOUNT)
def account(lang: str) -> str:
    """Show the signed-in account and its tokens."""
    return _page(lang)


def _page(lang: str, made: TokenMade | None = None, fault: str = "") -> str:
    """Render the account page; the secret of a new token is shown only once."""
    me = actor()
    live = [one for one in api_tokens.list_tokens(store(), me) if one.revoked is None]
    return page("account/account.html", lang, me=me, tokens=live, scopes=_scopes(me), days=DAYS, made=made, fault=fault)


def _scopes(me: Actor) -> list[str]:
    """Return the token scopes that are useful for the role of an account."""
    return [one for one in SCOPES if any(scope == one and me.role in roles for scope, roles in RULES.values())]


@room.route("/account/password", methods=["GET", "POST"])
@rule(Action.OWN_ACCOUNT)
def password(lang: str) -> Answer:
    """Show the password form; on POST, change the password and end all other sessions and all tokens."""
    faults: dict[str, str] = {}
    if request.method == "POST":
        old, new, again = (request.form.get(name, "") for name in ("old", "new", "again"))
        try:
            if new != again:
                faults["again"] = word("account.differs", lang)
            elif new == old:
                faults["new"] = word("account.same", lang)
            else:
                change_password(actor(), old, new)
                flash(word("account.changed", lang), "good")
                return redirect(url_for("start.home", lang=lang), 303)
        except DeniedError:
            faults["old"] = word("account.wrong", lang)
        except RefusedError as error:
            faults["new"] = error.said(lang)
        except BusyError:
            faults["old"] = word("account.busy", lang)
    shown = page("account/password.html", lang, faults=faults, must=g.get("one_time", False))
    return (shown, 422) if faults else shown


@room.post("/account/tokens")
@rule(Action.OWN_ACCOUNT)
def make_token(lang: str) -> Answer:
    """Create a token and show its secret once."""
    days = whole(request.form.get("days")) or 0
    label = request.form.get("label", "").strip()
    try:
        made = api_tokens.add_token(*caller(), label, request.form.getlist("scope"), days)
    except RefusedError as error:
        return _page(lang, fault=error.said(lang)), 422
    return _page(lang, made)


@room.post("/account/tokens/<int:ident>/end")
@rule(Action.OWN_ACCOUNT)
def end_token(lang: str, ident: int) -> Response:
    """Revoke a token of the own account."""
    api_tokens.revoke_token(*caller(), ident)
    flash(word("account.ended", lang), "good")
    return redirect(url_for("account.account", lang=lang), 303)
