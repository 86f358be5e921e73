"""Administration endpoints: backups, tokens of all accounts, departed enterprises, events and audit chain."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from synergy.web.access import settings
from synergy.web.api.dispatch import bad_cursor, last_of, page_of, paged
from synergy.web.api.models import Given, Items, Name, Page, Words
from synergy.web.api.problems import ApiProblem
from synergy.web.api.spec import PREFIX, Call, HandlerResult, Mark, gives, serves

from synergy.records.accounts import Backup, BackupMade, Chain, Departed, Departure, Event, Head, IssuedToken
from synergy.records.figures import Ident, example
from synergy.store import accounts, backup, withdrawals
from synergy.store.access import Action, Resource, require
from synergy.store.commit import history, verify_chain
from synergy.store.rounds import StepOptions


class Departing(Given):
    """An enterprise that leaves, and the reason."""

    model_config = example({"enterprise": "GLASS", "note": "closed in June"})
    enterprise: Name
    note: Words = ""


class Departures(Items[Departure]):
    """One page of enterprises that have left, by id."""


class IssuedTokens(Items[IssuedToken]):
    """One page of tokens, the first to expire first."""


class Backups(Items[Backup]):
    """One page of backups, newest first."""


class Events(Items[Event]):
    """One page of events, newest first."""


class EventQuery(Page):
    """Filter of events."""

    round: Ident | None = Field(None, description="Those of one round.")


class ChainQuery(Given):
    """A published head that the audit chain must contain."""

    number: int | None = Field(None, ge=0, le=2**53)
    mac: str | None = Field(None, pattern="^[0-9a-f]{64}$")


@serves("GET /backups", Action.MANAGE_USERS, ("List copies of the store", "列出数据库备份"))
@gives(Backups, Mark.PAGED, problems=("not_found",))
def list_backups(call: Call) -> HandlerResult:
    """Return the backups in the folder of the server, newest first; their contents cannot be downloaded."""
    return paged(backup.copies(call.actor, _folder(call)), "file", call.query)


@serves("POST /backups", Action.MANAGE_USERS, ("Copy the store", "备份数据库"))
@gives(BackupMade, Mark.KEY, status=201, problems=("conflict", "not_found"))
def make_backup(call: Call) -> HandlerResult:
    """Back up the store into the backup folder of the server, without interrupting its users."""
    made = backup.make_copy(*call.caller, _folder(call), call.asked.key)
    return HandlerResult(made, headers={"Location": f"{PREFIX}/backups"})


def _folder(call: Call) -> Path:
    """Return the backup folder; raise not found if none is configured."""
    require(call.actor, Action.MANAGE_USERS, Resource("user"))
    folder = settings().backup_folder
    if folder is None:
        raise ApiProblem("not_found", ("no folder for copies is set", "未设置备份文件夹"))
    return folder


@serves("GET /issued-tokens", Action.MANAGE_USERS, ("List the tokens of all accounts", "列出全部账户的令牌"))
@gives(IssuedTokens, Mark.PAGED)
def list_issued_tokens(call: Call) -> HandlerResult:
    """Return the valid tokens of all accounts, without their secrets."""
    return paged(accounts.all_tokens(*call.caller), "id", call.query)


@serves("DELETE /issued-tokens/{token}", Action.MANAGE_USERS, ("End a token of any account", "撤销任一账户的令牌"))
@gives(None, status=204)
def end_issued_token(call: Call) -> HandlerResult:
    """Revoke a token of any account."""
    accounts.end_token(*call.caller, call.path["token"])
    return HandlerResult()


@serves("GET /departures", Action.REMOVE_ENTERPRISE, ("List enterprises that have left", "列出已退出的企业"))
@gives(Departures, Mark.PAGED)
def list_departures(call: Call) -> HandlerResult:
    """Return the enterprises that have left and were not readmitted, ordered by id."""
    return paged(withdrawals.list_departures(*call.caller), "enterprise", call.query)


@serves("POST /departures", Action.REMOVE_ENTERPRISE, ("Let an enterprise leave", "办理企业退出"))
@gives(Departed, Mark.KEY, status=201, body=Departing, problems=("conflict", "not_found"))
def depart_enterprise(call: Call) -> HandlerResult:
    """Remove an enterprise: close its accounts and withdraw its declarations in rounds not yet frozen.

    Refused while it has open proposals, partnerships that have not ended, or a run in progress.
    """
    asked = StepOptions(key=call.asked.key, note=call.body.note)
    told = withdrawals.depart(*call.caller, call.body.enterprise, asked)
    return HandlerResult(told, headers={"Location": f"{PREFIX}/departures"})


@serves("DELETE /departures/{enterprise}", Action.REMOVE_ENTERPRISE, ("Let an enterprise in again", "恢复企业参与"))
@gives(None, Mark.KEY, status=204)
def readmit_enterprise(call: Call) -> HandlerResult:
    """Readmit an enterprise that has left; its accounts stay closed until they are enabled."""
    withdrawals.readmit(*call.caller, call.path["enterprise"], call.asked)
    return HandlerResult()


@serves("GET /events", Action.SEE_EVENTS, ("List events", "列出事件"))
@gives(Events, Mark.PAGED, query=EventQuery)
def list_events(call: Call) -> HandlerResult:
    """Return the events of the audit chain, newest first."""
    last = last_of(call.query)
    if last is not None and (not isinstance(last, int) or not 0 < last < 2**53):
        raise bad_cursor()
    # one more than a page holds shows whether there is another
    rows = history(*call.caller, call.query.round, call.query.limit + 1, last)
    return page_of(rows, "number", call.query)


@serves("GET /audit", Action.VERIFY_CHAIN, ("Verify the audit chain", "校验审计链"))
@gives(Chain, query=ChainQuery)
def verify_audit(call: Call) -> HandlerResult:
    """Verify the audit chain; pass `number` and `mac` of a published head to detect a truncated chain."""
    query: ChainQuery = call.query
    number, mac = query.number, query.mac
    if (number is None) != (mac is None):
        said = ("expected both or none", "两者应同时填写")
        raise ApiProblem("invalid", errors=[("number" if number is None else "mac", "missing", *said)])
    expected = None if number is None or mac is None else Head(number=number, mac=mac)
    return HandlerResult(verify_chain(*call.caller, expected))
