"""Pages of a list: an opaque cursor that holds even where rows come and go."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field
from synergy.web.api.problems import ApiProblem
from synergy.web.api.spec import Record, Reply

LONGEST = 200  # rows on one page
USUAL = 50


class Page(BaseModel):
    """Which part of a list is wanted."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(USUAL, ge=1, le=LONGEST, description="Rows on one page.")
    cursor: str | None = Field(None, max_length=300, description="`next` of the page before; opaque.")


def paged(rows: Sequence[Record], key: str, query: Page, path: str) -> Reply:
    """Return one page of a list.

    Parameters
    ----------
    rows : sequence of dict
        The whole list, in an order that stays.
    key : str
        What names a row.
    query : Page
        What was asked.
    path : str
        Of the list, for the link to the next page.

    Returns
    -------
    Reply
        ``{items, next}``, with a Link (RFC 8288) where there is a next page.

    Raises
    ------
    ApiProblem
        The cursor was not made here.
    """
    start = 0 if query.cursor is None else _start(rows, key, query.cursor)
    return page_of(rows[start : start + query.limit + 1], key, query, path, start)


def page_of(rows: Sequence[Record], key: str, query: Page, path: str, start: int = 0) -> Reply:
    """Return one page of which the rows are known already, with one more where there is another page.

    Parameters
    ----------
    rows, key, query, path
        As for `paged`; at most one row more than fits.
    start : int
        Rows before it, where they are counted.
    """
    items = list(rows[: query.limit])
    follows = _cursor(start + len(items), items[-1][key]) if len(rows) > len(items) else None
    headers = {}
    if follows is not None:
        asked = query.model_dump(exclude_none=True, mode="json") | {"cursor": follows}
        headers["Link"] = f'<{path}?{urlencode(asked)}>; rel="next"'
    return Reply({"items": items, "next": follows}, headers=headers)


def _cursor(place: int, last: object) -> str:
    return base64.urlsafe_b64encode(json.dumps([place, last], separators=(",", ":")).encode()).decode().rstrip("=")


def last_of(query: Page) -> object:
    """Return what names the last row of the page before; None where there was none."""
    return None if query.cursor is None else _place(query.cursor)[1]


def bad_cursor() -> ApiProblem:
    """Return what to raise where a cursor was not made here."""
    said = ("the cursor was not made by this list; begin again without one", "游标并非由此列表生成；请不带游标重新开始")
    return ApiProblem("invalid", errors=[("cursor", "cursor", *said)])


def _place(cursor: str) -> tuple[int, object]:
    try:
        place, last = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(place, int) or isinstance(place, bool) or not 0 <= place <= 2**31:
            raise ValueError(cursor)
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise bad_cursor() from error
    return place, last


def _start(rows: Sequence[Record], key: str, cursor: str) -> int:
    """Return where a page begins: behind the last row that was shown, or at its old place where that is gone."""
    place, last = _place(cursor)
    if place and place <= len(rows) and rows[place - 1][key] == last:
        return place
    return next((number for number, row in enumerate(rows, start=1) if row[key] == last), place)
