"""Rules: the table of all rules to divide a gain, and the settlement by one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from synergy.scenario import JSON
from synergy.settlement.certificate import Certificate, certify
from synergy.settlement.division import Division, RuleNote, RuleOptions
from synergy.settlement.game import CachedGame, Floats, Game, RuleUndefined
from synergy.settlement.least_core import ScaledPart, frame_of
from synergy.settlement.linear import Program, minimise
from synergy.settlement.midpoint import Region, midpoint, nearest
from synergy.settlement.nucleolus import core, nucleolus
from synergy.settlement.parts import Part, parts_of, tolerance_of
from synergy.settlement.shapley import owen, proportional, shapley


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


def least_subsidy(asked: CachedGame, parts: tuple[Part, ...], payoff: Floats, options: RuleOptions) -> Subsidy:
    """Return the smallest subsidy that makes the game stable, allocated nearest to the payoffs of the rule.

    The smallest sum of payoffs that pay every coalition its value, less v(N), is the cost of stability. Of the payoffs
    with this sum those nearest to the payoffs of the rule, `payoff`, are taken, and nobody gets less than by these
    where that is possible.

    References
    ----------
    Bachrach, Y., Elkind, E., Meir, R., Pasechnik, D., Zuckerman, M., Rothe, J., Rosenschein, J. S. (2009), The cost of
    stability in coalitional games, Algorithmic Game Theory, 122-134, doi:10.1007/978-3-642-04645-2_12.
    """
    tolerance = tolerance_of(asked, options)
    stable, to = payoff.copy(), np.zeros(len(payoff))
    least = bound = 0.0
    for part in parts:
        frame = frame_of(asked, part, tolerance)
        shares, need, over = _stable(frame, frame.shares(payoff), tolerance, options.rounds)
        more = np.maximum(shares - frame.shares(payoff), 0.0)
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
        rows, right = frame.table()
        need = max(need, _least_sum(rows, right, low) - frame.gain)
        shares = _near(frame, given, low, need)
        found = frame.worst(_spread(frame, shares))
        over = found.bound
        if found.excess <= tolerance or not frame.add(found):
            return shares, need, over
    need = max(need, _least_sum(*frame.table(), low) - frame.gain)
    if frame.asked.start is not None:  # proven to suffice, though less may do
        return frame.shares(frame.asked.start), need, 0.0
    return shares, need, over


def _spread(frame: ScaledPart, shares: Floats) -> Floats:
    """Return shares as payoffs of all players, shape (players,)."""
    full = np.zeros(len(frame.asked.players))
    full[frame.part.members] = frame.part.ground + shares * frame.unit
    return full


def _least_sum(rows: Floats, right: Floats, low: Floats) -> float:
    """Return the smallest sum of shares that pay every known coalition."""
    if not len(rows):
        return float(np.where(np.isfinite(low), low, 0.0).sum())
    answer = minimise(Program(np.ones(len(low)), low, rows, right))
    return answer.cost if answer is not None else -np.inf


def _near(frame: ScaledPart, given: Floats, low: Floats, need: float) -> Floats:
    """Return the stable shares with the least sum that are nearest to given ones, above them where possible."""
    total = frame.gain + need
    rows, right = frame.table()
    above = np.maximum(low, given)
    if minimise(Program(np.zeros(len(low)), above, rows, right, np.ones((1, len(low))), np.array([total]))):
        low = above
    held = np.isfinite(low)
    region = Region(np.vstack([np.eye(len(low))[held], rows]), np.concatenate([low[held], right]), total)
    return nearest(given, region)


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

    def refusal(
        self, name: str, asked: CachedGame, parts: tuple[Part, ...], options: RuleOptions
    ) -> RuleUndefined | None:
        """Return the reason why the rule is not defined, as far as known in advance; None where it may be defined."""
        most = max(len(part.members) for part in parts)
        if self.listed and most > options.exact:
            return RuleUndefined(name, "too_many_players", players=most, most=options.exact)
        losing = [part for part in parts if part.losing(tolerance_of(asked, options))]
        if losing and not self.losses:
            return RuleUndefined(name, "gain_negative", loss=-losing[0].gain)
        return None


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
        return {
            "total": given.total,
            "to": to,
            "least": given.least,
            "excess_bound": _number(given.bound),
            "payoffs": payoffs,
        }


def settle(game: Game, method: str = "core", options: RuleOptions | None = None) -> Shares:
    """Return a settlement of a game by one rule, a key of `RULES`: payoffs that sum to v(N), with their certificate.

    It has the least subsidy where a coalition does better alone.

    Raises
    ------
    RuleUndefined
        Where the rule is not defined for the game, with the reason.
    """
    options = options or RuleOptions()
    asked = CachedGame(game)
    parts = parts_of(asked, options)
    rule = RULES[method]
    refusal = rule.refusal(method, asked, parts, options)
    if refusal is not None:
        raise refusal
    division = _floored(asked, parts, rule.divide(asked, parts, options), options)
    certificate = certify(asked, parts, division.payoff, options)
    subsidy = None
    if certificate.excess > certificate.tolerance and method == "core":
        spent = any(note.code == "rounds_used_up" for note in division.notes)
        subsidy = least_subsidy(asked, parts, division.payoff, replace(options, rounds=0) if spent else options)
    notes = division.notes
    if asked.stopped is not None and not any(note.code.startswith("stopped_by") for note in notes):
        notes = (*notes, RuleNote(f"stopped_by_{asked.stopped}", float(certificate.tested), game.players))
    standalone = np.empty(len(game.players))
    for part in parts:
        standalone[part.members] = part.floor
    return Shares(method, game.players, division.payoff, standalone, certificate, subsidy, notes, division.interval)


def _floored(asked: CachedGame, parts: tuple[Part, ...], division: Division, options: RuleOptions) -> Division:
    """Return the nearest individually rational payoffs where a rule violates floors that can be kept."""
    tolerance = tolerance_of(asked, options)
    payoff, notes = division.payoff.copy(), list(division.notes)
    for part in parts:
        frame = frame_of(asked, part, tolerance)
        short = part.floor - payoff[part.members]
        if frame.floored and short.max() > tolerance:
            region = Region(np.eye(len(short))[np.isfinite(short)], frame.low[np.isfinite(short)], frame.gain)
            payoff[part.members] = frame.payoff(nearest(frame.shares(payoff), region))[part.members]
            who = part.members[short > tolerance]
            notes.append(RuleNote("floor_binds", float(short.max()), tuple(asked.players[at] for at in who.tolist())))
    return replace(division, payoff=payoff + 0.0, notes=tuple(notes))


def _number(value: float) -> float | None:
    """Return a number, None where it is not finite."""
    return value if np.isfinite(value) else None
