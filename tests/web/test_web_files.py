"""Tables as files: beside each table that a page shows, and holding what the page says."""

from __future__ import annotations

import csv
import io
import json
import re
from html import unescape

import pytest
from flask.testing import FlaskClient
from stores import editor, proposals
from synergy.web.tables import KINDS
from web_worlds import World

from synergy.records.figures import bare
from synergy.records.names import Seat
from synergy.records.proposals import OwnProposal
from synergy.store import declarations, queries
from synergy.texts import LANGUAGES


def _twins(client: FlaskClient, path: str) -> list[str]:
    page = client.get(path)
    assert page.status_code == 200, path
    found = re.findall(r'<p class="twins">(.*?)</p>', page.text, re.S)
    assert found, f"{path}: no table is a file"
    hrefs = [unescape(href) for part in found for href in re.findall(r'href="([^"]+)"', part)]
    assert len(hrefs) == len(KINDS) * len(found)
    return hrefs


def _rows(client: FlaskClient, path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(client.get(path).data.decode("utf-8-sig"))))


def _code(world: World, firm: str) -> str:
    return next(iter(_own(world, firm)))


def _own(world: World, firm: str) -> dict[str, OwnProposal]:
    """Return the proposals to an enterprise in its own view, by code."""
    listed = queries.list_proposals(world.store, editor(firm), world.round)
    return {one.proposal: one for one in listed if isinstance(one, OwnProposal)}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_planners_read_is_a_file_too(web_world: World, lang: str) -> None:
    client, ident = web_world.client("planner"), web_world.round
    code = next(iter(proposals(web_world.store, ident).values())).proposal
    found: set[str] = set()
    for path in ("/rounds", f"/rounds/{ident}", f"/rounds/{ident}/proposals/{code}", "/audit", f"/audit?round={ident}"):
        found.update(_twins(client, f"/{lang}{path}"))
    for href in sorted(found):
        answer = client.get(href)
        assert answer.status_code == 200, href
        assert answer.headers["Content-Disposition"].startswith("attachment"), href
    named = {href.split("?")[0].rpartition("/")[2].partition(".")[0] for href in found}
    assert {"rounds", "members", "runs", "sides", "terms", "audit"} <= named
    assert client.get(f"/{lang}/rounds/{ident}/nothing.csv").status_code == 404
    assert client.get(f"/{lang}/rounds/{ident}/runs.pdf").status_code == 404


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_an_enterprise_reads_is_a_file_too(web_world: World, lang: str) -> None:
    client, code = web_world.client("east"), _code(web_world, "EAST")
    for path in ("/home", f"/proposals/{code}", "/pathways?commodity=COG"):
        for href in _twins(client, f"/{lang}{path}"):
            assert client.get(href).status_code == 200, href
    assert web_world.client("planner").get(f"/{lang}/proposals.csv").status_code == 404


def test_files_of_an_enterprise_hold_its_own_figures(web_world: World) -> None:
    client, code = web_world.client("east"), _code(web_world, "EAST")
    own = _own(web_world, "EAST")
    listed = json.loads(client.get("/en/proposals.json").data)["rows"]
    assert {row["code"]: row["gain"] for row in listed} == {key: bare(one.own.gain) for key, one in own.items()}
    lines = json.loads(client.get(f"/en/proposals/{code}/terms.json").data)["rows"]
    assert [row["quantity"] for row in lines] == [float(one.quantity) for one in own[code].lines]
    assert {one["unit"] for one in json.loads(client.get("/en/proposals.json").data)["columns"]} >= {"CNY/a", "t/a"}
    chains = declarations.chains(web_world.store, editor("EAST"), Seat(web_world.round, "EAST"), "COG")["chains"]
    kept = {one["title_en"]: one["margin"]["middle"] for one in chains if one["ends"]}
    told = {
        row["chain"]: row["middle"] for row in json.loads(client.get("/en/pathways.json?commodity=COG").data)["rows"]
    }
    assert told
    assert all(kept[name] == pytest.approx(value) for name, value in told.items())


def test_files_of_others_are_not_found(web_world: World) -> None:
    mine = {one.proposal for one in queries.list_proposals(web_world.store, editor("GLASS"), web_world.round)}
    whole = queries.list_proposals(web_world.store, web_world.actor("planner"), web_world.round)
    others = [one.proposal for one in whole if one.proposal not in mine]
    assert others
    client = web_world.client("editor")
    assert client.get(f"/en/proposals/{others[0]}/terms.csv").status_code == 404
    assert client.get(f"/en/rounds/{web_world.round}/proposals/{others[0]}/sides.csv").status_code == 403
    assert client.get("/en/audit.csv").status_code == 403


def test_the_file_of_events_is_the_record(web_world: World) -> None:
    rows = _rows(web_world.client("auditor"), f"/en/audit.csv?round={web_world.round}")
    assert [int(row["Number"]) for row in rows] == sorted((int(row["Number"]) for row in rows), reverse=True)
    assert "proposals published" in {row["What"] for row in rows}
    assert all(re.fullmatch("[0-9a-f]{64}", row["HMAC-SHA256"]) for row in rows)


def test_quantities_in_files_are_numbers_with_their_unit(web_world: World) -> None:
    client, ident = web_world.client("planner"), web_world.round
    for code in (one.proposal for one in proposals(web_world.store, ident).values()):
        table = json.loads(client.get(f"/en/rounds/{ident}/proposals/{code}/terms.json").data)
        assert table["rows"]
        for row in table["rows"]:
            assert isinstance(row["quantity"], float)
            assert row["unit"]
            assert row["band"] != "–"


def test_a_map_is_geojson_too(web_world: World) -> None:
    client, ident = web_world.client("planner"), web_world.round
    page = client.get(f"/zh/rounds/{ident}/map?commodity=COG").text
    address = re.search(r'href="([^"]+map\.geojson[^"]*)"', page)
    assert address is not None
    answer = client.get(address[1])
    assert answer.mimetype == "application/geo+json"
    told = answer.get_json(force=True)
    points = {one["properties"]["site"]: one for one in told["features"] if one["geometry"]["type"] == "Point"}
    lines = [one for one in told["features"] if one["geometry"]["type"] == "LineString"]
    assert {one["properties"]["commodity"] for one in lines} == {"COG"}
    for one in lines:
        said = one["properties"]
        ends = [points[said[end]]["geometry"]["coordinates"] for end in ("from", "to")]
        assert one["geometry"]["coordinates"] == ends
        assert said["quantity"] > 0
        assert said["unit"] == "kNm3"
    east = points["EAST-1"]
    labels = queries.see_plan(web_world.store, web_world.actor("planner"), ident).labels["sites"]["EAST-1"]
    assert east["geometry"]["coordinates"] == pytest.approx([labels["longitude"], labels["latitude"]], abs=1e-6)
    assert east["properties"]["name"] == labels["name_zh"]
    for who in ("editor", "reader", ""):
        assert web_world.client(who).get(address[1]).status_code in (303, 403)
