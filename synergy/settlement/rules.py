"""Settlement by one of the rules to divide a gain: payoffs, certificate of their stability, stabilising subsidy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

import numpy as np

from synergy.scenario import JSON
from synergy.settlement.division import Division, Part, RuleNote, RuleOptions, coalition, parts_of, tolerance_of
from synergy.settlement.game import CachedGame, Floats, Game, RuleUndefined
from synergy.settlement.least_core import Region, ScaledPart, by_duals, frame_of, minimise, nearest
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
    most, tolerance = max(len(part.members) for part in parts), tolerance_of(asked, options)
    if rule.listed and most > options.exact:
        raise RuleUndefined(method, "too_many_players", players=most, most=options.exact)
    losing = [part for part in parts if part.losing(tolerance)]
    if losing and not rule.losses:
        raise RuleUndefined(method, "gain_negative", loss=-losing[0].gain)
    division = _floored(asked, parts, rule.divide(asked, parts, options), tolerance)
    certificate = _certify(asked, parts, division.payoff, options)
    notes, subsidy = division.notes, None
    if certificate.excess > certificate.tolerance and method == "core":
        spent = any(note.code == "rounds_used_up" for note in notes)
        rounds = 0 if spent else options.rounds
        subsidy = _least_subsidy(asked, parts, division.payoff, tolerance, rounds)
    if asked.stopped is not None and not any(note.code.startswith("stopped_by") for note in notes):
        notes = (*notes, RuleNote(f"stopped_by_{asked.stopped}", float(certificate.tested), game.players))
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
            region = Region(np.eye(len(short))[part.floored], frame.low[part.floored], frame.gain)
            payoff[part.members] = frame.payoff(nearest(frame.shares(payoff), region))[part.members]
            who = asked.names(part.members[short > tolerance])
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

    @property
    def in_core(self) -> bool:
        """Return whether the payoffs are proven to be in the core."""
        return self.verdict is Verdict.STABLE


def _certify(asked: CachedGame, parts: tuple[Part, ...], payoff: Floats, options: RuleOptions) -> Certificate:
    """Certify the stability of `payoff`, shape (players,), money a year, with one separation for each part.

    Where the game falls into parts, the worst coalition of all is the union of the worst of each part, or of the parts
    whole; so its excess is the sum of theirs where these are positive. Without rounds the game is not asked where it
    has duals, which then give the bound.
    """
    tolerance = tolerance_of(asked, options)
    seen = [_separated(asked, part, payoff, options) for part in parts]
    excess, bound = seen[0]
    if len(parts) > 1:
        left = [part.total - float(payoff[part.members].sum()) for part in parts]
        excess = sum(max(0.0, one, rest) for (one, _), rest in zip(seen, left, strict=True))
        whole = [max(0.0, part.bound - part.total + rest) for part, rest in zip(parts, left, strict=True)]
        bound = sum(max(one, rest) for (_, one), rest in zip(seen, whole, strict=True))
    if not np.isfinite(excess) and len(asked.players) == 1:
        excess = bound = 0.0
    tested = sum(not members.all() for members, _ in asked.known.values())
    return Certificate(excess, max(bound, excess), tolerance, tested, _binding(asked, parts, payoff, tolerance))


def _separated(asked: CachedGame, part: Part, payoff: Floats, options: RuleOptions) -> tuple[float, float]:
    """Return the greatest known excess of one part's proper coalitions, and a proven bound on it."""
    if len(part.members) == 1:
        return -np.inf, -np.inf
    frame = frame_of(asked, part, tolerance_of(asked, options))
    proven = by_duals(frame, payoff)
    inside = asked.inside(coalition(part.members, len(asked.players)))
    known = max((worth.value - float(payoff[members].sum()) for members, worth in inside), default=-np.inf)
    if options.rounds == 0 and np.isfinite(proven):
        return known, max(known, proven)
    found = frame.worst(payoff)
    excess = max(known, found.excess)
    return excess, max(excess, min(found.bound, proven))


def _binding(asked: CachedGame, parts: tuple[Part, ...], payoff: Floats, tolerance: float) -> tuple[Binding, ...]:
    """Return the binding coalitions, the worst first."""
    listed = []
    for part in parts:
        known = [
            (worth.value - float(payoff[members].sum()), members, worth.value)
            for members, worth in asked.inside(coalition(part.members, len(asked.players)))
            if np.isfinite(worth.value)
        ]
        worst = max((excess for excess, _, _ in known), default=-np.inf)
        tight = worst - tolerance if worst > tolerance else min(worst, -tolerance)
        listed += [one for one in known if one[0] >= tight]
    listed.sort(key=lambda one: (-round(one[0] / tolerance), int(one[1].sum()), np.flatnonzero(one[1]).tolist()))
    return tuple(
        Binding(asked.names(np.flatnonzero(inside)), value, float(payoff[inside].sum()))
        for _, inside, value in listed[:SHOWN]
    )


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
        found = frame.worst(payoff)
        over = found.bound
        if found.excess <= tolerance or not frame.add(found.members, found.value):
            return shares, need, over
    need = max(need, _least_sum(frame, low) - frame.gain)
    if frame.asked.start is not None:  # proven to suffice, though less may do
        return frame.shares(frame.asked.start), need, 0.0
    return shares, need, over


def _least_sum(frame: ScaledPart, low: Floats) -> float:
    """Return the smallest sum of shares that pay every known coalition."""
    rows, right = frame.table()
    if not len(rows):
        return float(np.where(np.isfinite(low), low, 0.0).sum())
    answer = minimise(np.ones(len(low)), low, rows, right)
    return answer.cost if answer is not None else -np.inf


def _near(frame: ScaledPart, given: Floats, low: Floats, need: float) -> Floats:
    """Return the stable shares with the least sum that are nearest to given ones, above them where possible."""
    rows, right = frame.table()
    above, total = np.maximum(low, given), np.array([frame.gain + need])
    if minimise(np.zeros(len(low)), above, rows, right, np.ones((1, len(low))), total):
        low = above
    return nearest(given, frame.region(low, need=need))


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
        proof = self.certificate
        return {
            "method": self.method,
            "payoffs": payoffs,
            "excess": _number(proof.excess),
            "excess_bound": _number(proof.bound),
            "in_core": proof.in_core,
            "verdict": proof.verdict.value,
            "tolerance": proof.tolerance,
            "coalitions_tested": proof.tested,
            "binding": [
                {"enterprises": list(one.enterprises), "value": one.value, "payoff": one.payoff}
                for one in proof.binding
            ],
            "subsidy": self._subsidy(),
            "notes": [
                {"code": note.code, "number": note.number, "enterprises": list(note.enterprises)} for note in self.notes
            ],
        }

    def _subsidy(self) -> dict[str, JSON] | None:
        """Return the subsidy as a plain record."""
        given = self.subsidy
        if given is None:
            return None
        to = {name: money for name, money in zip(self.players, given.to.tolist(), strict=True) if money > 0}
        payoffs = dict(zip(self.players, given.payoff.tolist(), strict=True))
        bound = _number(given.bound)
        return {"total": given.total, "to": to, "least": given.least, "excess_bound": bound, "payoffs": payoffs}


def _number(value: float) -> float | None:
    """Return a number, None where it is not finite."""
    return value if np.isfinite(value) else None
