"""An enterprise declares in a real browser without JavaScript: a fault at its cell, then a declaration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from checks import violations, wider
from playwright.sync_api import Browser, expect
from served import served, signed_in
from stores import begun
from web_worlds import World

from synergy.records.names import Seat
from synergy.store import declarations

Live = tuple[World, str]


@pytest.fixture
def declaring_live(web_template: tuple[Path, int], tmp_path: Path) -> Iterator[tuple[Live, int]]:
    """Yield a served world with a round that takes declarations."""
    with served(web_template, tmp_path) as live:
        yield live, begun(live[0].store, name="second round")


@pytest.mark.parametrize(("lang", "width"), [("zh", 390), ("en", 1280)])
def test_a_declaration_without_scripts(
    browser: Browser, declaring_live: tuple[Live, int], lang: str, width: int
) -> None:
    live, ident = declaring_live
    screen = {"width": width, "height": 900}
    page = signed_in(browser, live, "editor", java_script_enabled=False, viewport=screen)
    page.goto(f"/{lang}/declarations")
    page.locator("[name=needs-0-amount]").fill("5万")
    page.locator("[name=needs-0-unit]").fill("GJ")
    page.locator("button[value=check]").click()
    expect(page.locator("[name=needs-0-amount][aria-invalid=true]")).to_have_value("5万")
    page.locator("[name=needs-0-amount]").fill("6500")
    page.locator("[name=needs-0-unit]").fill("万Nm3/年")
    page.locator("button[value=check]").click()
    expect(page.locator("section.card li")).to_contain_text("60000 → 65000")
    page.locator("button[value=declare]").click()
    expect(page.locator(".message.good")).to_be_visible()
    told = declarations.declaration(live[0].store, live[0].actor("editor"), Seat(ident, "GLASS"))
    assert [one.amount.document() for one in told.entries] == [{"value": "65000", "unit": "kNm3"}]
    page.context.close()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_tables_to_write_in_fit_and_are_accessible(
    browser: Browser, declaring_live: tuple[Live, int], lang: str
) -> None:
    found = []
    for width in (390, 1280):
        page = signed_in(browser, declaring_live[0], "editor", viewport={"width": width, "height": 900})
        page.goto(f"/{lang}/declarations")
        page.locator("[name=needs-0-unit]").fill("t/d")
        page.locator("button[value=check]").click()
        found += [f"{width} px: {fault}" for fault in (*wider(page), *violations(page))]
        page.context.close()
    assert found == []
