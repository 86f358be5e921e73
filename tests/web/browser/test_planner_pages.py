"""The rooms of planners in a real browser: both languages and widths, a round by clicks, a run as it goes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from checks import Watch, faults, violations
from playwright.sync_api import Browser, expect
from roots import TINY
from served import Clicks, served, signed_in
from stores import PLANNER, accept, begun, proposals, worked
from synergy.web.texts import word
from web_worlds import World

from synergy.dataset.read import read
from synergy.store import freezing, leases, queries, runs
from synergy.store.access import WORKER
from synergy.store.datasets import snapshot_of
from synergy.store.leases import claim
from synergy.workbook.writing import dataset_workbook

OUTSIDE = """() => {
    const box = document.querySelector("svg.drawn").getBoundingClientRect();
    const out = one => one.left < box.left - 1 || one.right > box.right + 1 || one.top < box.top - 1 ||
        one.bottom > box.bottom + 1;
    return [...document.querySelectorAll("svg.drawn text")].filter(one => out(one.getBoundingClientRect()))
        .map(one => one.textContent);
}"""


@pytest.fixture(scope="module")
def live(web_template: tuple[Path, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, str]]:
    """Yield a world that is served, and its address."""
    with served(web_template, tmp_path_factory.mktemp("live")) as one:
        yield one


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_is_right_in_both_widths(browser: Browser, live: tuple[World, str], lang: str) -> None:
    world, _ = live
    watch = Watch(signed_in(browser, live, "planner"))
    here = f"/rounds/{world.round}"
    views = ("results", "map", "sankey", "partners", "products", "settlement", "why", "summary")
    paths = [
        "/rounds",
        "/rounds/new",
        here,
        *(f"{here}/{view}" for view in views),
        f"{here}/review",
        "/compare",
        "/board",
    ]
    found = [fault for path in paths for fault in faults(watch, f"/{lang}{path}", lang)]
    assert found == []


def test_pages_are_right_in_the_dark(browser: Browser, live: tuple[World, str]) -> None:
    page = signed_in(browser, live, "planner", color_scheme="dark")
    found = []
    for view in ("results", "map", "sankey", "partners", "products"):
        page.goto(f"/zh/rounds/{live[0].round}/{view}")
        found += violations(page)
    assert found == []


def test_pictures_are_drawn_inside_their_boxes(browser: Browser, live: tuple[World, str]) -> None:
    page = signed_in(browser, live, "planner")
    for view in ("map", "sankey", "partners", "products"):
        page.goto(f"/en/rounds/{live[0].round}/{view}")
        out = page.evaluate(OUTSIDE)
        assert out == [], view


@pytest.mark.parametrize("scripted", [True, False])
def test_a_planner_takes_a_round_from_data_to_published_in_eight_clicks(
    browser: Browser, live: tuple[World, str], scripted: bool
) -> None:
    world, page = live[0], signed_in(browser, live, "planner", java_script_enabled=scripted)
    page.goto("/en/rounds")
    clicks = 0

    def click(name: str, role: Any = "button") -> None:
        nonlocal clicks
        page.get_by_role(role, name=name, exact=True).click()
        clicks += 1

    click("New round", "link")
    page.get_by_label("Name of the round").fill("by clicks")
    page.get_by_label("Dataset").select_option(index=2)  # what is stored, behind what ships
    click("Next")
    click("Next")
    page.get_by_label("Settlement").select_option("standalone")
    click("Make the round")
    ident = int(page.url.rsplit("/", 1)[1])
    click("Match the dataset as it is")
    worked(world.store)
    page.goto(f"/en/rounds/{ident}")
    click("Publish and ask for answers")
    assert queries.see_round(world.store, PLANNER, ident).state == "responding"
    assert clicks <= 8


@pytest.mark.parametrize("scripted", [True, False])
def test_a_planner_takes_an_uploaded_workbook_to_a_published_round_in_eight_clicks(
    browser: Browser, live: tuple[World, str], tmp_path: Path, scripted: bool
) -> None:
    world, page = live[0], signed_in(browser, live, "planner", java_script_enabled=scripted)
    file = tmp_path / "association.xlsx"
    file.write_bytes(dataset_workbook(read(TINY), "en"))
    page.goto("/en/rounds")
    person = Clicks(page)
    person.click(page.get_by_role("link", name="Upload a dataset"))
    page.locator("input[type=file]").set_input_files(file)
    person.count += 1  # the dialog of files
    person.click(page.locator("main form button[type=submit]").first)
    person.click(page.get_by_role("link", name=word("dataset.use", "en", name="tiny")))
    page.get_by_label("Name of the round").fill("from a workbook")
    person.click(page.get_by_role("button", name="Next", exact=True))
    person.click(page.get_by_role("button", name="Next", exact=True))
    page.get_by_label("Settlement").select_option("standalone")
    person.click(page.get_by_role("button", name=word("draft.at_once", "en")))
    ident = int(page.url.rsplit("/", 1)[1])
    made_of = queries.round_input(world.store, PLANNER, ident).base
    assert made_of == snapshot_of(read(TINY)).digest
    worked(world.store)
    page.goto(f"/en/rounds/{ident}")
    person.click(page.get_by_role("button", name="Publish and ask for answers"))
    assert queries.see_round(world.store, PLANNER, ident).state == "responding"
    assert person.count <= 8, person.count


def test_a_run_is_watched_as_it_goes(browser: Browser, live: tuple[World, str]) -> None:
    store, page = live[0].store, signed_in(browser, live, "planner")
    ident = begun(store, name="watched")
    freezing.freeze(store, PLANNER, ident)
    runs.request_match(store, PLANNER, ident)
    page.goto(f"/en/rounds/{ident}")
    expect(page.locator("#live")).to_contain_text("Waiting for a worker")
    held = claim(store, WORKER, "test")
    assert held is not None
    told = {"gap": None, "done": 0, "total": 0, "phase": "search", "seconds": 2.0}
    leases.note_progress(store, WORKER, held, {0: told | {"bound": 800e6, "best": 600e6, "gap": 1 / 3}})
    expect(page.locator("#live")).to_contain_text("33.33%")
    leases.note_progress(store, WORKER, held, {1: told | {"bound": 700e6, "best": 640e6, "gap": 0.09375}})
    expect(page.locator("#live")).to_contain_text("9.38%")
    expect(page.locator("#live svg.drawn")).to_have_count(1)
    assert violations(page) == []
    leases.release(store, WORKER, held)
    worked(store)
    expect(page.get_by_role("button", name="Publish and ask for answers")).to_be_visible()


def test_the_board_is_moved_with_the_keyboard(browser: Browser, live: tuple[World, str]) -> None:
    store, page = live[0].store, signed_in(browser, live, "planner")
    ident = begun(store, name="followed")
    freezing.freeze(store, PLANNER, ident)
    runs.request_match(store, PLANNER, ident)
    worked(store)
    page.goto(f"/en/rounds/{ident}")
    page.get_by_role("button", name="Publish and ask for answers").press("Enter")
    accept(store, next(iter(proposals(store, ident).values())))
    page.reload()
    page.get_by_role("button", name="End the round").press("Enter")
    page.goto(f"/en/board?round={ident}")
    page.locator("summary", has_text="Move on").press("Enter")
    page.get_by_role("button", name="Move on").press("Enter")
    expect(page.locator("#stage-permits")).to_contain_text("1")
