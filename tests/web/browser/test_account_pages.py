"""Signing in, the own account, administration and audit in a real browser: languages, widths, dark, keyboard."""

from __future__ import annotations

import pytest
from checks import Watch, faults, violations
from playwright.sync_api import Browser, expect
from served import signed_in
from web_worlds import PASSWORD, World

PAGES = {
    "": ("sign-in",),
    "planner": ("account", "account/password", "audit", "sign-out"),
    "admin": ("admin", "account"),
    "editor": ("account",),
}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_is_right_in_both_widths(browser: Browser, web_world: World, address: str, lang: str) -> None:
    found = []
    for who, paths in PAGES.items():
        watch = Watch(signed_in(browser, (web_world, address), who))
        found += [fault for path in paths for fault in faults(watch, f"/{lang}/{path}", lang)]
        watch.page.context.close()
    assert found == []


def test_pages_are_right_in_the_dark_and_where_something_is_wrong(
    browser: Browser, web_world: World, address: str
) -> None:
    page, found = signed_in(browser, (web_world, address), "admin", color_scheme="dark"), []
    for path in ("/zh/admin", "/zh/account", "/zh/account/password", "/zh/none", "/en/audit"):
        page.goto(path)
        found += [f"{path}: {fault}" for fault in violations(page)]
    page.goto("/en/account/password")
    page.fill("#f-old", "not the password")
    page.fill("#f-new", "one long password")
    page.fill("#f-again", "another long password")
    page.keyboard.press("Enter")
    expect(page.locator("#d-again")).to_have_text("The two are not the same.")
    found += violations(page)
    assert found == []


@pytest.mark.parametrize("script", [True, False])
def test_by_keyboard_alone_from_the_sign_in_to_a_token(
    browser: Browser, web_world: World, address: str, script: bool
) -> None:
    page = signed_in(browser, (web_world, address), "", java_script_enabled=script)
    page.goto("/en/account")
    page.locator("#f-name").focus()
    page.keyboard.type("ed-glass")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Account")
    page.locator("#f-label").focus()
    page.keyboard.type("our ERP")
    page.keyboard.press("Enter")
    expect(page.locator(".secret")).to_contain_text("syn_")
    page.goto("/en/account")
    expect(page.locator(".secret")).to_have_count(0)
    expect(page.locator("tbody th")).to_have_text("our ERP")
