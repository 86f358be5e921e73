"""A browser for the tests: the system's Chromium, driven by Playwright; nothing is downloaded."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, expect, sync_playwright
from roots import HANG_S

NAMES = ("chromium", "chromium-browser")
WIDTHS = (390, 1280)
HEIGHT = 900


def chromium() -> str:
    """Return where the system's Chromium lies."""
    found = next((place for name in NAMES if (place := shutil.which(name))), None)
    if found is None:
        raise FileNotFoundError(f"none of {', '.join(NAMES)} is installed; as root: bash .ci/system")
    return found


@contextmanager
def started() -> Iterator[Browser]:
    """Yield a browser without a window."""
    with sync_playwright() as playwright:
        expect.set_options(timeout=1000 * HANG_S)
        options = {"executable_path": chromium(), "args": ["--disable-gpu", "--no-sandbox"]}
        one = playwright.chromium.launch(**options, timeout=1000 * HANG_S)
        yield one
        one.close()


def context(browser: Browser, address: str, **given: Any) -> Any:
    """Return a new visitor of a server, on a wide screen unless told otherwise."""
    screen = {"viewport": {"width": WIDTHS[1], "height": HEIGHT}}
    one = browser.new_context(**{"base_url": address, "locale": "zh-CN", **screen, **given})
    one.set_default_timeout(1000 * HANG_S)
    return one
