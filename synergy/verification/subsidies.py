"""Subsidies: what a settlement says of the least sum that makes it stable, and to whom it goes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from synergy.plan import Plan
from synergy.verification.findings import Book

NEAR = 1e-9  # of the money that is shared: what rounding of sums may come to


def check_subsidy(book: Book, plan: Plan, names: Sequence[str]) -> None:
    """A subsidy goes to enterprises, adds up, is no less than what is proven to be needed, and pays who falls short.

    Parameters
    ----------
    book : Book
    plan : Plan
        With a settlement.
    names : sequence of str
        Enterprises of the dataset.
    """
    settlement = plan.settlement or {}
    given, tolerance = settlement["subsidy"], float(settlement["tolerance"])
    if given is None:
        return
    if not set(given["to"]) <= set(names) or set(given["payoffs"]) != set(names):
        book.add("subsidy", "settlement.subsidy", "the enterprises are not those of the dataset")
        return
    if not min(given["to"].values(), default=0.0) >= 0:
        book.add("subsidy", "settlement.subsidy.to", "takes money from somebody")
    if settlement["excess"] is not None and settlement["excess"] <= tolerance:
        book.add("subsidy", "settlement.subsidy", "is given though no coalition is known that does better alone")
    paid = {name: float(money) for name, money in given["payoffs"].items()}
    scale = abs(plan.value) + abs(given["total"]) + sum(abs(money) for money in paid.values())
    book.one("subsidy", float(given["total"]), math.fsum(given["to"].values()), scale)
    book.one("subsidy", math.fsum(paid.values()), plan.value + float(given["total"]), scale)
    room = tolerance + NEAR * scale
    if not given["least"] <= given["total"] + room:
        book.add("subsidy", "settlement.subsidy.least", f"{given['least']:.9g} is more than the total")
    bound = math.inf if given["excess_bound"] is None else float(given["excess_bound"])
    for members, value in _known(plan, settlement):
        short = value - math.fsum(paid[name] for name in members)
        if len(members) < len(names) and short > max(0.0, bound) + room:
            subject = "settlement.subsidy.payoffs"
            book.add("subsidy", subject, f"{' '.join(members)} is still paid {short:.9g} too little")


def _known(plan: Plan, settlement: Mapping[str, Any]) -> list[tuple[list[str], float]]:
    """Return the coalitions of which a value is stated: everybody alone, and those that bind."""
    alone = [([name], float(value)) for name, value in (plan.standalone or {}).items() if value is not None]
    return alone + [(list(one["enterprises"]), float(one["value"])) for one in settlement["binding"]]
