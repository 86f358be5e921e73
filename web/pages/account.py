"""Account pages: sign in and out, change the password, manage tokens, read notices."""

from __future__ import annotations

from flask import flash, g, redirect, request, url_for
from synergy.web.access import actor, caller, clock, public, rule, store
from synergy.web.clock import whole
from synergy.web.error_handlers import RETRY_S
from synergy.web.render import page, pages, part
from synergy.web.sign_in import TRIES, BusyError, change_password, onward, sign_out
from synergy.web.sign_in import sign_in as begin_session
from synergy.web.texts import word
from werkzeug.wrappers import Response

from synergy.errors import DeniedError, RefusedError
from synergy.records.accounts import Notice, TokenMade
from synergy.store import accounts
from synergy.store import notices as told
from synergy.store.access import RULES, SCOPES, Action
from synergy.store.messages import message

room = pages("account")
Answer = Response | str | tuple[str, int] | tuple[str, int, dict[str, str]]
DAYS = (7, 30, 90, 365)
_EARLY = ("opened", "reminder", "declare_by")  # notices of a round that takes declarations


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
    return redirect(onward(target) or url_for("home.enter", lang=lang), 303)


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
def account(lang: str, made: TokenMade | None = None, fault: str = "") -> str:
    """Show the signed-in account and its tokens; the secret of a new token is shown only once."""
    me = actor()
    useful = {scope for scope, roles in RULES.values() if me.role in roles}
    live = [one for one in accounts.list_tokens(store(), me) if one.revoked is None]
    scopes = [one for one in SCOPES if one in useful]
    return page("account/account.html", lang, me=me, tokens=live, scopes=scopes, days=DAYS, made=made, fault=fault)


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
                return redirect(url_for("home.enter", lang=lang), 303)
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
        made = accounts.add_token(*caller(), label, request.form.getlist("scope"), days)
    except RefusedError as error:
        return account(lang, fault=error.said(lang)), 422
    return account(lang, made)


@room.post("/account/tokens/<int:ident>/end")
@rule(Action.OWN_ACCOUNT)
def end_token(lang: str, ident: int) -> Response:
    """Revoke a token of the own account."""
    accounts.revoke_token(*caller(), ident)
    flash(word("account.ended", lang), "good")
    return redirect(url_for("account.account", lang=lang), 303)


@room.get("/notices")
@rule(Action.SEE_NOTICES)
def notices(lang: str) -> str:
    """Show the notices, newest first, with pagination."""
    found = told.list_notices(*caller())
    sees = clock().told  # deadlines in the time zone of the pages
    listed, first, further = part(found)
    return page(
        "account/notices.html",
        lang,
        notices=[(one, message(one.kind, one.fields, sees)[f"text_{lang}"], _place(lang, one)) for one in listed],
        first=first,
        next=further,
        fresh=any(not one.read for one in found),
    )


def _place(lang: str, one: Notice) -> str:
    """Return the URL that a notice links to: its proposal, else the page of its round; "" if there is none."""
    if one.subject.startswith("P"):
        return url_for("proposal.proposal", lang=lang, code=one.subject)
    if one.round is None:
        return ""
    if actor().enterprise is None:
        return url_for("rounds.one", lang=lang, round_id=one.round)
    return url_for("declarations.start" if one.kind in _EARLY else "home.home", lang=lang)


@room.post("/notices")
@rule(Action.MARK_NOTICES)
def read_notices(lang: str) -> Response:
    """Mark one notice or all notices as read."""
    code = request.form.get("notice")
    count = told.mark_read(*caller(), None if code is None else [code[:64]])
    flash(word("notices.marked" if count else "notices.none_marked", lang), "good")
    address, first = url_for("account.notices", lang=lang), whole(request.form.get("from")) or 0
    return redirect(f"{address}?from={first}" if first else address, 303)
