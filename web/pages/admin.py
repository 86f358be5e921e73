"""Administration page: accounts, tokens, backups and the head of the audit chain."""

from __future__ import annotations

import secrets

from flask import abort, flash, redirect, request, url_for
from synergy.web.access import actor, caller, rule, settings, store
from synergy.web.clock import whole
from synergy.web.error_handlers import said, status_of
from synergy.web.render import page, pages
from synergy.web.texts import word
from werkzeug.wrappers import Response

from synergy.errors import StoreError
from synergy.records.names import Role
from synergy.store import accounts, api_tokens, audit, withdrawals
from synergy.store.access import Action
from synergy.store.accounts import AccountData
from synergy.store.messages import refusal
from synergy.store.rounds import StepOptions

room = pages("admin")
ROLES = tuple(role for role in Role if role is not Role.WORKER)


@room.get("/admin")
@rule(Action.MANAGE_USERS)
def admin(lang: str) -> str:
    """Show accounts, tokens, backups and the verification of the audit chain."""
    return _page(lang)


def _page(lang: str, **more: object) -> str:
    """Render the administration page; a new password is shown only once."""
    folder, who = settings().backup_folder, actor()
    fields: dict[str, object] = {
        "accounts": accounts.list_users(store(), who),
        "tokens": withdrawals.all_tokens(store(), who),
        "copies": None if folder is None else withdrawals.copies(who, folder),
        "roles": ROLES,
        "given": {},
        "made": None,
        "fault": "",
        "chain": None,
    }
    return page("admin/admin.html", lang, **{**fields, **more})


def one_time_password() -> str:
    """Return a random one-time password."""
    return secrets.token_urlsafe(12)


@room.post("/admin/accounts")
@rule(Action.MANAGE_USERS)
def add_account(lang: str) -> str | tuple[str, int]:
    """Create an account with a one-time password, shown only once; client accounts need none."""
    given = {name: request.form.get(name, "").strip() for name in ("name", "role", "enterprise")}
    try:
        if given["role"] not in ROLES:
            raise refusal("unknown", what="role", name=given["role"][:40], expected=", ".join(ROLES))
        role = Role(given["role"])
        password = None if role is Role.CLIENT and "password" not in request.form else one_time_password()
        account = AccountData(given["name"], role, given["enterprise"] or None, password, one_time=True)
        accounts.add_user(*caller(), account)
    except StoreError as error:
        return _page(lang, given=given, fault=said(error, lang)), status_of(error)
    return _page(lang, made={"name": account.name, "password": password})


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
        password = one_time_password()
        accounts.change_user(*caller(), name, asked, password=password)
        return _page(lang, made={"name": name, "password": password})
    if wish not in ("disable", "enable"):
        abort(400)
    accounts.change_user(*caller(), name, asked, disabled=wish == "disable")
    flash(word(f"admin.{wish}d", lang, name=name), "good")
    return redirect(url_for("admin.admin", lang=lang), 303)


@room.post("/admin/tokens/<int:ident>/end")
@rule(Action.MANAGE_USERS)
def end_token(lang: str, ident: int) -> Response:
    """Revoke a token of any account."""
    api_tokens.revoke_token(*caller(), ident)
    flash(word("account.ended", lang), "good")
    return redirect(url_for("admin.admin", lang=lang) + "#all-tokens", 303)


@room.post("/admin/copies")
@rule(Action.MANAGE_USERS)
def copy(lang: str) -> Response:
    """Back up the store into the backup folder of the server."""
    folder = settings().backup_folder
    if folder is None:
        abort(404)
    made = withdrawals.make_copy(*caller(), folder)
    flash(word("admin.copied", lang, file=made.file, sha256=made.sha256), "good")
    return redirect(url_for("admin.admin", lang=lang) + "#copies", 303)


@room.post("/admin/chain")
@rule(Action.MANAGE_USERS)
def chain(lang: str) -> str:
    """Verify the audit chain and show its head."""
    return _page(lang, chain=audit.verify_chain(*caller()))
