"""Settlement by one of the rules to divide a gain: payoffs, certificate of their stability, stabilising subsidy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

import numpy as np

from synergy.scenario import JSON
from synergy.settlement.division import Division, Part, RuleNote, RuleOptions, parts_of
from synergy.settlement.game import Bools, CachedGame, Floats, Game, RuleUndefined
from synergy.settlement.least_core import ScaledPart, by_duals, frame_of, minimise, nearest
from synergy.settlement.solutions import core, midpoint, nucleolus, owen, proportional, shapley

SHOWN = 50  # binding coalitions that are named


@dataclass(frozen=True, slots=True)
class Rule:
    """Rule to divide a gain.

    `divide` raises RuleUndefined where it is not defined; `title` is its name for people, in English and Chinese.
    `listed`: it looks at all coalitions of a part, so that parts may have `RuleOptions.exact` players at most.
    `losses`: it is defined where all together earn less than alone.
    """

    divide: Callable[[CachedGame, tuple[Part, ...], RuleOptions], Division]
    title: tuple[str, str]
    listed: bool = False
    losses: bool = False


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "core": Rule(core, ("core", "核心"), losses=True),
        "nucleolus": Rule(nucleolus, ("nucleolus", "核仁"), listed=True),
        "shapley": Rule(shapley, ("Shapley value", "沙普利值")),
        "owen": Rule(owen, ("Owen point, by the duals", "欧文点（对偶价格）")),
        "midpoint": Rule(midpoint, ("midpoint of the sellers' and the buyers' best", "买卖双方最优分配的中点")),
        "proportional": Rule(proportional, ("in proportion to a base", "按比例分配")),
    }
)


def settle(game: Game, method: str = "core", options: RuleOptions | None = None) -> Shares:
    """Return a settlement of a game by one rule, a key of `RULES`: payoffs that sum to v(N), with their certificate.

    It has the least subsidy where a coalition does better alone.

    Raises
    ------
    RuleUndefined
        Where the rule is not defined for the game, with the reason.
    """
    options, rule, asked = options or RuleOptions(), RULES[method], CachedGame(game)
    parts = parts_of(asked, options)
    most, tolerance = max(len(part.members) for part in parts), options.tolerance * asked.scale
    if rule.listed and most > options.exact:
        raise RuleUndefined(method, "too_many_players", players=most, most=options.exact)
    losing = [part for part in parts if part.losing]
    if losing and not rule.losses:
        raise RuleUndefined(method, "gain_negative", loss=-losing[0].gain)
    division = _floored(asked, parts, rule.divide(asked, parts, options), tolerance)
    certificate = _certify(asked, parts, division.payoff, options)
    notes, subsidy = division.notes, None
    if certificate.excess > certificate.tolerance and method == "core":
        spent = any(note.code == "rounds_used_up" for note in notes)
        rounds = 0 if spent else options.rounds
        subsidy = _least_subsidy(asked, parts, division.payoff, tolerance, rounds)
    if game.stopped is not None and not any(note.code.startswith("stopped_by") for note in notes):
        notes = (*notes, RuleNote(f"stopped_by_{game.stopped}", float(certificate.tested), game.players))
    standalone = np.empty(len(game.players))
    for part in parts:
        standalone[part.members] = part.floor
    return Shares(method, game.players, division.payoff, standalone, certificate, subsidy, notes, division.interval)


def _floored(asked: CachedGame, parts: tuple[Part, ...], division: Division, tolerance: float) -> Division:
    """Return the nearest individually rational payoffs where a rule violates floors that can be kept."""
    payoff, notes = division.payoff.copy(), list(division.notes)
    for part in parts:
        frame = frame_of(asked, part, tolerance)
        short = part.floor - payoff[part.members]
        if frame.floored and short.max() > tolerance:
            none = np.empty((0, len(short))), np.empty(0)  # coalitions: each alone is its own floor
            near = frame.payoff(nearest(frame.shares(payoff), frame.low, frame.gain, *none))
            payoff[part.members] = near[part.members]
            who = tuple(asked.names[part.members[short > tolerance]])
            notes.append(RuleNote("floor_binds", float(short.max()), who))
    return replace(division, payoff=payoff + 0.0, notes=tuple(notes))


class Verdict(StrEnum):
    """Verdict on whether some coalition could do better on its own."""

    STABLE = "stable"  # proven: there is none
    BEATEN = "beaten"  # one is known
    OPEN = "open"  # none is known, but the bounds on values leave room for one


@dataclass(frozen=True, slots=True)
class Binding:
    """Binding coalition, paid no more than its value: enterprises, value alone, payoff, money a year."""

    enterprises: tuple[str, ...]
    value: float
    payoff: float


@dataclass(frozen=True, slots=True)
class Certificate:
    """Stability certificate of payoffs, money a year.

    `excess` is the greatest ``v(S) - x(S)`` found over coalitions S other than all, v(S) being what its best known plan
    is worth; zero where there is no such coalition. Proven: no coalition has an excess above `bound`, which is at least
    `excess`. The verdict is ``stable`` where the bound is at most the tolerance, ``beaten`` where the excess is above
    it, else ``open``. `tested` counts the coalitions other than all whose value was computed. `binding` are those that
    get exactly what they are worth alone, or are short by the greatest excess; without any, the one nearest to it.
    """

    excess: float
    bound: float
    tolerance: float
    tested: int
    binding: tuple[Binding, ...]

    @property
    def verdict(self) -> Verdict:
        """Return whether some coalition could do better on its own, as far as is known."""
        if self.excess > self.tolerance:
            return Verdict.BEATEN
        return Verdict.STABLE if self.bound <= self.tolerance else Verdict.OPEN


def _certify(asked: CachedGame, parts: tuple[Part, ...], payoff: Floats, options: RuleOptions) -> Certificate:
    """Certify the stability of `payoff`, shape (players,), money a year, with one separation for each part.

    Where the game falls into parts, the worst coalition of all is the union of the worst of each part, or of the parts
    whole; so its excess is the sum of theirs where these are positive.
    """
    tolerance, seen, tight = options.tolerance * asked.scale, [], []
    for part in parts:
        greatest, proven, binding = _separated(asked, part, payoff, options)
        seen.append((greatest, proven))
        tight += binding
    excess, bound = seen[0]
    if len(parts) > 1:
        left = [part.total - float(payoff[part.members].sum()) for part in parts]
        excess = sum(max(0.0, one, rest) for (one, _), rest in zip(seen, left, strict=True))
        whole = [max(0.0, part.bound - part.total + rest) for part, rest in zip(parts, left, strict=True)]
        bound = sum(max(one, rest) for (_, one), rest in zip(seen, whole, strict=True))
    if not np.isfinite(excess) and len(asked.players) == 1:
        excess = bound = 0.0
    tested = sum(not members.all() for members, _ in asked.known.values())
    tight.sort(key=lambda one: (-round(one[0] / tolerance), int(one[1].sum()), np.flatnonzero(one[1]).tolist()))
    shown = tuple(
        Binding(tuple(asked.names[inside]), value, float(payoff[inside].sum())) for _, inside, value in tight[:SHOWN]
    )
    return Certificate(excess, max(bound, excess), tolerance, tested, shown)


def _separated(
    asked: CachedGame, part: Part, payoff: Floats, options: RuleOptions
) -> tuple[float, float, list[tuple[float, Bools, float]]]:
    """Return the greatest known excess of one part's proper coalitions, a proven bound on it, and the binding ones.

    Those are excess, members and value of each. Without rounds the game is not asked where it has duals, which then
    give the bound.
    """
    tolerance, excess, bound = options.tolerance * asked.scale, -np.inf, by_duals(asked, part, payoff)
    if options.rounds > 0 or not np.isfinite(bound) or len(part.members) == 1:
        found = asked.worst(payoff, part.inside)
        excess, bound = found.excess, min(found.bound, bound)
    known = [
        (worth.value - float(payoff[members].sum()), members, worth.value)
        for members, worth in asked.inside(part.inside)
        if np.isfinite(worth.value)
    ]
    worst = max((one for one, _, _ in known), default=-np.inf)
    tight = worst - tolerance if worst > tolerance else min(worst, -tolerance)
    excess = max(excess, worst)
    return excess, max(excess, bound), [one for one in known if one[0] >= tight]


@dataclass(frozen=True, slots=True)
class Subsidy:
    """External subsidy that makes payoffs stable, money a year.

    `to`, shape (players,), is who gets it, zero or more, and `payoff`, shape (players,), the payoff of each with it;
    their sum is v(N) and the subsidy. Proven by coalitions that have a plan: less than `least` does not suffice.
    Proven: with it no coalition has an excess above `bound`.
    """

    to: Floats
    payoff: Floats
    least: float
    bound: float

    @property
    def total(self) -> float:
        """Return its sum."""
        return float(self.to.sum())


def _least_subsidy(
    asked: CachedGame, parts: tuple[Part, ...], payoff: Floats, tolerance: float, rounds: int
) -> Subsidy:
    """Return the smallest subsidy that makes the game stable, allocated nearest to the payoffs of the rule.

    The smallest sum of payoffs that pay every coalition its value, less v(N), is the cost of stability. Of the payoffs
    with this sum those nearest to the payoffs of the rule, `payoff`, are taken, and nobody gets less than by these
    where that is possible.

    References
    ----------
    Bachrach, Y., Elkind, E., Meir, R., Pasechnik, D., Zuckerman, M., Rothe, J., Rosenschein, J. S. (2009), The cost of
    stability in coalitional games, Algorithmic Game Theory, 122-134, doi:10.1007/978-3-642-04645-2_12.
    """
    stable, to = payoff.copy(), np.zeros(len(payoff))
    least = bound = 0.0
    for part in parts:
        frame = frame_of(asked, part, tolerance)
        given = frame.shares(payoff)
        shares, need, over = _stable(frame, given, tolerance, rounds)
        more = np.maximum(shares - given, 0.0)
        if need > 0 and more.sum() > 0:
            to[part.members] = more * ((shares.sum() - frame.gain) / more.sum()) * frame.unit
            stable[part.members] = part.ground + shares * frame.unit
        least += need * frame.unit
        bound += max(0.0, over) if len(parts) > 1 else over
    return Subsidy(to, stable, least, bound)


def _stable(frame: ScaledPart, given: Floats, tolerance: float, rounds: int) -> tuple[Floats, float, float]:
    """Return stable shares in units, shape (k,), the least sum over the gain, and the proven excess, money a year."""
    low = np.where(frame.part.floored, 0.0, -np.inf)
    shares, need, over = given, 0.0, np.inf
    for _ in range(rounds):
        need = max(need, _least_sum(frame, low) - frame.gain)
        shares = _near(frame, given, low, need)
        payoff = np.zeros(len(frame.asked.players))
        payoff[frame.part.members] = frame.part.ground + shares * frame.unit
        found = frame.asked.worst(payoff, frame.part.inside)
        over = found.bound
        if found.excess <= tolerance or not frame.add(found.members, found.value):
            return shares, need, over
    need = max(need, _least_sum(frame, low) - frame.gain)
    if frame.asked.start is not None:  # proven to suffice, though less may do
        return frame.shares(frame.asked.start), need, 0.0
    return shares, need, over


def _least_sum(frame: ScaledPart, low: Floats) -> float:
    """Return the smallest sum of shares that pay every known coalition."""
    if not len(frame.rows):
        return float(np.where(np.isfinite(low), low, 0.0).sum())
    answer = minimise(np.ones(len(low)), low, frame.rows, frame.right)
    return answer.cost if answer is not None else -np.inf


def _near(frame: ScaledPart, given: Floats, low: Floats, need: float) -> Floats:
    """Return the stable shares with the least sum that are nearest to given ones, above them where possible."""
    above, total = np.maximum(low, given), frame.gain + need
    if minimise(np.zeros(len(low)), above, frame.rows, frame.right, np.ones((1, len(low))), np.array([total])):
        low = above
    return nearest(given, low, total, frame.rows, frame.right)


@dataclass(frozen=True, slots=True)
class Shares:
    """Settlement: payoffs, their stability certificate and the stabilising subsidy, money a year.

    `payoff` and `standalone` have shape (players,), the latter minus infinity without a plan. There is a subsidy where
    a coalition is known that does better alone. `interval` is half the width of the 95 % confidence interval of sampled
    payoffs.
    """

    method: str
    players: tuple[str, ...]
    payoff: Floats
    standalone: Floats
    certificate: Certificate
    subsidy: Subsidy | None = None
    notes: tuple[RuleNote, ...] = ()
    interval: Floats | None = None

    def record(self, transfer: Mapping[str, float] | None = None) -> dict[str, JSON]:
        """Return the settlement as a plain record, as in the plan document; prices are not in it."""
        alone = [value if np.isfinite(value) else None for value in self.standalone.tolist()]
        rows = zip(self.players, alone, self.payoff.tolist(), strict=True)
        payoffs: dict[str, dict[str, float | None]] = {
            name: {"standalone": floor, "payoff": paid, "gain": None if floor is None else paid - floor}
            for name, floor, paid in rows
        }
        if self.interval is not None:
            for name, half in zip(self.players, self.interval.tolist(), strict=True):
                payoffs[name]["interval"] = half
        for name, money in (transfer or {}).items():
            payoffs[name]["transfer"] = money
        proof, given = self.certificate, self.subsidy
        excess, bound = (value if np.isfinite(value) else None for value in (proof.excess, proof.bound))
        subsidy: dict[str, JSON] | None = None
        if given is not None:
            subsidy = {
                "total": given.total,
                "to": {name: money for name, money in zip(self.players, given.to.tolist(), strict=True) if money > 0},
                "least": given.least,
                "excess_bound": given.bound if np.isfinite(given.bound) else None,
                "payoffs": dict(zip(self.players, given.payoff.tolist(), strict=True)),
            }
        return {
            "method": self.method,
            "payoffs": payoffs,
            "excess": excess,
            "excess_bound": bound,
            "in_core": proof.verdict is Verdict.STABLE,
            "verdict": proof.verdict.value,
            "tolerance": proof.tolerance,
            "coalitions_tested": proof.tested,
            "binding": [
                {"enterprises": list(one.enterprises), "value": one.value, "payoff": one.payoff}
                for one in proof.binding
            ],
            "subsidy": subsidy,
            "notes": [
                {"code": note.code, "number": note.number, "enterprises": list(note.enterprises)} for note in self.notes
            ],
        }
