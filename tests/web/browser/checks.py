"""What is asked of every page in a real browser; each check returns the faults it found, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from chromium import HEIGHT, WIDTHS
from playwright.sync_api import Page, Response

HTML_LANG = {"zh": "zh-CN", "en": "en"}
MOST_BYTES = 40_000  # of a page with all that it loads, as they come over the wire
MOST_REQUESTS = 3
_AXE = Axe()
_STICKING = """[...document.body.querySelectorAll("*")]
    .filter(one => one.getBoundingClientRect().right > window.innerWidth + 1 && !one.parentElement.closest(".scroll"))
    .slice(0, 3).map(one => one.tagName + "." + (one.getAttribute("class") || ""))"""

_TWICE = """[...document.querySelectorAll("[id]")].map(one => one.id)
    .filter((id, place, all) => all.indexOf(id) !== place)"""


@dataclass
class Watch:
    """What a page asks for and complains about while it is looked at."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    weight: int = 0

    def __post_init__(self) -> None:
        """Listen to the page."""
        self.page.on("request", lambda one: self.requests.append(one.url))
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        wire = self.page.context.new_cdp_session(self.page)
        wire.send("Network.enable")
        wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
        wire.on("Network.loadingFinished", self._loaded)

    def _said(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _loaded(self, told: dict[str, Any]) -> None:
        self.weight += int(told["encodedDataLength"])

    def fresh(self) -> None:
        """Forget what was seen."""
        self.requests.clear()
        self.complaints.clear()
        self.weight = 0


def violations(page: Page) -> list[str]:
    """Return what axe-core finds wrong with a page as it stands."""
    found = _AXE.run(page).response["violations"]
    return [
        f"axe {one['id']}: {one['help']}: {', '.join(str(node['target'][0]) for node in one['nodes'][:3])}"
        for one in found
    ]


def wider(page: Page) -> list[str]:
    """Return whether the body of a page can be scrolled sideways, and what sticks out."""
    if page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"):
        return []
    sticking = page.evaluate(_STICKING)
    return [f"the body scrolls sideways: {', '.join(sticking)}"]


def twice(page: Page) -> list[str]:
    """Return the ids that stand at several elements: a label or a hint of the second one belongs to the first."""
    return [f"the id {one} stands twice" for one in page.evaluate(_TWICE)]


def loaded(watch: Watch, path: str, lang: str) -> list[str]:
    """Open a page and return what is wrong with how it came."""
    watch.fresh()
    answer: Response | None = watch.page.goto(path, wait_until="load")
    faults = [] if answer is not None and answer.status == 200 else [f"answers {answer and answer.status}"]
    said = watch.page.evaluate("document.documentElement.lang")
    faults += [] if said == HTML_LANG[lang] else [f"its language is {said}"]
    host = urlsplit(watch.page.url).netloc
    faults += [f"asks {url}" for url in watch.requests if urlsplit(url).netloc not in ("", host)]
    faults += [f"console: {text}" for text in watch.complaints]
    faults += twice(watch.page)
    if len(watch.requests) > MOST_REQUESTS:
        faults.append(f"{len(watch.requests)} requests: {', '.join(watch.requests)}")
    if watch.weight > MOST_BYTES:
        faults.append(f"weighs {watch.weight} bytes")
    return faults


def faults(watch: Watch, path: str, lang: str, widths: Sequence[int] = WIDTHS) -> list[str]:
    """Open a page, look at it in each width, and return all that is wrong with it."""
    found = loaded(watch, path, lang)
    for width in widths:
        watch.page.set_viewport_size({"width": width, "height": HEIGHT})
        found += [f"{width} px: {fault}" for fault in (*wider(watch.page), *violations(watch.page))]
    return [f"{path}: {fault}" for fault in dict.fromkeys(found)]
