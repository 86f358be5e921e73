"""What a party sees of its own money in a proposal: it adds up, and it holds nothing of the partner's costs."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any, SupportsFloat

import pytest
from proposal_worlds import decide, flow, plan_of, world
from stores import PLANNER, begun, editor, proposals, responding_round

from synergy.errors import DeniedError
from synergy.proposals import Context, propose
from synergy.proposals.description import blends
from synergy.records.figures import Measures, bare
from synergy.records.names import Answer
from synergy.records.proposals import Line, OwnMoney, OwnProposal, Share
from synergy.store import answers, queries
from synergy.store.answers import Reply
from synergy.store.proposal_views import NOISE, aliases, coarse, cut, own_money, quantity, telltales
from synergy.store.results import _lines
from synergy.store.store import KEY_FILE, Store, make_store

DEAL = "deal:EAST>GLASS:COG"


def seen(store: Store, ident: int, who: str, what: str) -> OwnProposal:
    found = queries.see_proposal(store, editor(who), proposals(store, ident)[what].proposal)
    assert isinstance(found, OwnProposal)
    return found


def _number(figure: SupportsFloat | None) -> float:
    """Return a figure that is known."""
    assert figure is not None
    return float(figure)


@pytest.fixture
def small_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv(KEY_FILE, str(tmp_path / "key"))
    return make_store(tmp_path / "store.db")


def _payments(view: OwnProposal, firm: str) -> list[float]:
    sold = [(line, line.price, 1 if line.from_enterprise == firm else -1) for line in view.lines]
    return [sign * float(price) * float(line.quantity) for line, price, sign in sold if price is not None]


def test_own_gains_are_the_gain_and_payments_go_from_hand_to_hand(small_store: Store) -> None:
    ident = responding_round(small_store, options={"time_limit": 30.0, "settlement": "core"})
    for name, whole in proposals(small_store, ident).items():
        views = [seen(small_store, ident, firm, name) for firm in whole.enterprises]
        paid = [_number(view.own.paid) for view in views]
        assert math.fsum(paid) == pytest.approx(0.0, abs=0.01 * max(map(abs, paid))), name
        for firm, view in zip(whole.enterprises, views, strict=True):
            lost = bare(whole.own[firm].value)
            got = None if lost is None else lost + sum(_payments(view, firm))
            if got is not None and lost is not None and abs(got) <= NOISE * (abs(lost) + abs(got - lost)):
                got = 0.0  # the rounding of prices
            near = None if got is None else pytest.approx(coarse(got), abs=0.01)
            assert bare(view.own.gain) == near, (name, firm)
    glass = seen(small_store, ident, "GLASS", DEAL)
    line = glass.lines[0]
    assert line.km == 9
    assert bare(glass.own.paid) == coarse(-_number(line.price) * float(line.quantity))
    assert glass.labels.commodities["COG"].unit == "kNm3"
    assert set(glass.labels.sites) == {"EAST-1", "GLASS-1"}
    assert glass.firmness in ("stable", "open")
    host = seen(small_store, ident, "EAST", "build:TAR_DIST@EAST-1")
    capex = _number(host.own.capex)
    assert capex == coarse(_number(host.built[0].capex))
    earned = _number(host.own.gain) + _number(host.built[0].annual_cost)
    assert host.own.payback_years == pytest.approx(capex / earned, rel=0.06)
    small_store.close()


def test_without_a_name_nothing_tells_the_way(small_store: Store) -> None:
    ident = responding_round(
        small_store, anonymous=True, options={"time_limit": 30.0, "settlement": "core"}, ladder=0.12
    )
    before = seen(small_store, ident, "EAST", DEAL)
    assert [(line.km, line.mode) for line in before.lines] == [(None, "")]
    assert (before.links, before.state) == ([], None)
    assert set(before.labels.sites) == {"EAST-1"}
    assert all(coarse(figure, 1) == figure for _, figure in _bare(before.own))
    price = _number(proposals(small_store, ident)[DEAL].lines[0].price)
    assert (_number(before.lines[0].price), coarse(price) == price) == (coarse(price), False)
    for name in ("EAST", "GLASS"):
        code = proposals(small_store, ident)[DEAL].proposal
        answers.answer(small_store, editor(name), code, Reply(Answer.INTERESTED))
    after = seen(small_store, ident, "EAST", DEAL)
    assert [(line.km, line.mode) for line in after.lines] == [(9, "pipe-dn300")]
    assert (after.state, bare(after.lines[0].price)) == ("changed", price)
    small_store.close()


def test_numbers_of_partners_do_not_follow_their_names() -> None:
    names = ("ALUMINA", "EAST", "GLASS", "TARCO", "WEST")
    one, other = (aliases(secret, ("P0", "EAST"), names) for secret in (b"a" * 32, b"b" * 32))
    assert list(one) != list(other)  # who has not the secret cannot recompute it
    assert one == aliases(b"a" * 32, ("P0", "EAST"), reversed(names))
    assert list(one.values()) == ["?1", "?2", "?3", "?4", "?5"]
    firsts = [next(iter(aliases(b"a" * 32, (f"P{count}", "EAST"), names))) for count in range(1000)]
    assert all(150 < firsts.count(name) < 250 for name in names)


def test_partners_without_a_name_are_numbered_the_same_at_every_look(small_store: Store) -> None:
    ident = responding_round(small_store, anonymous=True)
    for name, whole in proposals(small_store, ident).items():
        for firm in whole.enterprises:
            view = seen(small_store, ident, firm, name)
            assert view == seen(small_store, ident, firm, name)
            numbers = [f"?{place}" for place in range(1, len(view.partners) + 1)]
            assert [one.enterprise for one in view.partners] == numbers
    small_store.close()


@pytest.mark.parametrize("anonymous", [True, False])
def test_lines_of_an_anonymous_round_stand_in_no_order_of_names(small_store: Store, anonymous: bool) -> None:
    sites = [f"SITE-{letter}" for letter in "ABCDEFGH"]
    end = {"kind": "offer", "id": "x"}
    flows = [
        {"from_site": site, "to_site": "HOST", "commodity": "COG", "mode": "m", "outlet": end, "inlet": end}
        | {"quantity": 1.0 + place}
        for place, site in enumerate(sites)
    ]
    terms = [{"from": site, "to": "HOST", "commodity": "COG", "price": None} for site in sites]
    record = {"labels": {"sites": {site: {"enterprise": site} for site in (*sites, "HOST")}}, "plan": {"flows": flows}}
    ident = begun(small_store, anonymous=anonymous)
    orders = set()
    for match in range(40):
        with small_store.database.read() as connection:
            change: Any = SimpleNamespace(connection=connection, store=small_store)
            held: Any = SimpleNamespace(match=match, round=ident)
            proposal = {"id": "build:X@HOST", "flows": range(len(flows)), "terms": terms}
            made = _lines(change, held, record, proposal)
            assert made == _lines(change, held, record, proposal)  # a replay gives the same
        assert [line["number"] for line in made] == list(range(len(sites)))
        assert {line["from_site"]: float(line["quantity"]) for line in made} == {
            site: 1.0 + place for place, site in enumerate(sites)
        }
        orders.add(tuple(line["from_site"] for line in made))
    assert (orders == {tuple(sites)}) is not anonymous
    assert len(orders) > 30 or not anonymous
    small_store.close()


def test_quantities_do_not_tell_a_distance(small_store: Store) -> None:
    """A need of 145,600 behind a way that loses 0.024 % a kilometre: what comes in tells the kilometres."""
    ident = responding_round(small_store, anonymous=True)
    view = seen(small_store, ident, "WEST", "deal:WEST>ALUMINA:COG")
    sites = queries.see_plan(small_store, PLANNER, ident).labels["sites"]
    ways = {name: _km(sites["WEST-1"], sites[name]) for name in ("ALUMINA-1", "EAST-1", "GLASS-1", "TARCO-1")}
    comes = {name: 145600 / (1 - 0.0002 * 1.2 * km) for name, km in ways.items()}
    exact = float(proposals(small_store, ident)["deal:WEST>ALUMINA:COG"].lines[0].quantity)
    assert [name for name, value in comes.items() if abs(value - exact) < 1] == ["ALUMINA-1"]
    fitting = [name for name, value in comes.items() if coarse(value, 2) == float(view.lines[0].quantity)]
    assert fitting == list(ways)
    # a rest beside a large quantity would tell the loss of the large one: 0.21921 % of it, hence 10.96 km
    assert (quantity(131.789942, 60000.0), cut(60.2, 20e6)) == (1000.0, 0.0)
    small_store.close()


def test_capex_of_lines_does_not_tell_a_distance(small_store: Store) -> None:
    """A pipe for 145,600 kNm3 costs 6.2 M a kilometre: 40 M is the way to WEST and to nobody else."""
    ident = responding_round(small_store, anonymous=True)
    whole = proposals(small_store, ident)["deal:WEST>ALUMINA:COG"]
    capex = _number(whole.own["ALUMINA"].capex)
    assert capex > 0
    own = seen(small_store, ident, "ALUMINA", "deal:WEST>ALUMINA:COG").own
    assert (own.capex, own.payback_years) == (None, None)
    for name in ("ALUMINA", "WEST"):
        answers.answer(small_store, editor(name), whole.proposal, Reply(Answer.INTERESTED))
    own = seen(small_store, ident, "ALUMINA", "deal:WEST>ALUMINA:COG").own
    assert bare(own.capex) == coarse(capex)
    small_store.close()


def _bare(figures: OwnMoney | Share) -> list[tuple[str, float | None]]:
    """Return the figures of a record by name, without currency and unit."""
    return [(name, bare(figure)) for name, figure in figures]


def _km(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Return the way between two sites on a sphere."""
    north, east = (math.radians(other[axis] - one[axis]) for axis in ("latitude", "longitude"))
    cosines = math.cos(math.radians(one["latitude"])) * math.cos(math.radians(other["latitude"]))
    return 2 * 6371.0088 * math.asin(math.sqrt(math.sin(north / 2) ** 2 + cosines * math.sin(east / 2) ** 2))


def test_without_a_name_nothing_of_the_partners_build_is_told(small_store: Store) -> None:
    ident = responding_round(
        small_store, anonymous=True, options={"time_limit": 30.0, "settlement": "core"}, ladder=0.12
    )
    host, guest = (seen(small_store, ident, name, "build:TAR_DIST@EAST-1") for name in ("EAST", "WEST"))
    assert {note.subject for note in host.notes} == {"TAR_DIST", "TAR"}
    assert "TAR_DIST" not in json.dumps(guest.document())
    for figure in map(_number, (host.built[0].capacity, host.built[0].capex)):
        assert coarse(figure, 2) == figure
    assert host.settlement is not None
    paid = _bare(host.settlement)
    assert all(value is None or coarse(value, 2) == value for name, value in paid if name != "standalone")
    small_store.close()


def test_planners_are_told_which_goods_name_a_partner(small_store: Store) -> None:
    ident = responding_round(small_store, anonymous=True)
    told = telltales(small_store, PLANNER, ident)
    assert "COKE_RIGHT" in {one.commodity for one in told}
    assert "COG" not in {one.commodity for one in told}  # two could deliver it, two could take it
    assert telltales(small_store, PLANNER, responding_round(small_store)) == []
    with pytest.raises(DeniedError):
        telltales(small_store, editor("EAST"), ident)
    small_store.close()


UNITS = Measures(currency="CNY", commodities={}, processes={})


def _line(quantity: str, price: str | None) -> Line:
    """Return a line from A to B."""
    ends = {"from_enterprise": "A", "from_site": "A-1", "to_enterprise": "B", "to_site": "B-1"}
    figures = {"quantity": UNITS.amount("G", quantity), "price": UNITS.money_if(price)}
    return Line(number=0, **ends, commodity="G", mode="", **figures)


def test_the_rounding_of_prices_is_no_gain() -> None:
    line = _line("60000", "480.39")
    proposal = {"own": {"A": {"value": -28823399.94, "co2": 0.0, "capex": 0.0, "annual": 0.0}}}
    assert bare(own_money(proposal, [line], "A", UNITS).gain) == 0.0
    proposal["own"]["A"]["value"] += 600
    assert bare(own_money(proposal, [line], "A", UNITS).gain) == 600.0


def test_what_is_unknown_stays_unknown() -> None:
    mine = [_line("5", None)]
    proposal = {"own": {"A": {"value": 10.0, "co2": 1.0, "capex": 0.0, "annual": 0.0}}}
    assert dict(_bare(own_money(proposal, mine, "A", UNITS))) == {
        "gain": None,
        "paid": None,
        "capex": 0.0,
        "payback_years": None,
        "co2_saved": -1.0,
    }
    assert own_money({}, mine, "A", UNITS).capex is None


QUALITIES = """holder,commodity,property,value
O1-GAS,GAS,sulphur,20
C1-GAS,GAS,sulphur,60"""
LIMITS = """holder,commodity,property,minimum,maximum
G1-HEAT,GAS,sulphur,,50"""


def test_a_limit_is_told_with_what_the_blend_has(tmp_path: Path) -> None:
    dataset = world(tmp_path, qualities=QUALITIES, limits=LIMITS)
    flows = [
        flow("O1 offer:O1-GAS > G1 need:G1-HEAT GAS", 30, "main"),
        flow("C1 offer:C1-GAS > G1 need:G1-HEAT GAS", 10, "main"),
    ]
    plan = plan_of(dataset, decide(flows))
    assert blends(dataset, plan.decisions.flows)["value"].tolist() == [30.0]
    told, _ = propose(dataset, plan, Context())
    notes = [note for one in told for note in one.notes if note["code"] == "quality"]
    assert len(notes) == 2
    assert {note["text"] for note in notes} == {
        "sulphur of Coke oven gas at Glass main: at most 50; 30 as planned",
    }
    assert notes[0]["asks_zh"] == "玻璃主厂的焦炉煤气 sulphur：≤ 50"
