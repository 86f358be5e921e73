"""Enterprises in a real browser: their pages, an answer in few clicks, by keyboard, without script, a whole round."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from checks import Watch, faults, violations
from chromium import context
from places import Place, places
from playwright.sync_api import Browser, Page, expect
from served import Clicks, served, signed_in
from stores import PLANNER, proposals, worked
from web_worlds import PASSWORD, PEOPLE, World

from synergy.store import answers, queries, rounds, runs

DEAL = "deal:EAST>GLASS:COG"
Live = tuple[World, str]


@pytest.fixture
def live(web_template: tuple[Path, int], tmp_path: Path) -> Iterator[Live]:
    with served(web_template, tmp_path) as one:
        yield one


def test_every_page_is_right_in_both_languages_and_widths(browser: Browser, live: Live) -> None:
    found, missed = places(live[0])
    assert missed == [], missed
    assert {Place("/home", "editor"), Place("/pathways", "editor"), Place("/why-not", "editor")} <= set(found)
    wrong = []
    for who in {one.who for one in found}:
        watch = Watch(signed_in(browser, live, who) if who else context(browser, live[1]).new_page())
        for one in found:
            if one.who == who:
                wrong += [fault for lang in ("zh", "en") for fault in faults(watch, f"/{lang}{one.path}", lang)]
        watch.page.context.close()
    assert wrong == [], "\n".join(wrong)


def test_pages_of_an_enterprise_are_right_in_the_dark(browser: Browser, live: Live) -> None:
    page = signed_in(browser, live, "east", color_scheme="dark")
    code = proposals(live[0].store, live[0].round)[DEAL].proposal
    for path in ("/zh/home", f"/zh/proposals/{code}", "/zh/pathways", "/zh/why-not"):
        page.goto(path)
        assert violations(page) == [], path


def _sign_in(page: Page, who: str) -> Clicks:
    """Sign in with a password, as people do."""
    page.goto("/en/")
    page.locator("input[name=name]").fill(PEOPLE[who][0])
    page.locator("input[name=password]").fill(PASSWORD)
    person = Clicks(page)
    person.click(page.locator("main button[type=submit]"))
    return person


@pytest.mark.parametrize("script", [True, False])
def test_from_sign_in_to_accepted_in_few_clicks(browser: Browser, live: Live, script: bool) -> None:
    person = _sign_in(context(browser, live[1], java_script_enabled=script).new_page(), "editor")
    person.click(person.page.get_by_role("button", name="Accept").first)
    expect(person.page.get_by_role("status")).to_have_text("Accepted.")
    assert person.count <= 6
    code = proposals(live[0].store, live[0].round)[DEAL].proposal
    assert queries.see_proposal(live[0].store, live[0].actor("editor"), code).answer == "accepted"


def test_declined_by_keyboard_alone(browser: Browser, live: Live) -> None:
    page = signed_in(browser, live, "editor")
    page.goto("/en/home")

    def reach(name: str) -> None:
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.textContent.trim() || document.activeElement.name") == name:
                return
        raise AssertionError(f"{name} is out of reach")

    reach("Skip to the content")
    page.keyboard.press("Enter")
    reach("Decline")
    page.keyboard.press("Enter")
    reach("reason")
    page.keyboard.type("the pipe is ours until 2027")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Declined.")


def test_an_enterprise_and_a_planner_do_a_round_together(browser: Browser, live: Live) -> None:
    world, _ = live
    code = proposals(world.store, world.round)[DEAL].proposal
    glass, east = (signed_in(browser, live, who) for who in ("editor", "east"))
    glass.goto(f"/en/proposals/{code}")
    glass.get_by_text("Counter-offer").click()
    glass.get_by_label("Quantity a year", exact=False).fill("50,000")
    glass.get_by_role("button", name="Send").click()
    expect(glass.get_by_role("status")).to_have_text("Your counter-offer was sent.")
    planner = signed_in(browser, live, "planner")
    planner.goto(f"/en/proposals/{code}")
    expect(planner.get_by_role("cell", name="countered", exact=False)).to_contain_text("50000")
    runs.request_match(world.store, PLANNER, world.round)
    worked(world.store)
    for step in ("publish", "collect"):
        rounds.advance(world.store, PLANNER, world.round, step)
    for page, partner in ((glass, "East Coking"), (east, "Qingquan Glass")):
        page.goto("/en/home")
        page.locator("article", has_text=partner).get_by_role("button", name="Accept").click()
        expect(page.get_by_role("status")).to_have_text("Accepted.")
    answers.conclude(world.store, PLANNER, world.round)
    (deal,) = answers.followed(world.store, world.actor("editor"))
    assert deal.stage == "agreed"
    glass.goto("/en/home")
    expect(glass.get_by_role("heading", name="Under way")).to_be_visible()
