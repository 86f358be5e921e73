"""The judge passes a good settlement and refuses each kind of alteration."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synergy.accounts.owners import collected, partnerships
from synergy.dataset.dataset import Dataset
from synergy.dataset.read import read
from synergy.plan import Plan
from synergy.round import run
from synergy.settlement.document import Sold, document
from synergy.settlement.game import Table
from synergy.settlement.rules import settle
from synergy.settlement.trades import Trades
from synergy.verify.verify import verify

TINY = Path(__file__).parents[1] / "datasets" / "tiny"


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return read(TINY)


@pytest.fixture(scope="module")
def plan(dataset: Dataset) -> Plan:
    """A plan with a settlement of a made-up game: only all together gain."""
    made = run(dataset).plan
    assert made is not None
    assert made.standalone is not None
    names = tuple(made.standalone)
    alone = [float(value or 0.0) for value in made.standalone.values()]

    def worth(inside: frozenset[int]) -> float:
        return made.value if len(inside) == len(names) else sum(alone[at] for at in inside)

    pairs = partnerships(dataset, made.decisions)
    columns = [pairs[name].to_numpy() for name in ("seller", "buyer", "quantity")]
    labels = [
        {**line, "seller": names[seller], "buyer": names[buyer]}
        for line, seller, buyer in zip(
            pairs[["from_site", "to_site", "commodity"]].to_dict("records"),
            pairs["seller"],
            pairs["buyer"],
            strict=True,
        )
    ]
    band = np.full(len(pairs), 10.0), np.full(len(pairs), 400.0)
    shares = settle(Table(names, worth), "core")
    own = collected(dataset, made.decisions).to_numpy()
    record = document(shares, own, Sold(Trades(*columns, *band), labels))
    return replace(made, settlement=record)


def _set(value: Any, *path: Any) -> Callable[[dict[str, Any]], None]:
    def alter(record: dict[str, Any]) -> None:
        *inner, last = path
        for key in inner:
            record = record[key]
        record[last] = value(record[last]) if callable(value) else value

    return alter


def _more(amount: float) -> Callable[[float], float]:
    return lambda money: money + amount


def _pair_of(record: dict[str, Any]) -> None:
    first, second = list(record["payoffs"])[:2]
    for name, amount in ((first, 1e8), (second, -1e8)):
        record["payoffs"][name]["payoff"] += amount
        record["payoffs"][name]["gain"] += amount
        record["payoffs"][name]["transfer"] += amount


def _firm(record: dict[str, Any]) -> str:
    return next(iter(record["payoffs"]))


ALTERED: dict[str, Callable[[dict[str, Any]], None]] = {
    "a payoff more": lambda record: _set(_more(1e3), "payoffs", _firm(record), "payoff")(record),
    "another floor": lambda record: _set(_more(1e3), "payoffs", _firm(record), "standalone")(record),
    "another gain": lambda record: _set(_more(1e3), "payoffs", _firm(record), "gain")(record),
    "a transfer more": lambda record: _set(_more(0.5), "payoffs", _firm(record), "transfer")(record),
    "somebody loses": _pair_of,
    "a firm less": lambda record: record["payoffs"].pop(_firm(record)),
    "no number": _set(float("nan"), "excess"),
    "a smaller excess": _set(-1e9, "excess"),
    "a smaller bound": _set(-1e9, "excess_bound"),
    "a claim beyond its bound": _set(1e9, "excess_bound"),
    "a coalition paid more": _set(_more(1e3), "binding", 0, "payoff"),
    "a stranger in a coalition": _set(["nobody"], "binding", 0, "enterprises"),
    "a subsidy that does not add up": _set({"total": 5.0, "to": {}}, "subsidy"),
    "a subsidy to a stranger": _set({"total": 5.0, "to": {"nobody": 5.0}}, "subsidy"),
    "a price outside its band": _set(1e6, "prices", 0, "price"),
    "a payment that is not the price": _set(_more(10.0), "prices", 0, "payment"),
    "another quantity": _set(_more(1.0), "prices", 0, "quantity"),
    "a price less": lambda record: record["prices"].pop(),
    "a lump sum more": lambda record: record["lump_sums"].update({_firm(record): 1e4}),
}


def test_a_good_settlement_passes(dataset: Dataset, plan: Plan) -> None:
    assert [finding.line() for finding in verify(dataset, plan) if finding.refuses] == []


@pytest.mark.parametrize("name", ALTERED)
def test_an_altered_settlement_is_refused(name: str, dataset: Dataset, plan: Plan) -> None:
    record = deepcopy(dict(plan.settlement or {}))
    ALTERED[name](record)
    assert [finding for finding in verify(dataset, replace(plan, settlement=record)) if finding.refuses]
