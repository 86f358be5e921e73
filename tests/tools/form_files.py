"""Declarations as files for the tests: the same rows as CSV, workbook and JSON, and a round that they are read for."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
import xlsxwriter
from stores import begun, editor

from synergy.forms.submitting import Judged, judge_file
from synergy.records.names import Seat
from synergy.store.store import KEY_FILE, Store, make_store

Rows = tuple[dict[str, Any], ...]
HEAT = {"sheet": "needs", "site": "GLASS-1", "subject": "COG", "amount": "60000", "unit": "kNm3/a", "price": "950"}
HEAT |= {"price_unit": "元/kNm3"}
OFFER = {"sheet": "offers", "site": "GLASS-1", "subject": "TAR", "amount": "500", "unit": "t/a"}


def as_csv(rows: Rows) -> bytes:
    """Return rows as a CSV file."""
    target = io.StringIO()
    names = list(dict.fromkeys([*HEAT, *(name for row in rows for name in row)]))
    writer = csv.DictWriter(target, names, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return target.getvalue().encode()


def as_xlsx(rows: Rows) -> bytes:
    """Return rows as a workbook, a sheet for each of the tables."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False})
    for sheet in ("offers", "needs", "facilities"):
        mine = [row for row in rows if row["sheet"] == sheet]
        names = list(dict.fromkeys([*list(HEAT)[1:], *(name for row in mine for name in row if name != "sheet")]))
        page = book.add_worksheet(sheet)
        page.write_row(0, 0, names)
        for line, row in enumerate(mine, start=1):
            for place, name in enumerate(names):
                page.write_string(line, place, str(row.get(name, "")))
    book.close()
    return target.getvalue()


def as_json(rows: Rows) -> bytes:
    """Return rows as a JSON document."""
    kept = [{key: value for key, value in row.items() if value != ""} for row in rows]
    return json.dumps({"entries": kept}, ensure_ascii=False).encode()


MAKE = {"csv": as_csv, "xlsx": as_xlsx, "json": as_json}


@pytest.fixture(scope="module")
def declared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, int]]:
    """Yield a store with a round that takes declarations; nothing of these tests changes it."""
    folder = tmp_path_factory.mktemp("forms")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_FILE, str(folder / "key"))
        store = make_store(folder / "store.db")
        yield store, begun(store)
        store.close()


def judged(declared: tuple[Store, int], rows: Rows | bytes, way: str, enterprise: str = "GLASS") -> Judged:
    """Return the judgement of a file of rows, as the declaration page reads it."""
    store, ident = declared
    data = rows if isinstance(rows, bytes) else MAKE[way](rows)
    return judge_file(store, editor(enterprise), Seat(ident, enterprise), (data, f"../../{enterprise}.{way}"))
