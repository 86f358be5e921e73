"""Figures: heights that follow quantities, nothing on top of anything, every name escaped, both languages, small."""

from __future__ import annotations

import gzip
import itertools
import random
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import Any

import networkx as nx
import numpy as np
import pytest
from markupsafe import Markup
from roots import ROOT
from synergy.web import pictures
from synergy.web.figures import network, plan_data, sankey, svg
from synergy.web.figures.map import COUNTIES, MapLine, Place, charted, county_name, draw_map
from synergy.web.figures.outline import cross, rings, spread
from synergy.web.figures.sankey import Stream, laid_out

from synergy.dataset.read import read
from synergy.options import Options
from synergy.records.files import round_record
from synergy.records.runs import PlanRecord
from synergy.round import run

EVIL = "<script>\"&'</script>"
NAMING = svg.Naming("fig", f"title {EVIL}", f"desc {EVIL}")
SVG = "{http://www.w3.org/2000/svg}"


def _streams(firms: int, goods: int, seed: int = 1) -> list[Stream]:
    """Return many deliveries between firms of thirteen counties."""
    chance = random.Random(seed)
    found = {}
    for _ in range(4 * firms):
        one, other = chance.sample(range(firms), 2)
        key = (f"F{one}", f"G{chance.randrange(goods)}", f"F{other}")
        found[key] = Stream(*key, round(chance.uniform(1, 5000), 1), f"/zh/proposals/P{one}")
    return list(found.values())


def _names(**changes: Any) -> sankey.SankeyNames:
    plain: dict[str, Any] = {
        "firm": {},
        "commodity": {},
        "amount": lambda quantity, good: f"{quantity:g} t",
        "heads": ("from", "what", "to"),
        "others": "others",
    }
    return sankey.SankeyNames(**{**plain, **changes})


def _parsed(drawn: Markup) -> ET.Element:
    """Return a figure as XML, and refuse what the house does not want in one."""
    assert " style=" not in drawn
    assert "<script" not in drawn
    root = ET.fromstring(drawn)
    assert root.get("role") == "group"
    title, desc = root[0], root[1]
    assert (title.tag, desc.tag) == (f"{SVG}title", f"{SVG}desc")
    assert root.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
    assert title.text == NAMING.title
    assert desc.text == NAMING.desc
    return root


@pytest.fixture(scope="module")
def record() -> PlanRecord:
    dataset = read(ROOT / "datasets" / "tiny")
    plan = run(dataset, Options(settlement="standalone")).plan
    assert plan is not None
    stored = {"match": 1, "digest": "", "chain": {"number": 0, "mac": ""}}
    return PlanRecord.model_validate(round_record(dataset, plan) | stored)


def test_ribbons_are_as_high_as_quantities_say() -> None:
    streams = _streams(20, 5)
    ribbons = laid_out(streams).ribbons
    for side, end in ((0, "supplier"), (1, "user")):
        for ribbon in (one for one in ribbons if one.column == side):
            mine = [one for one in streams if (getattr(one, end), one.commodity) == (ribbon.firm, ribbon.commodity)]
            assert ribbon.quantity == pytest.approx(sum(one.quantity for one in mine))
    for good in {one.commodity for one in ribbons}:
        scales = [one.thick / one.quantity for one in ribbons if one.commodity == good]
        assert max(scales) == pytest.approx(min(scales))
        left, right = (
            sum(one.thick for one in ribbons if (one.commodity, one.column) == (good, side)) for side in (0, 1)
        )
        assert left == pytest.approx(right)


def test_nothing_of_a_sankey_lies_on_anything_else() -> None:
    found = laid_out(_streams(30, 8, seed=5))
    for column in range(3):
        nodes = sorted((one.top, one.top + one.height) for one in found.nodes if one.column == column)
        assert all(one[1] <= other[0] for one, other in itertools.pairwise(nodes))
        assert nodes[0][0] >= 0
        assert nodes[-1][1] <= found.height + 1e-6
        middles = sorted(one.top + one.height / 2 for one in found.nodes if one.column == column)
        assert all(other - one >= svg.LINE for one, other in itertools.pairwise(middles)), "labels would touch"
    tops = {(one.column, one.key): one for one in found.nodes}
    for column, side, name, end in (
        (0, 0, "firm", "left"),
        (1, 0, "commodity", "right"),
        (1, 1, "commodity", "left"),
        (2, 1, "firm", "right"),
    ):
        for key in {getattr(one, name) for one in found.ribbons if one.column == side}:
            node = tops[column, key]
            spans = sorted(
                (getattr(one, end) - one.thick / 2, getattr(one, end) + one.thick / 2)
                for one in found.ribbons
                if one.column == side and getattr(one, name) == key
            )
            assert all(one[1] <= other[0] + 1e-6 for one, other in itertools.pairwise(spans))
            assert spans[0][0] >= node.top - 1e-6
            assert spans[-1][1] <= node.top + node.height + 1e-6


def test_a_sankey_is_the_same_in_any_order() -> None:
    streams = _streams(25, 6)
    assert laid_out(streams) == laid_out(streams[::-1])
    assert sankey.sankey(streams, _names(), NAMING) == sankey.sankey(streams[::-1], _names(), NAMING)


def test_a_sankey_draws_what_was_laid_out() -> None:
    streams = _streams(12, 4)
    root = _parsed(sankey.sankey(streams, _names(), NAMING))
    drawn = sorted(float(one.get("stroke-width") or 0) for one in root.iter(f"{SVG}path"))
    assert drawn == pytest.approx(sorted(one.thick for one in laid_out(streams).ribbons), abs=0.006)
    said = [one.findtext(f"{SVG}title") or "" for one in root.iter(f"{SVG}path")]
    assert all(text.endswith(" t") for text in said), "units on every number"


def test_ribbons_lead_to_proposals() -> None:
    one = Stream("A", "G", "B", 3.0, "/zh/proposals/P1")
    two = Stream("A", "G", "C", 2.0, "/zh/proposals/P2")
    hrefs = lambda streams, **more: {  # noqa: E731
        each.get("href") for each in _parsed(sankey.sankey(streams, _names(**more), NAMING)).iter(f"{SVG}a")
    }
    assert hrefs([one]) == {"/zh/proposals/P1"}
    assert hrefs([one, two], lead=lambda firm, good: f"?firm={firm}&commodity={good}") == {
        "/zh/proposals/P1",
        "/zh/proposals/P2",
        "?firm=A&commodity=G",
    }


@pytest.mark.parametrize("firms", [60, 500])
def test_many_firms_are_grouped_and_stay_small(firms: int) -> None:
    streams = _streams(firms, 40)
    counties = sorted(COUNTIES)
    group = {f"F{number}": plan_data.COUNTY + counties[number % 13] for number in range(firms)}
    found = sankey.grouped(streams, group)
    assert sankey.count(streams) > sankey.LIMIT >= sankey.count(found.streams)
    assert found.by_group
    shown = {one.commodity for one in found.streams}
    for good in shown:
        whole = sum(one.quantity for one in streams if one.commodity == good)
        assert sum(one.quantity for one in found.streams if one.commodity == good) == pytest.approx(whole)
    assert len(shown) + found.left_out == 40
    drawn = sankey.sankey(found.streams, _names(), NAMING)
    assert len(gzip.compress(drawn.encode())) < 8_000

    places = [
        Place(f"F{number}", f"Firm {number}", counties[number % 13], 37 + number % 7 / 10, 111 + number % 11 / 10)
        for number in range(firms)
    ]
    lines = [MapLine(one.supplier, one.user, "coke: 3 kt a year") for one in streams]
    chart = charted(places, lines, "zh")
    assert chart.by_county
    assert len(gzip.compress(draw_map(chart, "zh", NAMING).encode())) < 8_000


def test_few_firms_are_not_grouped() -> None:
    streams = _streams(10, 3)
    group = {f"F{number}": "@Xiaoyi" for number in range(10)}
    assert sankey.grouped(streams, group) == sankey.Grouped(tuple(streams))
    assert {one.supplier for one in sankey.grouped(streams, group, always=True).streams} == {"@Xiaoyi"}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_figures_of_a_plan(record: PlanRecord, lang: str) -> None:
    found = plan_data.Material(record, lang)
    sent = found.sent()
    assert sum(one.quantity for one in sent) == pytest.approx(
        sum(flow["quantity"] for flow in record.plan["flows"] if flow["from_site"] != flow["to_site"])
    )
    ends = {end for one in sent for end in (one.origin, one.target)}
    chart = charted(found.places(ends), [MapLine(one.origin, one.target, one.commodity) for one in sent], lang)
    text = "".join(_parsed(draw_map(chart, lang, NAMING)).itertext())
    for firm in ("EAST", "WEST"):
        assert record.labels["enterprises"][firm][f"name_{lang}"] in text
    goods = found.products()
    assert ("TAR", "TAR_PRODUCTS", 1, 1) in goods
    names = {good: found.good_name(good) for pair in goods for good in pair[:2]}
    drawn = network.products([network.Tie(one, other, "1") for one, other, *_ in goods], names, NAMING)
    assert names["TAR"] in "".join(_parsed(drawn).itertext())


def test_a_choice_keeps_what_was_chosen(record: PlanRecord) -> None:
    found = plan_data.Material(record, "en")
    whole = found.sent()
    for commodity in {one.commodity for one in whole}:
        chosen = found.sent(plan_data.Choice(commodity=commodity))
        assert chosen == [one for one in whole if one.commodity == commodity]
    for firm in ("EAST", "GLASS"):
        assert found.sent(plan_data.Choice(firm=firm)) == [
            one for one in whole if firm in (found.firm(one.origin), found.firm(one.target))
        ]
    kinds = {proposal["kind"] for proposal in record.plan["proposals"]}
    for kind in kinds:
        chosen = found.sent(plan_data.Choice(kind=kind))
        known = {one["id"] for one in record.plan["proposals"] if one["kind"] == kind}
        assert chosen
        assert all(set(one.proposals) <= known and one.proposals for one in chosen)
        assert found.proposals(plan_data.Choice(kind=kind)) == [
            one for one in record.plan["proposals"] if one["kind"] == kind
        ]
    assert found.sent(plan_data.Choice(county="Hedong"))
    assert not found.sent(plan_data.Choice(county="Nowhere"))


def test_every_name_is_escaped() -> None:
    names = dict.fromkeys("ABG", EVIL)
    stream = Stream("A", "G", "B", 1.0, 'x"onclick=')
    drawn = [
        sankey.sankey([stream], _names(firm=names, commodity=names, others=EVIL, heads=(EVIL,) * 3), NAMING),
        network.partnerships([network.Tie("A", "B", EVIL, EVIL)], names, NAMING),
        network.products([network.Tie("A", "B", EVIL, EVIL)], names, NAMING),
        pictures.flow(
            [pictures.DrawnPartner("A", EVIL, (EVIL,)), pictures.DrawnPartner("B", EVIL)],
            [pictures.DrawnDelivery("A", "B", EVIL, EVIL)],
            NAMING,
        ),
        svg.curve(
            [svg.ProgressPoint(1, 1.0, 2.0), svg.ProgressPoint(2, 1.5, 2.0)], (EVIL, EVIL), lambda value: EVIL, NAMING
        ),
        draw_map(
            charted(
                [Place("A", EVIL, EVIL, 37, 111), Place("B", EVIL, EVIL, 37.2, 111.1, public=True)],
                [MapLine("A", "B", EVIL, EVIL)],
                "en",
            ),
            "en",
            NAMING,
        ),
    ]
    for one in drawn:
        root = _parsed(one)
        assert EVIL in "".join(root.itertext())
        assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
            "svg", "title", "desc", "g", "path", "rect", "circle", "text", "a", "defs", "marker",
        }  # fmt: skip
        assert not any(key.startswith("on") for element in root.iter() for key in element.attrib)


def test_margins_follow_the_language() -> None:
    stream = [Stream("A", "G", "B", 1.0)]
    wide = lambda name: float(_parsed(sankey.sankey(stream, _names(firm={"A": name}), NAMING)).get("width") or 0)  # noqa: E731
    assert wide("山西鹏飞集团有限公司") > wide("short name") > wide("a")
    assert svg.width("焦化" * 5) == pytest.approx(svg.FONT * 10)


def test_long_names_are_cut_and_told_whole() -> None:
    name = "吕梁市" * 20
    drawn = sankey.sankey([Stream("A", "G", "B", 1.0)], _names(firm={"A": name}), NAMING)
    root = _parsed(drawn)
    shown = [one.text or "" for one in root.iter(f"{SVG}text")]
    assert name not in shown
    cut = next(one for one in shown if one.endswith("…"))
    assert svg.width(cut) <= sankey.MARGIN
    assert name in [one.text for one in root.iter(f"{SVG}title")]


def test_circles_are_pushed_apart() -> None:
    found = spread([(100.0, 100.0)] * 30, [5.0] * 30, (400.0, 400.0))
    for one, other in itertools.combinations(found, 2):
        assert np.hypot(one[0] - other[0], one[1] - other[1]) >= 10.0
    assert found == spread([(100.0, 100.0)] * 30, [5.0] * 30, (400.0, 400.0))


def test_labels_of_a_map_touch_nothing() -> None:
    chance = random.Random(3)
    places = [
        Place(f"S{number}", f"Works number {number}", "Xiaoyi", 37 + chance.random() / 5, 111.6 + chance.random() / 5)
        for number in range(80)
    ]
    lines = [MapLine(f"S{number}", f"S{number + 1}", "gas") for number in range(79)]
    chart = charted(places, lines, "en")
    assert not chart.by_county
    root = _parsed(draw_map(chart, "en", NAMING))
    boxes = []
    for one in root.iter(f"{SVG}text"):
        x, y, wide = float(one.get("x") or 0), float(one.get("y") or 0), svg.width(one.text or "")
        left = x - {"start": 0.0, "middle": wide / 2, "end": wide}[one.get("text-anchor", "start")]
        boxes.append((left, y - 9, left + wide, y + 2))
    assert len(boxes) > 20
    assert not any(cross(one, other) for one, other in itertools.combinations(boxes, 2))


def test_the_map_knows_the_counties_of_lvliang() -> None:
    assert len(COUNTIES) == 13
    places = [Place("A", "A", "Xiaoyi", 37.1, 111.7), Place("B", "B", "Liulin")]
    for lang in ("en", "zh"):
        text = "".join(_parsed(draw_map(charted(places, [], lang), lang, NAMING)).itertext())
        assert all(county_name(county, lang) in text for county in COUNTIES)


@pytest.mark.parametrize("away", [(0.3, 0.0), (0.3, 0.1), (0.0, 0.4)])
@pytest.mark.parametrize("names", [("东河焦化厂区", "清泉玻璃厂区"), ("East Coking works", "Qingquan Glass works")])
def test_the_map_of_a_proposal_fits_a_telephone_and_names_its_sites(
    away: tuple[float, float], names: tuple[str, str]
) -> None:
    places = [
        Place("A", names[0], "Hexi", 37.0, 111.0),
        Place("B", names[1], "Hedong", 37.0 + away[0], 111.0 + away[1]),
    ]
    chart = charted(places, [MapLine("A", "B", "gas")], "en", near_by=True)
    assert chart.size[0] <= 332
    assert chart.size[1] <= 240
    text = "".join(one.text or "" for one in _parsed(draw_map(chart, "en", NAMING)).iter(f"{SVG}text"))
    assert all(name in text for name in names)
    many = [replace(places[0], key=f"S{number}", latitude=36.7 + number / 10) for number in range(20)]
    assert charted(many, [], "en", near_by=True).size[1] <= 384


def test_the_map_takes_outlines_of_an_operator() -> None:
    square = [[[111.0, 37.0], [112.0, 37.0], [112.0, 38.0], [111.0, 38.0], [111.0, 37.0]]]
    collection = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": square}},
            {"type": "Feature", "geometry": {"type": "MultiPolygon", "coordinates": [square, square]}},
            {"type": "Feature", "geometry": {"type": "Point", "coordinates": [111, 37]}},
        ],
    }
    assert len(list(rings(collection))) == 3
    chart = charted([Place("A", "A", "Xiaoyi", 37.1, 111.7)], [], "zh", list(rings(collection)))
    root = _parsed(draw_map(chart, "zh", NAMING))
    assert len([one for one in root.iter(f"{SVG}path") if one.get("class") == "county"]) == 3


@pytest.mark.parametrize("shape", ["star", "circle", "pairs", "dense"])
def test_boxes_of_graphs_never_cover_each_other(shape: str) -> None:
    graph = {
        "star": nx.star_graph(40),
        "circle": nx.cycle_graph(30),
        "pairs": nx.Graph([(2 * number, 2 * number + 1) for number in range(12)]),
        "dense": nx.gnm_random_graph(60, 250, seed=4),
    }[shape]
    graph = nx.relabel_nodes(graph, {number: f"N{number}" for number in graph})
    sizes = {key: (60.0 + 10 * (len(key) + int(key[1:]) % 9), 26.0) for key in graph}
    for parts in (network.springs(graph, sizes), network.layered(graph.to_directed(), sizes)):
        boxes, size = network.packed(parts, 900.0)
        assert set(boxes) == set(graph)
        assert not any(cross(one, other) for one, other in itertools.combinations(boxes.values(), 2))
        assert all(
            box[0] >= 0 and box[1] >= 0 and box[2] <= size[0] + 1 and box[3] <= size[1] + 1 for box in boxes.values()
        )


def test_products_go_from_left_to_right_as_far_as_circles_allow() -> None:
    graph: nx.DiGraph[str] = nx.DiGraph(
        [("coal", "coke"), ("coke", "iron"), ("coal", "gas"), ("gas", "power"), ("power", "coal")]
    )
    sizes = dict.fromkeys(graph, (50.0, 26.0))
    (boxes,) = network.layered(graph, sizes)
    back = [edge for edge in graph.edges if boxes[edge[0]][2] > boxes[edge[1]][0]]
    assert len(back) == 1


def test_ways_back_stay_inside_their_picture() -> None:
    ties = [network.Tie("hub", name, "1") for name in "abcdefgh"] + [network.Tie(name, "hub", "2") for name in "ah"]
    drawn = str(network.products(ties, {}, NAMING))
    size = re.search(r'viewBox="0 0 ([\d.]+)', drawn)
    shift = re.search(r"translate\(([\d.]+) ", drawn)
    assert size is not None
    assert shift is not None
    ways = re.findall(r'd="M([^"]+)"', drawn.rsplit("</defs>", maxsplit=1)[-1])
    across = [float(each) for way in ways for each in re.findall(r"-?[\d.]+", way)[::2]]
    assert min(across) + float(shift[1]) >= 0
    assert max(across) + float(shift[1]) <= float(size[1])


def test_graphs_are_the_same_in_any_order() -> None:
    ties = [network.Tie(f"N{one}", f"N{other}", "x") for one, other in nx.gnm_random_graph(25, 60, seed=2).edges]
    assert network.partnerships(ties, {}, NAMING) == network.partnerships(ties[::-1], {}, NAMING)
    assert network.products(ties, {}, NAMING) == network.products(ties[::-1], {}, NAMING)


def test_a_proposal_shows_each_delivery_with_its_amount() -> None:
    partners = [
        pictures.DrawnPartner("A", "East"),
        pictures.DrawnPartner("B", "Host", ("new: tar",)),
        pictures.DrawnPartner("C", "West"),
    ]
    deliveries = [
        pictures.DrawnDelivery("A", "B", "tar", "30 kt a year"),
        pictures.DrawnDelivery("C", "B", "tar", "46 kt a year"),
        pictures.DrawnDelivery("B", "A", "gas", "3 M Nm3 a year"),
    ]
    root = _parsed(pictures.flow(partners, deliveries, NAMING))
    said = [one.text for one in root.iter(f"{SVG}text")]
    assert [one.amount for one in deliveries] == [text for text in said if text and text.endswith("a year")]
    assert {"East", "Host", "West", "new: tar"} <= set(said)
    assert len(list(root.iter(f"{SVG}path"))) == 2 * len(deliveries) + 1


def test_names_stay_inside_their_boxes() -> None:
    name = "Xiaoyi gangue power station and washing plant of the north"
    root = _parsed(pictures.flow([pictures.DrawnPartner("A", name, ("吕梁" * 20,))], [], NAMING))
    box = next(root.iter(f"{SVG}rect"))
    for one in root.iter(f"{SVG}text"):
        bold = pictures.BOLD if one.get("class") == "strong" else 1.0
        assert svg.width(one.text or "") * bold <= float(box.get("width") or 0)


def test_the_curve_meets_its_figures() -> None:
    points = [
        svg.ProgressPoint(0.0, None, 20.0),
        svg.ProgressPoint(5.0, 10.0, 18.0),
        svg.ProgressPoint(10.0, 12.0, 14.0),
    ]
    root = _parsed(svg.curve(points, ("best", "bound"), lambda value: f"{value:g}", NAMING))
    said = [one.text for one in root.iter(f"{SVG}text")]
    assert {"best", "bound", "20", "10", "10 s"} <= set(said)
    ways = {one.get("class"): one.get("d") or "" for one in root.iter(f"{SVG}path")}
    last = {kind: float(re.findall(r"V([\d.]+)", ways[f"line {kind}"])[-1]) for kind in ("best", "bound")}
    assert last["bound"] < last["best"], "the bound lies above"
    assert svg.curve(points[:1], ("best", "bound"), str, NAMING) == ""


def test_nothing_to_show_is_nothing() -> None:
    assert sankey.sankey([], _names(), NAMING) == ""
    assert network.partnerships([], {}, NAMING) == ""
    assert pictures.flow([], [], NAMING) == ""


def test_every_class_of_a_figure_stands_in_the_style_sheet() -> None:
    sheet = (ROOT / "web" / "static" / "style.css").read_text("utf-8")
    code = "".join(path.read_text("utf-8") for path in (ROOT / "web" / "figures").glob("*.py"))
    used = {name for found in re.findall(r'"class": f?"([a-z ]+)"', code) for name in found.split()}
    used |= {f"c{number}" for number in range(svg.COLOURS)} | {
        "soft",
        "place",
        "strong",
        "thin",
        "new",
        "idle",
        "public",
    }
    assert {name for name in used if f".{name}" not in sheet} == set()
