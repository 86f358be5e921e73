"""Capacity as a right: the part each firm retains after the cut, the rights of small firms, and the city's pool."""

from __future__ import annotations

from synergy.datasets.lvliang.make.region import Region
from synergy.datasets.lvliang.make.sources import Row, rules

_STEP = 100.0  # rights are counted in steps of 100 t/a


def retained(region: Region) -> dict[str, float]:
    """Return the right (t/a) that each coking enterprise retains.

    The uniform cut is weighted by the class of each oven; no firm is cut below the floor; the sum is the
    region's capacity less the pool.
    """
    total = sum(oven.capacity for oven in region.ovens) - rules()["pool"]
    low, high = 0.0, 1.0
    for _ in range(60):  # bisection: the sum falls as the cut grows
        middle = (low + high) / 2
        if sum(_after_cut(region, middle).values()) > total:
            low = middle
        else:
            high = middle
    rights = {name: round(value / _STEP) * _STEP for name, value in _after_cut(region, high).items()}
    largest = max(rights, key=lambda name: rights[name])
    rights[largest] += total - sum(rights.values())
    return rights


def _after_cut(region: Region, cut: float) -> dict[str, float]:
    left: dict[str, float] = {}
    size: dict[str, float] = {}
    for oven in region.ovens:
        part = 1 - cut * rules()[f"cut_{oven.grade}"]
        left[oven.enterprise] = left.get(oven.enterprise, 0.0) + oven.capacity * part
        size[oven.enterprise] = size.get(oven.enterprise, 0.0) + oven.capacity
    return {name: max(value, min(size[name], rules()["retention_floor"])) for name, value in left.items()}


def offers(region: Region, rights: dict[str, float]) -> list[Row]:
    """Return an offer of the retained right at each coking site, by its part of the firm's capacity."""
    size: dict[str, float] = {}
    for oven in region.ovens:
        size[oven.enterprise] = size.get(oven.enterprise, 0.0) + oven.capacity
    rows = []
    for site, capacity in region.oven_sites.items():
        owner = region.owned[site]["enterprise"]
        small = rights[owner] <= rules()["keep_below"]
        row: Row = {"offer": f"{site}-RIGHT", "site": site, "commodity": "COKE_RIGHT", "period": None}
        quantity = round(rights[owner] * capacity / size[owner], 1)
        row |= {"quantity": quantity, "price": 0, "keep": rules()["keep_part"] if small else 0}
        rows.append(row | {"evidence": region.evidence(site), "source": "rule: weighted cut to 27 Mt/a (policy notes)"})
    return rows
