"""Boundaries of an operator on the map: what is taken, what is refused and how that is said, and what they weigh."""

from __future__ import annotations

import json
import re
from math import cos, pi, sin
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stores import proposals
from synergy.web.app import create_app
from synergy.web.figures.outline import LIGHT, OutlineError, near, outlines, simplified
from synergy.web.settings import ServerSettings
from web_worlds import SECRET, World

from synergy.cli.console import Talk
from synergy.cli.main import run as run_command

SQUARE = [[110.5, 36.5], [112.5, 36.5], [112.5, 38.8], [110.5, 38.8], [110.5, 36.5]]


def _polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def _written(folder: Path, content: Any) -> Path:
    file = folder / "region.geojson"
    file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return file


def _coast(points: int) -> list[list[float]]:
    """Return a closed outline around the sites of the tiny dataset, with many small bays."""
    ring = [
        [111.5 + (1 + 0.05 * sin(97 * a)) * cos(a), 37.5 + (1 + 0.05 * cos(89 * a)) * sin(a)]
        for a in (2 * pi * number / points for number in range(points))
    ]
    return [*ring, ring[0]]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"no", "no_json"),
        (b"\xff\xfe", "no_json"),
        (b"[" * 5000, "no_json"),
        ([], "kind"),
        ({"type": "Topology"}, "kind"),
        ({"type": "FeatureCollection", "features": []}, "empty"),
        ({"type": "FeatureCollection", "features": [1]}, "shape"),
        ({"type": "FeatureCollection", "features": 3}, "shape"),
        ({"type": "Polygon"}, "shape"),
        (_polygon([[1], [2]]), "shape"),
        (_polygon([["a", "b"]]), "shape"),
        (_polygon(SQUARE[:-1]), "open"),
        (_polygon(SQUARE[:2] + SQUARE[:1]), "open"),
        (_polygon([[37.5, 111.0]] * 5), "degrees"),
        (_polygon([[500000.0, 4100000.0]] * 5), "degrees"),
        (b'{"type": "Polygon", "coordinates": [[[NaN, 1], [2, 1], [2, 2], [NaN, 1]]]}', "degrees"),
        (_polygon(SQUARE) | {"crs": {"properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}}, "projected"),
        (_polygon(*[SQUARE] * 2001), "many"),
    ],
)
def test_what_is_no_map_is_refused_in_both_languages(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: Any, code: str
) -> None:
    file = _written(tmp_path, content)
    with pytest.raises(OutlineError) as refused:
        outlines(file)
    assert refused.value.code == code
    for lang in ("en", "zh"):
        words = ["serve", "--db", str(tmp_path / "store.db"), "--port", "0", "--worker-count", "0", "--map", str(file)]
        assert run_command(words, Talk(lang)) == 2
        said = capsys.readouterr().err
        assert "region.geojson" in said
        assert (re.search("[一-鿿]", said) is not None) == (lang == "zh")


def test_a_map_that_is_not_there_or_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutlineError, match="unreadable"):
        outlines(tmp_path / "none")
    file = tmp_path / "large"
    with file.open("wb") as content:
        content.truncate((16 << 20) + 1)
    with pytest.raises(OutlineError, match="large"):
        outlines(file)


def test_boundaries_are_light_and_stay_where_they_were(tmp_path: Path) -> None:
    told = {"type": "Feature", "properties": None, "geometry": _polygon(_coast(40_000))}
    (ring,) = outlines(_written(tmp_path, told)).rings
    assert 200 < len(ring) <= LIGHT
    whole, kept = np.array(_coast(40_000))[:, ::-1], np.array(ring)
    far = np.sqrt(((whole[::50, None, :] - kept[None, :, :]) ** 2).sum(axis=2)).min(axis=1)
    assert far.max() < 0.05
    assert simplified([SQUARE])[0] == tuple(SQUARE)  # type: ignore[comparison-overlap,arg-type]
    assert near([ring], [(20.0, 100.0)]) == []


def test_the_map_shows_boundaries_and_stays_light(web_world: World, tmp_path: Path) -> None:
    held = outlines(_written(tmp_path, _polygon(_coast(40_000), SQUARE)))
    plain = web_world.client("planner").get(f"/en/rounds/{web_world.round}/map")
    web_world.app = create_app(web_world.store, ServerSettings(secret=SECRET, limited=False, outlines=held))
    planner, firm = web_world.client("planner"), web_world.client("editor")
    code = proposals(web_world.store, web_world.round)["deal:EAST>GLASS:COG"].proposal
    told = planner.get(f"/en/rounds/{web_world.round}/map")
    drawn = re.findall(r'class="county" d="([^"]+)"', told.text)
    assert len(drawn) == 2
    assert sum(map(len, drawn)) <= 8192
    assert told.headers["ETag"] != plain.headers["ETag"]
    assert 'class="county"' not in plain.text
    for client, path in ((firm, f"/en/proposals/{code}"), (planner, f"/zh/rounds/{web_world.round}/proposals/{code}")):
        assert 'class="county"' in client.get(path).text
