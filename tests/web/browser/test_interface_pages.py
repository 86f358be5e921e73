"""Manual and documentation of the API in a real browser: languages and widths, in the dark, everything opened."""

from __future__ import annotations

import pytest
from checks import Watch, faults, violations, wider
from chromium import context
from playwright.sync_api import Browser
from synergy.web.api.spec import OPERATIONS
from synergy.web.pages.manual import CHAPTERS


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_documentation_is_right_in_both_widths(browser: Browser, address: str, lang: str) -> None:
    watch = Watch(context(browser, address).new_page())
    found = [fault for path in ("api", "problems/stale") for fault in faults(watch, f"/{lang}/{path}", lang)]
    watch.page.context.close()
    assert found == []


def test_it_is_right_with_everything_opened_on_a_phone_in_the_dark(browser: Browser, address: str) -> None:
    one = context(browser, address, color_scheme="dark", viewport={"width": 390, "height": 800})
    page = one.new_page()
    page.goto("/zh/api")
    assert page.locator("details").count() == len(OPERATIONS)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert [*wider(page), *violations(page)] == []
    one.close()


def test_every_chapter_of_the_manual_is_right_on_a_phone_in_the_dark(browser: Browser, address: str) -> None:
    one = context(browser, address, color_scheme="dark", viewport={"width": 390, "height": 800})
    page = one.new_page()
    found = []
    for path in ("zh/help", *(f"zh/help/{name}" for name in CHAPTERS)):
        page.goto(f"/{path}")
        found += [f"{path}: {fault}" for fault in (*wider(page), *violations(page))]
    assert found == []
    one.close()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_manual_is_right_in_both_widths(browser: Browser, address: str, lang: str) -> None:
    watch = Watch(context(browser, address).new_page())
    found = [fault for path in ("help", "help/planner") for fault in faults(watch, f"/{lang}/{path}", lang)]
    watch.page.context.close()
    assert found == []
