"""The chain of events: read and verified."""

from __future__ import annotations

from synergy.web.api.models.records import Chain, ChainQuery, EventQuery, Events
from synergy.web.api.paging import bad_cursor, last_of, page_of
from synergy.web.api.problems import ApiProblem
from synergy.web.api.spec import PREFIX, Call, Mark, Reply, Spec, serves

from synergy.store.access import Action
from synergy.store.audit import history, verify_chain


@serves(
    Spec(
        "GET",
        "/events",
        Action.SEE_EVENTS,
        ("List events", "列出事件"),
        Events,
        query=EventQuery,
        marks=frozenset({Mark.PAGED}),
    )
)
def list_events(call: Call) -> Reply:
    """Return what happened, the latest first."""
    last = last_of(call.query)
    if last is not None and (not isinstance(last, int) or not 0 < last < 2**53):
        raise bad_cursor()
    # one more than a page holds shows whether there is another
    rows = history(call.store, call.actor, call.query.round, call.query.limit + 1, last)
    return page_of(rows, "number", call.query, f"{PREFIX}/events")


@serves(Spec("GET", "/audit", Action.VERIFY_CHAIN, ("Verify the audit chain", "校验审计链"), Chain, query=ChainQuery))
def verify_audit(call: Call) -> Reply:
    """Recompute the chain of events; with `number` and `mac` of a head published earlier, a tail cut off is seen."""
    number, mac = call.query.number, call.query.mac
    if (number is None) != (mac is None):
        said = ("expected both or none", "两者应同时填写")
        raise ApiProblem("invalid", errors=[("number" if number is None else "mac", "missing", *said)])
    expected = None if number is None else {"number": number, "mac": mac}
    return Reply(verify_chain(call.store, call.actor, expected))
