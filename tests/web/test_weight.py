"""Weight of pages: each main page of a round of 60 firms within 40 kB and three requests."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import regions
from synergy.web.access import KEY
from synergy.web.app import create_app
from synergy.web.planning.tables import MOST, PlanSheet, cells
from synergy.web.settings import ServerSettings
from synergy.web.tables import TableColumn
from web_worlds import SECRET
from weighed import MOST_BYTES, MOST_REQUESTS, main_pages, weighed

from synergy.store.accounts import begin, known
from synergy.store.store import KEY_FILE, Store, make_store


@pytest.fixture(scope="module", params=[60])
def round_of(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, int]]:
    """Yield a store, and its published round of so many firms."""
    folder = tmp_path_factory.mktemp("weight")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_FILE, str(folder / "key"))
        store = make_store(folder / "store.db")
        regions.people(store)
        yield store, regions.published(store, request.param)
        store.close()


def test_weight_of_main_pages(round_of: tuple[Store, int]) -> None:
    """No main page weighs more, or takes more requests, than it may."""
    store, ident = round_of
    app = create_app(store, ServerSettings(secret=SECRET, limited=False))
    heavy = []
    for who, path in main_pages(store, ident, regions.PLANNER.name, regions.EDITOR):
        client = app.test_client()
        with client.session_transaction() as session:
            session[KEY] = begin(store, known(store, who), 1.0)
        for lang in ("zh", "en"):
            found = weighed(app, client, f"/{lang}{path}")
            if found.bytes > MOST_BYTES or found.requests > MOST_REQUESTS:
                heavy.append(f"/{lang}{path}: {found}")
    assert not heavy


def test_long_tables_have_pages(round_of: tuple[Store, int]) -> None:
    """All rows of a long table can be reached: each page of it has its own, and leads to the others."""
    store, ident = round_of
    app = create_app(store, ServerSettings(secret=SECRET, limited=False))
    client = app.test_client()
    with client.session_transaction() as session:
        session[KEY] = begin(store, known(store, regions.PLANNER.name), 1.0)
    address = f"/en/rounds/{ident}/results"
    wanted = re.compile(rf"/en/rounds/{ident}/proposals/P\w+")
    first = client.get(address).text
    leaves = sorted(set(re.findall(r"\?from-proposals=\d+", first)))
    texts = [client.get(address + leaf).text for leaf in leaves] or [first]
    found = [set(wanted.findall(text)) for text in texts]
    whole = client.get(f"/en/rounds/{ident}/tables/proposals.csv").text.strip().splitlines()
    assert sum(map(len, found)) == len(set.union(*found)) == len(whole) - 1


@pytest.mark.parametrize("given", [None, "", "-1", "x", "999999", "９", "9" * 30])
def test_page_of_a_table_that_there_is_not(given: str | None) -> None:
    """Whatever stands in an address, a table shows a page that it has."""
    sheet = PlanSheet("t", "t", (TableColumn("a", "a"),), tuple(cells(str(row)) for row in range(2 * MOST + 1)))
    assert sheet.first(given) == 0
    assert [one[:2] for one in sheet.pages()] == [(0, 1), (MOST, MOST + 1), (2 * MOST, 2 * MOST + 1)]
    assert len(sheet.visible(sheet.first(str(2 * MOST)))) == 1
