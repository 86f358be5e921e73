"""Labels of data are in the language of the page: no name of the other language, on any page, for anybody."""

from __future__ import annotations

import re
from html import unescape

import pytest
from places import places
from roots import TINY
from web_worlds import World

from synergy.dataset.read import read
from synergy.texts import LANGUAGES

OTHER = {"en": "zh", "zh": "en"}
_UNSEEN = re.compile(r"<(script|style)\b.*?</\1>", re.DOTALL)


def _foreign(lang: str) -> dict[str, re.Pattern[str]]:
    """Return the names of things that a page in one language must not show, each as what finds it."""
    dataset = read(TINY)
    found: dict[str, re.Pattern[str]] = {}
    for name in ("commodities", "processes", "enterprises", "sites"):
        frame = dataset[name]
        for own, other in zip(frame[f"name_{lang}"], frame[f"name_{OTHER[lang]}"], strict=True):
            if own and other and own != other:
                found[other] = re.compile(rf"(?<![A-Za-z]){re.escape(other)}(?![A-Za-z])", re.IGNORECASE)
    return found


@pytest.mark.parametrize("lang", LANGUAGES)
def test_labels_are_in_the_language_of_the_page(web_world: World, lang: str) -> None:
    foreign = _foreign(lang)
    assert len(foreign) > 15
    seen, _ = places(web_world)
    clients = {who: web_world.client(who) for who in {one.who for one in seen}}
    wrong, native = [], 0
    own = {name for name in _foreign(OTHER[lang]) if len(name) > 3}
    for one in seen:
        if one.path.startswith("/api"):  # examples of the interface are in English
            continue
        shown = unescape(_UNSEEN.sub("", clients[one.who].get(f"/{lang}{one.path}").text))
        wrong += [f"{one.who} /{lang}{one.path}: {name}" for name, wanted in foreign.items() if wanted.search(shown)]
        native += any(name in shown for name in own)
    assert wrong == []
    assert native > 5
