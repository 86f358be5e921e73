"""Administration endpoints: backups, tokens of all accounts, departed enterprises, events and audit chain."""

from __future__ import annotations

from pathlib import Path

from synergy.web.access import settings
from synergy.web.api.dispatch import bad_cursor, last_of, page_of, paged
from synergy.web.api.models.keeping import Backups, Departing, Departures, IssuedTokens
from synergy.web.api.models.records import ChainQuery, EventQuery, Events
from synergy.web.api.problems import ApiProblem
from synergy.web.api.spec import PREFIX, Call, HandlerResult, Mark, gives, serves

from synergy.records.accounts import Departed
from synergy.records.audit import BackupMade, Chain, Head
from synergy.store import api_tokens, withdrawals
from synergy.store.access import Action, Resource, require
from synergy.store.audit import history, verify_chain
from synergy.store.rounds import StepOptions


@serves("GET /backups", Action.MANAGE_USERS, ("List copies of the store", "列出数据库备份"))
@gives(Backups, Mark.PAGED, problems=("not_found",))
def list_backups(call: Call) -> HandlerResult:
    """Return the backups in the folder of the server, newest first; their contents cannot be downloaded."""
    return paged(withdrawals.copies(call.actor, _folder(call)), "file", call.query)


@serves("POST /backups", Action.MANAGE_USERS, ("Copy the store", "备份数据库"))
@gives(BackupMade, Mark.KEY, status=201, problems=("conflict", "not_found"))
def make_backup(call: Call) -> HandlerResult:
    """Back up the store into the backup folder of the server, without interrupting its users."""
    made = withdrawals.make_copy(*call.caller, _folder(call), call.asked.key)
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
    return paged(withdrawals.all_tokens(*call.caller), "id", call.query)


@serves("DELETE /issued-tokens/{token}", Action.MANAGE_USERS, ("End a token of any account", "撤销任一账户的令牌"))
@gives(None, status=204)
def end_issued_token(call: Call) -> HandlerResult:
    """Revoke a token of any account."""
    api_tokens.end_token(*call.caller, call.path["token"])
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
