"""Hints that name what is meant: broken archives, unknown columns, loops in both languages, partners without bounds."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from roots import ROOT
from small_datasets import THREE_BUYERS, small

from synergy.candidates.candidates import candidates_of
from synergy.candidates.scope import everyone
from synergy.dataset.read import check
from synergy.errors import Problem, UsageError
from synergy.model.build import _bounded, build
from synergy.network.network import network_of
from synergy.network.places import places_of

TINY = ROOT / "datasets" / "tiny"


def _only(problems: list[Problem]) -> Problem:
    [problem] = problems
    return problem


def test_a_zip_cut_short_is_named_so(tmp_path: Path) -> None:
    packed = tmp_path / "tiny.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for one in sorted(TINY.glob("*.csv")):
            archive.write(one, one.name)
    packed.write_bytes(packed.read_bytes()[:-400])
    problem = _only(list(check(packed)[1]))
    assert problem.code == "zip_cut"
    assert "cut short" in problem.message
    assert "again" in problem.hint
    assert "不完整" in problem.message_zh


def test_what_is_no_zip_is_named_so(tmp_path: Path) -> None:
    (tmp_path / "bad.zip").write_text("enterprise\nA\n")
    problem = _only(list(check(tmp_path / "bad.zip")[1]))
    assert problem.code == "zip_not"
    assert "zip archive" in problem.hint


@pytest.mark.parametrize(
    ("column", "said"), [("enterprize", "did you mean 'enterprise'?"), ("zzzz", "the columns here are enterprise, ")]
)
def test_an_unknown_column_names_those_there_are(tmp_path: Path, column: str, said: str) -> None:
    place = tmp_path / "set"
    place.mkdir()
    for one in TINY.glob("*.csv"):
        (place / one.name).write_bytes(one.read_bytes())
    lines = (place / "enterprises.csv").read_text().splitlines()
    lines = [f"{lines[0]},{column}", *(f"{line},1" for line in lines[1:])]
    (place / "enterprises.csv").write_text("\n".join(lines) + "\n")
    [problem] = [one for one in check(place)[1] if one.code == "unknown_column"]
    assert said in problem.hint
    assert problem.hint_zh


def _money_loops(place: Path, limits: str = "") -> list[Problem]:
    """Return the loops that are reported where a process turns cheap X into dear Y."""
    place.mkdir()
    tables = {
        "enterprises": "enterprise\nA",
        "sites": "site,enterprise,latitude,longitude\na,A,37,111",
        "commodities": "commodity,unit,phase\nX,t,solid\nY,t,solid",
        "processes": "process,activity_unit,buildable,unit_capex\nMAKE,t,true,1",
        "recipes": "process,commodity,coefficient\nMAKE,X,-1\nMAKE,Y,1",
        "build_options": "process,site\nMAKE,a",
        "markets": "market,commodity,side,price\nB,X,buy,1\nS,Y,sell,100",
    }
    tables |= {"limits": limits} if limits else {}
    for name, text in tables.items():
        (place / f"{name}.csv").write_text(text + "\n")
    return [one for one in check(place)[1] if one.code == "money_loop"]


@pytest.mark.parametrize("holder", ["S", "MAKE"])
def test_a_limit_without_bounds_hides_no_loop(tmp_path: Path, holder: str) -> None:
    commodity = "Y" if holder == "S" else "X"
    head = "holder,commodity,property,minimum,maximum"
    assert len(_money_loops(tmp_path / "blank", f"{head}\n{holder},{commodity},ash,,")) == 1
    assert _money_loops(tmp_path / "bound", f"{head}\n{holder},{commodity},ash,,5") == []


def test_a_money_loop_is_told_in_chinese_verbs(tmp_path: Path) -> None:
    [problem] = _money_loops(tmp_path / "loop")
    assert "buy X -> run MAKE -> sell Y" in problem.message
    assert "购买 X -> 运行 MAKE -> 出售 Y" in problem.message_zh
    assert "buy" not in problem.message_zh


def test_partners_are_not_counted_where_nothing_bounds_an_exchange(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = small(tmp_path / "buyers", THREE_BUYERS, max_partners=1)
    candidates = candidates_of(network_of(dataset), everyone(places_of(dataset)))
    build(candidates)
    reach = candidates.reach
    loose = replace(reach, flow=np.full_like(reach.flow, np.inf))
    # what the ends send and take bounds an exchange that states nothing itself
    bound = _bounded(replace(candidates, reach=loose), np.arange(3), np.zeros(3, np.int64))
    assert bound.tolist() == [50.0, 50.0, 50.0]
    endless = {name: np.full_like(getattr(reach, name), np.inf) for name in ("flow", "sent", "received")}
    monkeypatch.setattr("synergy.model.build.reach_of", lambda *_: replace(reach, **endless))
    with pytest.raises(UsageError, match="nothing bounds how much X goes from a to "):
        build(replace(candidates, reach=replace(reach, **endless)))
