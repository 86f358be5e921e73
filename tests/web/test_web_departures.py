"""Enterprises that leave, on pages: what would happen first, then done, then let in again."""

from __future__ import annotations

from html import unescape

import pytest
from stores import PLANNER, begun
from synergy.web.texts import word
from web_worlds import World

from synergy.store import rounds, withdrawals
from synergy.texts import LANGUAGES


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_enterprise_leaves_once_that_is_confirmed(web_world: World, lang: str) -> None:
    store, admin, path = web_world.store, web_world.client("admin"), f"/{lang}/admin/departures"
    assert path in admin.get(f"/{lang}/admin").text
    assert word("departures.none", lang) in unescape(admin.get(path).text)
    begun(store, name="second")
    east = web_world.client("east")
    asked = unescape(web_world.post(admin, path, enterprise="EAST", reason="<b>closed").text)
    assert "ed-east" in asked
    assert "<b>closed" not in admin.get(path).text
    assert withdrawals.list_departures(store, web_world.actor("admin")) == []
    sure = {"enterprise": "EAST", "reason": "<b>closed", "sure": "yes"}
    refused = web_world.post(admin, path, **sure)  # a proposal with it is open
    assert refused.status_code == 422
    assert 'role="alert"' in refused.text
    rounds.advance(store, PLANNER, web_world.round, "cancel")
    assert web_world.post(admin, path, **sure).status_code == 303
    page = admin.get(path).text
    assert "&lt;b&gt;closed" in page
    assert "EAST" in page
    assert east.get(f"/{lang}/").status_code in (302, 303, 401)
    assert word("action.enterprise.depart", lang) in web_world.client("planner").get(f"/{lang}/audit").text
    assert web_world.post(admin, f"{path}/EAST/readmit").status_code == 303
    assert withdrawals.list_departures(store, web_world.actor("admin")) == []
    assert web_world.post(admin, f"{path}/EAST/readmit").status_code == 404


@pytest.mark.parametrize("name", ["", "NOBODY"])
def test_who_is_not_known_cannot_leave(web_world: World, name: str) -> None:
    admin = web_world.client("admin")
    asked = web_world.post(admin, "/en/admin/departures", enterprise=name)
    assert asked.status_code == 200
    assert web_world.post(admin, "/en/admin/departures", enterprise=name, sure="yes").status_code == 404


def test_only_an_administrator_lets_leave(web_world: World) -> None:
    for who in ("planner", "editor", "auditor"):
        client = web_world.client(who)
        assert client.get("/en/admin/departures").status_code == 403
        assert web_world.post(client, "/en/admin/departures", enterprise="GLASS", sure="yes").status_code == 403
