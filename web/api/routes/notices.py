"""Notices: what enterprises and planners were told, and that it was read."""

from __future__ import annotations

from synergy.web.api.models.keeping import NoticeQuery, Notices, NoticesMarked, NoticesRead
from synergy.web.api.paging import paged
from synergy.web.api.spec import PREFIX, Call, Mark, Reply, Spec, serves

from synergy.store import notices
from synergy.store.access import Action

_TEXTS = ("text_en", "text_zh")


@serves(
    Spec(
        "GET",
        "/notices",
        Action.SEE_NOTICES,
        ("List notices", "列出通知"),
        Notices,
        query=NoticeQuery,
        marks=frozenset({Mark.PAGED}),
    )
)
def list_notices(call: Call) -> Reply:
    """Return what the account's enterprise, or the planners, were told, the latest first."""
    found = notices.list_notices(call.store, call.actor, unread=call.query.unread)
    rows = [
        {name: value for name, value in one.items() if name not in _TEXTS} | {"text": one[f"text_{call.lang}"]}
        for one in found
    ]
    return paged(rows, "notice", call.query, f"{PREFIX}/notices")


@serves(
    Spec(
        "POST",
        "/notices/read",
        Action.MARK_NOTICES,
        ("Mark notices as read", "将通知标为已读"),
        NoticesMarked,
        body=NoticesRead,
    )
)
def read_notices(call: Call) -> Reply:
    """Mark notices as read by the account, all there are where none is named; what is others' is left alone."""
    return Reply({"marked": notices.mark_read(call.store, call.actor, call.body.notices)})
