"""The checks of pages find what they are for: a page made wrong in each way, and one that is right."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from checks import Watch, faults
from chromium import context
from flask import Flask
from playwright.sync_api import Browser
from served import listening

HEAD = '<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>page</title>'
GOOD = f"{HEAD}<main><h1>Page</h1><p>Nothing is wrong.</p></main>"
WRONG = {
    "axe": (f"{HEAD}<main><h1>Page</h1><input></main>", "axe label"),
    "language": (GOOD.replace('lang="en"', 'lang="fr"'), "its language is fr"),
    "host": (f'{HEAD}<main><h1>Page</h1><img alt="" src="http://localhost:9/a.png"></main>', "asks http://localhost:9"),
    "console": (f"{HEAD}<main><h1>Page</h1><script>nothing.here</script></main>", "console: nothing is not defined"),
    "wide": (f'{HEAD}<main><h1>Page</h1><p style="width: 2000px">wide</p></main>', "390 px: the body scrolls sideways"),
    "heavy": (f"{HEAD}<main><h1>Page</h1><p>{'heavy ' * 7000}</p></main>", "weighs 42"),
    "twice": (f'{HEAD}<main><h1 id="a">Page</h1><p id="a">Twice.</p></main>', "the id a stands twice"),
    "missing": (GOOD, "answers 404"),
}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    app = Flask("pages")
    pages = {"good": GOOD, "favicon.ico": ""} | {name: page for name, (page, _) in WRONG.items()}
    app.add_url_rule("/<name>", view_func=lambda name: (pages[name], 404 if name == "missing" else 200))
    with listening(app) as one:
        yield one


@pytest.fixture
def watch(browser: Browser, address: str) -> Iterator[Watch]:
    one = context(browser, address)
    yield Watch(one.new_page())
    one.close()


def test_a_right_page_has_no_faults(watch: Watch) -> None:
    assert faults(watch, "/good", "en") == []


@pytest.mark.parametrize("name", sorted(WRONG))
def test_each_fault_is_found(watch: Watch, name: str) -> None:
    found = faults(watch, f"/{name}", "en")
    assert any(WRONG[name][1] in fault for fault in found), found
