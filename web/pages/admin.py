"""Administration pages: accounts, tokens and backups; enterprises that have left; events and the audit chain."""

from __future__ import annotations

import secrets

from flask import abort, flash, redirect, request, url_for
from synergy.web.access import actor, caller, rule, settings, store
from synergy.web.clock import whole
from synergy.web.error_handlers import said, status_of
from synergy.web.render import page, pages
from synergy.web.texts import word, word_or
from werkzeug.wrappers import Response

from synergy.errors import StoreError
from synergy.records.accounts import Head
from synergy.records.names import Role
from synergy.store import accounts, backup, commit, queries, withdrawals
from synergy.store.access import Action
from synergy.store.accounts import AccountData
from synergy.store.messages import refusal
from synergy.store.rounds import StepOptions

room = pages("admin")
ROLES = tuple(role for role in Role if role is not Role.WORKER)
SHOWN = 50  # events of a page


@room.get("/admin")
@rule(Action.MANAGE_USERS)
def admin(lang: str, **more: object) -> str:
    """Show accounts, tokens, backups, and in further fields the result of an action such as a one-time password."""
    folder, who = settings().backup_folder, actor()
    fields: dict[str, object] = {
        "accounts": accounts.list_users(store(), who),
        "tokens": accounts.all_tokens(store(), who),
        "copies": None if folder is None else backup.copies(who, folder),
        "roles": ROLES,
        "given": {},
        "made": None,
        "fault": "",
        "chain": None,
    }
    return page("admin/admin.html", lang, **{**fields, **more})


@room.post("/admin/accounts")
@rule(Action.MANAGE_USERS)
def add_account(lang: str) -> str | tuple[str, int]:
    """Create an account with a one-time password, shown only once; client accounts need none."""
    given = {name: request.form.get(name, "").strip() for name in ("name", "role", "enterprise")}
    try:
        if given["role"] not in ROLES:
            raise refusal("unknown", what="role", name=given["role"][:40], expected=", ".join(ROLES))
        role = Role(given["role"])
        password = None if role is Role.CLIENT and "password" not in request.form else secrets.token_urlsafe(12)
        account = AccountData(given["name"], role, given["enterprise"] or None, password, one_time=True)
        accounts.add_user(*caller(), account)
    except StoreError as error:
        return admin(lang, given=given, fault=said(error, lang)), status_of(error)
    return admin(lang, made={"name": account.name, "password": password})


@room.post("/admin/accounts/<int:ident>")
@rule(Action.MANAGE_USERS)
def change_account(lang: str, ident: int) -> Response | str:
    """Disable or enable an account, or set a one-time password; addressed by number, which is URL-safe."""
    name = accounts.name_of(*caller(), ident)
    wish = request.form.get("wish", "")
    asked = StepOptions(version=whole(request.form.get("version")))
    if name == actor().name:
        raise refusal("bad_value", what="user", value=name, expected=word("admin.not_self", lang))
    if wish == "password":
        password = secrets.token_urlsafe(12)
        accounts.change_user(*caller(), name, asked, password=password)
        return admin(lang, made={"name": name, "password": password})
    if wish not in ("disable", "enable"):
        abort(400)
    accounts.change_user(*caller(), name, asked, disabled=wish == "disable")
    flash(word(f"admin.{wish}d", lang, name=name), "good")
    return redirect(url_for("admin.admin", lang=lang), 303)


@room.post("/admin/tokens/<int:ident>/end")
@rule(Action.MANAGE_USERS)
def end_token(lang: str, ident: int) -> Response:
    """Revoke a token of any account."""
    accounts.revoke_token(*caller(), ident)
    flash(word("account.ended", lang), "good")
    return redirect(url_for("admin.admin", lang=lang) + "#all-tokens", 303)


@room.post("/admin/copies")
@rule(Action.MANAGE_USERS)
def copy(lang: str) -> Response:
    """Back up the store into the backup folder of the server."""
    folder = settings().backup_folder
    if folder is None:
        abort(404)
    made = backup.make_copy(*caller(), folder)
    flash(word("admin.copied", lang, file=made.file, sha256=made.sha256), "good")
    return redirect(url_for("admin.admin", lang=lang) + "#copies", 303)


@room.post("/admin/chain")
@rule(Action.MANAGE_USERS)
def chain(lang: str) -> str:
    """Verify the audit chain and show its head."""
    return admin(lang, chain=commit.verify_chain(*caller()))


@room.get("/admin/departures")
@rule(Action.REMOVE_ENTERPRISE)
def departures(lang: str, **more: object) -> str:
    """Show the enterprises that have left, and the form to remove one."""
    left = withdrawals.list_departures(*caller())
    fields: dict[str, object] = {"left": left, "given": {}, "fault": "", "sure": {}}
    known = {one.enterprise for one in accounts.list_users(*caller()) if one.enterprise}
    known -= {one.enterprise for one in left}
    return page("admin/departures.html", lang, known=sorted(known), most=1000, **{**fields, **more})


@room.post("/admin/departures")
@rule(Action.REMOVE_ENTERPRISE)
def depart(lang: str) -> str | tuple[str, int] | Response:
    """Show a confirmation with the effects of removing an enterprise; once confirmed, remove it."""
    given = {name: request.form.get(name, "").strip() for name in ("enterprise", "reason")}
    if request.form.get("sure") != "yes":
        firm = given["enterprise"]
        users = accounts.list_users(*caller())
        held = [one.name for one in users if firm and one.enterprise == firm and not one.disabled]
        return departures(lang, given=given, sure=given | {"accounts": held})
    try:
        told = withdrawals.depart(*caller(), given["enterprise"], StepOptions(note=given["reason"]))
    except StoreError as error:
        return departures(lang, given=given, fault=said(error, lang)), status_of(error)
    counts = {"accounts": len(told.accounts), "withdrawn": len(told.withdrawn), "forbidden": len(told.forbidden)}
    flash(word("departures.done", lang, enterprise=told.enterprise, **counts), "good")
    return redirect(url_for("admin.departures", lang=lang), 303)


@room.post("/admin/departures/<enterprise>/readmit")
@rule(Action.REMOVE_ENTERPRISE)
def readmit(lang: str, enterprise: str) -> Response:
    """Readmit an enterprise that has left."""
    withdrawals.readmit(*caller(), enterprise)
    flash(word("departures.back", lang, enterprise=enterprise), "good")
    return redirect(url_for("admin.departures", lang=lang), 303)


@room.get("/audit")
@rule(Action.SEE_EVENTS)
def events(lang: str, **more: object) -> str:
    """Show the events of one round or of all rounds, newest first, and the result of a verification."""
    chosen, before = (whole(request.args.get(name)) for name in ("round", "before"))
    found = commit.history(*caller(), chosen, SHOWN + 1, before)
    fields: dict[str, object] = {
        "events": found[:SHOWN],
        "older": found[SHOWN - 1].number if len(found) > SHOWN else None,
        "rounds": queries.list_rounds(*caller()),
        "chosen": chosen,
        "named": named,
        "checked": None,
        "cut": False,
        "expected": "",
        "fault": "",
    }
    return page("admin/audit.html", lang, **{**fields, **more})


def named(action: str, lang: str) -> str:
    """Return the display name of an action; the action itself if it has none."""
    return word_or(f"action.{action}", lang, action)


@room.post("/audit")
@rule(Action.VERIFY_CHAIN)
def verify(lang: str) -> str | tuple[str, int]:
    """Verify the audit chain, against a published head if one is given."""
    given = request.form.get("expected", "").strip()
    number, _, mac = given.partition(":")
    if given and not (number.isdecimal() and len(number) < 18 and mac):
        return events(lang, expected=given, fault=word("audit.no_head", lang, value=given[:100])), 422
    expected = Head(number=int(number), mac=mac) if given else None
    checked = commit.verify_chain(*caller(), expected)
    return events(lang, checked=checked, cut=not checked.sound and checked.broken is None, expected=given)
