"""What a rival finds out about a cost in many rounds: ``python tests/tools/attacks.py --rounds 100``.

The rival knows how everything is computed and all public figures; it declares what it likes in round after round and
sees what the store shows a party: whether there is a deal, its quantity and price, its own payoff, names and codes.
Each attack leaves an interval: all costs with which the rival would have seen exactly the same, as a part of the cost.
No rival can know more than that, however clever it is with what it saw.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from synergy.dataset.read import read
from synergy.dataset.sheet import Dataset
from synergy.model.solve_params import Control
from synergy.options import Options
from synergy.round import run
from synergy.store.freezing import on_ladder
from synergy.store.rounds import STEP

QUANTITY = 1000.0
MOST = 1000.0  # no cost is thought to be above
STEPS = 18  # halvings towards an edge of the interval
TABLES = {
    "enterprises": "enterprise\nSELLER\nRIVAL\nOTHER\n",
    "sites": "site,enterprise\nS-1,SELLER\nR-1,RIVAL\nO-1,OTHER\n",
    "commodities": "commodity,unit\nG,t\n",
    "transport": "mode,commodity,max_km,cost_per_unit\ntruck,G,100,0\n",
    "links": "from_site,to_site,commodity,mode,cost_per_unit\nS-1,R-1,G,truck,10\n",
}


PLAYED: dict[tuple[Any, ...], dict[str, Any]] = {}
NOTHING: dict[str, Any] = {"quantity": 0.0, "price": None, "gain": 0.0, "ids": [], "steps": []}


def play(cost: float, ladder: float, bids: Sequence[float]) -> dict[str, Any]:
    """Play one round in which the rival needs equal parts at some prices, and return what it can see."""
    frozen = on_ladder(_dataset(cost, bids), ladder)
    key = (*frozen["offers"]["price"], *frozen["needs"]["price"])
    if key not in PLAYED:  # what is frozen the same comes out the same
        steps: list[str] = []
        # what takes time is the steps of the run: with the same ones the clock shows noise alone
        options = Options(gap=1e-9, settlement="core")
        plan = run(frozen, options, Control(lambda event: steps.append(event.phase))).plan
        assert plan is not None
        terms = [term for one in plan.proposals for term in one.terms]
        payoffs = (plan.settlement or {}).get("payoffs", {})
        PLAYED[key] = {
            "quantity": round(sum(term.quantity for term in terms), 6),
            "price": terms[0].price if terms else None,
            "gain": round(float(payoffs.get("RIVAL", {}).get("gain", 0.0)), 2),
            "ids": sorted(one.id for one in plan.proposals),
            "steps": steps,
        }
    return PLAYED[key]


def _dataset(cost: float, bids: Sequence[float]) -> Dataset:
    part = QUANTITY / len(bids)
    needs = "".join(f"N{place},R-1,G,{part!r},{float(bid)!r}\n" for place, bid in enumerate(bids))
    tables = TABLES | {
        "offers": f"offer,site,commodity,quantity,price\nF,S-1,G,{QUANTITY!r},{cost!r}\n",
        "needs": "need,site,commodity,quantity,price\n" + needs,
    }
    with TemporaryDirectory() as name:
        for table, text in tables.items():
            (Path(name) / f"{table}.csv").write_text(text, "utf-8")
        return read(name)


Play = Callable[[Sequence[float]], dict[str, Any]]


def once(ask: Play, _rounds: int) -> None:
    """Play once: what is looked for is not shown, however often it is asked for."""
    ask([600.0])


def sweeping(ask: Play, rounds: int) -> None:
    """Bid from high to low and note the price, half a surplus above the cost."""
    for bid in np.linspace(900.0, 330.0, rounds):
        ask([bid])


def bisecting(ask: Play, rounds: int) -> None:
    """Bid higher and lower until the deal appears and vanishes."""
    low, high = 0.0, 1000.0
    for _ in range(rounds):
        bid = (low + high) / 2
        low, high = (low, bid) if ask([bid])["quantity"] else (bid, high)


def fanning(ask: Play, rounds: int) -> None:
    """Ask why not at ten prices at once, a tenth of the need at each."""
    low, high = 0.0, 1000.0
    for _ in range(rounds):
        if high - low < 1e-4:  # nobody pays for less
            return
        bids = list(np.linspace(low, high, 12)[1:-1])
        cut = len(bids) - round(ask(bids)["quantity"] / QUANTITY * len(bids))
        low, high = (bids[cut - 1] if cut else low), (bids[cut] if cut < len(bids) else high)


def alternating(ask: Play, rounds: int) -> None:
    """Take part and stay away in turn: the difference is the surplus, and a part of it one's own."""
    for place in range(rounds):
        ask([900.0 - 5 * (place // 2) if place % 2 else 1e-3])


# what the rival does, and what of the answers it looks at
ATTACKS: dict[str, tuple[Callable[[Play, int], None], tuple[str, ...]]] = {
    "duals": (once, ()),  # no operation tells a firm one: test_access
    "totals": (once, ()),  # denied, and no sum over fewer than five: test_access
    "price splitting": (sweeping, ("price", "gain")),
    "re-declaring": (bisecting, ("quantity",)),
    "why-not probing": (fanning, ("quantity",)),
    "being left out": (alternating, ("gain", "price", "quantity")),
    "timing and identifiers": (bisecting, ("ids", "steps")),
}


def interval(name: str, cost: float, ladder: float, rounds: int) -> tuple[float, float]:
    """Return between what the cost may lie after an attack: all costs that would have shown the rival the same."""
    attack, looked = ATTACKS[name]
    log: list[tuple[list[float], list[Any]]] = []

    def ask(bids: Sequence[float]) -> dict[str, Any]:
        seen = play(cost, ladder, bids)
        log.append((list(bids), [seen[one] for one in looked]))
        return seen

    attack(ask, rounds)

    def same(other: float) -> bool:
        return all([play(other, ladder, bids)[one] for one in looked] == seen for bids, seen in log)

    return _edge(same, cost, 0.01), _edge(same, cost, MOST)


def _edge(same: Callable[[float], bool], inside: float, outside: float) -> float:
    """Return how far from a cost towards another one the same is seen."""
    if same(outside):
        return outside
    for _ in range(STEPS):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if same(middle) else (inside, middle)
    return inside


def width(name: str, cost: float, ladder: float, rounds: int) -> float:
    """Return the interval that an attack leaves, as a part of the cost."""
    low, high = interval(name, cost, ladder, rounds)
    return (high - low) / cost


def main() -> None:
    """Print what each attack leaves, without the ladder and with it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--bare", type=int, default=12, help="rounds without the ladder, each of them a new solve")
    parser.add_argument("--cost", type=float, default=317.31)
    parser.add_argument("names", nargs="*", default=list(ATTACKS), help="attacks (default: all seven)")
    asked = parser.parse_args()
    for name in asked.names:
        bare = width(name, asked.cost, 0.0, asked.bare)
        coarse = width(name, asked.cost, STEP, asked.rounds)
        print(
            f"{name}: {coarse:.1%} of the cost stays hidden after {asked.rounds} rounds on the ladder of {STEP}, "
            f"{bare:.2%} without it after {asked.bare}",
            flush=True,
        )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
