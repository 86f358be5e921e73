"""Anonymity of partners: rounding of figures so coarse that a partner cannot be identified by them.

A quantity to six digits reveals the losses of its route, hence its length, hence the partner at its other end. A
remainder of a thousandth reveals them too, so that figures are rounded to a digit of the largest of their kind in the
round, not of their own.

All that comes out of a run (which proposals there are, prices, payoffs, reasons) is computed from what was frozen. So
whatever others ask, declare or compute, for as many rounds as they like, a cost stays hidden within its rungs: an
interval of at least ``step / (1 + step)`` of it. Costs go up to their rung and what somebody pays goes down to it, so
that a proposal that pays on the ladder pays in truth.
"""

from __future__ import annotations

import hmac
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from synergy.dataset.sheet import Dataset
from synergy.records.documents import RoundJSON
from synergy.records.rounds import Telltale
from synergy.store.access import Action, Actor, Resource, require
from synergy.store.backup import archive, dataset_of
from synergy.store.rounds import round_row
from synergy.store.store import Store

QUANTITY_FIGURES = 2
MONEY_FIGURES = 1
PRICE_FIGURES = 3  # freight is a part of it


@dataclass(frozen=True, slots=True)
class Greatest:
    """Largest figures of an enterprise in a plan, the reference for rounding its other figures.

    `goods` are quantities a year by commodity, `gain` (money a year) and `co2` (t a year) are of its proposals.
    """

    goods: Mapping[str, float]
    gain: float
    co2: float


def greatest(record: RoundJSON, enterprise: str) -> Greatest:
    """Return the largest figures of an enterprise in a plan, from the record of the round."""
    owner = {site: one["enterprise"] for site, one in record["labels"]["sites"].items()}
    goods: dict[str, float] = {}
    gains, saved = [0.0], [0.0]
    for one in record["plan"]["proposals"]:
        if enterprise not in one["enterprises"]:
            continue
        paid = 0.0
        for term in one["terms"]:
            sells, buys = (owner.get(end, "") == enterprise for end in (term["from"], term["to"]))
            if sells or buys:
                goods[term["commodity"]] = max(goods.get(term["commodity"], 0.0), float(term["quantity"]))
            if sells != buys and term["price"] is not None:
                paid += (1 if sells else -1) * float(term["price"]) * float(term["quantity"])
        part = one.get("own", {}).get(enterprise)
        if part is not None:
            gains.append(0.0 if part["value"] is None else abs(part["value"] + paid))
            saved.append(abs(part["co2"]))
    return Greatest(goods, max(gains), max(saved))


def _step(value: float, digits: int) -> float:
    """Return the place value of the last of a number of significant digits of a figure."""
    return 10.0 ** (math.floor(math.log10(abs(value))) - digits + 1) if value else 0.0


def _round(value: float, step: float) -> float:
    return float(f"{round(value / step) * step:.12g}") + 0.0 if step else value + 0.0


def cut(value: float | None, most: float) -> float | None:
    """Return a figure rounded to one digit, no finer than the second digit of the largest of its kind.

    Examples
    --------
    >>> cut(28823400.0, 241e6), cut(-131.8, 60000.0), cut(0.02, 60000.0), cut(None, 1.0)
    (30000000.0, 0.0, 0.0, None)
    """
    return None if value is None else _round(value, max(_step(value, 1), _step(most, 2)))


def quantity(value: float, most: float) -> float:
    """Return a quantity rounded to the second digit of the largest of its kind, never down to zero.

    Examples
    --------
    >>> quantity(145781.3, 145781.3), quantity(131.8, 60000.0)
    (150000.0, 1000.0)
    """
    step = _step(most, QUANTITY_FIGURES)
    return max(_round(value, step), step)


def shuffled(secret: bytes, place: str, what: Iterable[str]) -> list[str]:
    """Return texts in a reproducible order that cannot be computed without the secret, another at each place."""
    return sorted(what, key=lambda one: hmac.digest(secret, f"order:{place}:{one}".encode(), "sha256"))


def aliases(secret: bytes, seen: tuple[str, str], names: Iterable[str]) -> dict[str, str]:
    """Return the aliases of partners, ?1, ?2 ..., numbered in an order independent of their names.

    The order is always the same for one view: `seen` is the code of the proposal and the enterprise that looks at it.
    """
    return {name: f"?{number}" for number, name in enumerate(shuffled(secret, ":".join(seen), names), start=1)}


def telltales(store: Store, actor: Actor, round_id: int) -> list[Telltale]:
    """Return the commodities of an anonymous round whose sole supplier or user identifies a partner.

    Without anonymity there are none.
    """
    require(actor, Action.SEE_PLANS, Resource("round"))
    with store.database.read() as connection:
        row = round_row(connection, round_id)
        if not row.anonymous:
            return []
        digest = row.frozen or row.base
        return list(_known(_Archive(digest, archive(connection, digest))))


@dataclass(frozen=True, slots=True)
class _Archive:
    """Archive as a cache key, compared by its digest."""

    digest: str
    content: bytes = field(compare=False)


@lru_cache(maxsize=32)
def _known(kept: _Archive) -> tuple[Telltale, ...]:
    dataset = dataset_of(kept.content)
    table = dataset["commodities"].set_index("commodity")
    found = []
    for ident in map(str, table.index):
        if _telling(*_holders(dataset, ident)):
            en, zh = (str(table.at[ident, f"name_{lang}"]) or ident for lang in ("en", "zh"))
            found.append(Telltale(commodity=ident, name_en=en, name_zh=zh))
    return tuple(found)


def _telling(have: set[str], take: set[str]) -> bool:
    """Return whether an enterprise on one side faces a single other enterprise on the opposite side."""
    return any(len(side - {one}) == 1 for side, others in ((have, take), (take, have)) for one in others)


def _holders(dataset: Dataset, commodity: str) -> tuple[set[str], set[str]]:
    """Return the enterprises that currently supply a commodity, and those that use it."""
    owner = dataset["sites"].set_index("site")["enterprise"]
    recipes, facilities = dataset["recipes"], dataset["facilities"]
    own = recipes[recipes["commodity"] == commodity]
    found = []
    for sheet, makes in (("offers", 1), ("needs", -1)):
        processes = set(own.loc[own["coefficient"] * makes > 0, "process"])
        at = dataset[sheet].loc[dataset[sheet]["commodity"] == commodity, "site"].tolist()
        at += facilities.loc[facilities["process"].isin(processes), "site"].tolist()
        found.append({str(owner[site]) for site in at} - {""})
    return found[0], found[1]
