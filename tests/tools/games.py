"""Games for the tests of the settlement: published ones with their sources, and markets that are asked, not listed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from roots import CASES
from scipy.optimize import linear_sum_assignment, linprog

from synergy.settlement.game import Assignment, Bools, Floats, Found, Ints, TableGame, Worth

LISTED = json.loads((CASES / "games.json").read_text("utf-8"))


def coalitions(count: int) -> list[tuple[int, ...]]:
    """Return all coalitions but the empty one, small ones first."""
    return [chosen for size in range(1, count + 1) for chosen in combinations(range(count), size)]


def in_order(players: str, values: Sequence[float]) -> TableGame:
    """Return the game with the values of all coalitions, small ones first."""
    keys = ["".join(players[at] for at in chosen) for chosen in coalitions(len(players))]
    return TableGame.listed(players, dict(zip(keys, values, strict=True)))


def tva() -> TableGame:
    """Tennessee Valley Authority, savings as minus the costs. Straffin, Heaney (1981)."""
    return TableGame.listed("123", {key: -float(cost) for key, cost in LISTED["TVA"]["c"].items()})


def bankruptcy(estate: float) -> TableGame:
    """Debts of 100, 200 and 300. Aumann, Maschler (1985), J. Econ. Theory 36, 195-213."""
    debts = (100.0, 200.0, 300.0)
    return TableGame(("a", "b", "c"), lambda inside: max(0.0, estate - sum(debts[at] for at in {0, 1, 2} - inside)))


def airport(costs: Sequence[float]) -> TableGame:
    """A runway for the largest aircraft. Littlechild, Owen (1973), Management Science 20, 370-372."""
    return TableGame(tuple(f"type{at}" for at in range(len(costs))), lambda inside: -max(costs[at] for at in inside))


def airport_shapley(costs: Sequence[float]) -> Floats:
    """Each step of cost is shared by all who need it. Littlechild, Owen (1973)."""
    steps = np.diff([0.0, *costs])
    return np.cumsum(steps / np.arange(len(costs), 0, -1))


def airport_nucleolus(costs: Sequence[float]) -> Floats:
    """Fees that are equal in groups. Littlechild (1974), Int. J. Game Theory 3, 21-29."""
    count, done, fee, found = len(costs), 0, 0.0, np.zeros(len(costs))
    while done < count:
        before = costs[done - 1] if done else 0.0
        offers = [((costs[at] - before + fee) / (at - done + 2), at + 1) for at in range(done, count - 1)]
        offers.append(((costs[-1] - before + fee) / (count - done), count))
        least = min(offer for offer, _ in offers)
        upto = max(end for offer, end in offers if offer <= least + 1e-12)
        found[done:upto] = least
        done, fee = upto, least
    return found


def council_1958() -> TableGame:
    """Council of the European Communities: 12 of 17 votes. Brams, Affuso (1976), Theory and Decision 7, 29-56."""
    votes = dict(zip("FGIBNL", (4, 4, 4, 2, 2, 1), strict=True))
    weight = list(votes.values())
    return TableGame(tuple(votes), lambda inside: float(sum(weight[at] for at in inside) >= 12))


LINEAR_PRICES = np.array([68.0, 52.0])
LINEAR_USE = np.array([[4.0, 5.0], [6.0, 2.0]])
LINEAR_STOCK = np.array([[4.0, 6.0, 60.0], [33.0, 39.0, 0.0]])


def linear_production() -> TableGame:
    """Three owners of two resources. Owen (1975), Math. Programming 9; numbers of the R package coopProductGame."""

    def worth(inside: frozenset[int]) -> float:
        stock = LINEAR_STOCK[:, sorted(inside)].sum(axis=1)
        return -float(linprog(-LINEAR_PRICES, A_ub=LINEAR_USE, b_ub=stock, method="highs").fun)

    answer = linprog(-LINEAR_PRICES, A_ub=LINEAR_USE, b_ub=LINEAR_STOCK.sum(axis=1), method="highs")
    return TableGame(("1", "2", "3"), worth, start=-answer.ineqlin.marginals @ LINEAR_STOCK)


def shapley_shubik() -> Assignment:
    """Three houses, three buyers, from the dataset of the case. Shapley, Shubik (1971)."""

    def column(table: str, name: str) -> list[float]:
        head, *lines = (CASES / "shapley_shubik1971" / f"{table}.csv").read_text("utf-8").split()
        return [float(line.split(",")[head.split(",").index(name)]) for line in lines]

    asked = np.array(column("offers", "price")[:3])
    offered = -np.array(column("processes", "opex")).reshape(3, 3)
    return Assignment(np.arange(3), np.arange(3, 6), np.maximum(offered - asked[:, None], 0.0))


def horse_market() -> Assignment:
    """Eight sellers and ten buyers of horses. Boehm-Bawerk (1889), as in Shapley, Shubik (1971)."""
    asked = np.array([10, 11, 15, 17, 20, 21.5, 25, 26])
    offered = np.array([30, 28, 26, 24, 22, 21, 20, 18, 17, 15])
    return Assignment(np.arange(8), np.arange(8, 18), np.maximum(offered[None, :] - asked[:, None], 0.0))


@dataclass(frozen=True)
class Market:
    """An assignment game that finds the worst coalition by a best assignment of pairs, without listing coalitions."""

    assignment: Assignment
    start: Floats | None = None
    stopped: str | None = None

    @property
    def players(self) -> tuple[str, ...]:
        sellers, buyers = self.assignment.worth.shape
        return tuple(f"seller{at}" for at in range(sellers)) + tuple(f"buyer{at}" for at in range(buyers))

    @property
    def components(self) -> tuple[Ints, ...]:
        return (np.arange(len(self.players)),)

    def value(self, members: Bools) -> Worth:
        sellers = len(self.assignment.sellers)
        worth = self.assignment.worth[np.ix_(members[:sellers], members[sellers:])]
        best = float(worth[linear_sum_assignment(-worth)].sum())
        return Worth(best, best)

    def values(self, many: Sequence[Bools]) -> list[Worth]:
        return [self.value(members) for members in many]

    def worst(self, payoff: Floats, among: Bools | None = None) -> Found:
        assert among is None or among.all()
        sellers = len(self.assignment.sellers)
        beyond = self.assignment.worth - payoff[:sellers, None] - payoff[None, sellers:]
        row, column = linear_sum_assignment(-np.maximum(beyond, 0.0))
        paired = beyond[row, column] > 0
        members = np.zeros(len(payoff), np.bool_)
        members[row[paired]] = members[sellers + column[paired]] = True
        if not members.any():
            members[np.unravel_index(np.argmax(beyond), beyond.shape) + np.array([0, sellers])] = True
        value = self.value(members).value
        excess = value - float(payoff[members].sum())
        return Found(members, excess, excess, value)
