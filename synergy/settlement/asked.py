"""Asked: a game that remembers its answers, for a certificate and so that nothing is asked twice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from synergy.settlement.game import Assignment, Bools, Floats, Found, Game, Ints, Worth


class Asked:
    """A game and what it has answered so far.

    Parameters
    ----------
    game : Game
        The game that is asked.
    """

    def __init__(self, game: Game) -> None:
        self._game = game
        self._worst: dict[tuple[bytes, bytes], Found] = {}
        self.known: dict[bytes, tuple[Bools, Worth]] = {}

    @property
    def players(self) -> tuple[str, ...]:
        """Return the names of the enterprises."""
        return self._game.players

    @property
    def components(self) -> tuple[Ints, ...]:
        """Return the positions of the players that can trade at all, component by component."""
        return self._game.components

    @property
    def start(self) -> Floats | None:
        """Return payoffs from duals that pay every coalition at least its value."""
        return self._game.start

    @property
    def stopped(self) -> str | None:
        """Return what ended a search so far other than gap or work."""
        return self._game.stopped

    @property
    def assignment(self) -> Assignment | None:
        """Return the assignment structure, where there is one."""
        return self._game.assignment

    def value(self, members: Bools) -> Worth:
        """Return what a coalition is worth."""
        return self.values([members])[0]

    def values(self, many: Sequence[Bools]) -> list[Worth]:
        """Return what coalitions are worth; only those not known yet are asked for, each once."""
        new = {members.tobytes(): members for members in many if members.tobytes() not in self.known}
        for members, worth in zip(new.values(), self._game.values(list(new.values())), strict=True):
            self.known[members.tobytes()] = (members.copy(), worth)
        return [self.known[members.tobytes()][1] for members in many]

    def worst(self, payoff: Floats, among: Bools | None = None) -> Found:
        """Return the coalition that a payoff pays worst; the same question is asked once."""
        inside = np.ones(len(self.players), np.bool_) if among is None else among
        key = (inside.tobytes(), payoff[inside].tobytes())
        if key not in self._worst:
            self._worst[key] = self._listed(payoff, inside) or self._search(payoff, among)
        return self._worst[key]

    def inside(self, among: Bools) -> list[tuple[Bools, Worth]]:
        """Return the known coalitions of some players, all of them together left out."""
        most = int(among.sum())
        return [
            (members, worth)
            for members, worth in self.known.values()
            if 0 < members.sum() < most and not (members & ~among).any()
        ]

    def _listed(self, payoff: Floats, among: Bools) -> Found | None:
        """Return the worst coalition where the values of all are known; none where there is no other coalition."""
        known = self.inside(among)
        if among.sum() == 1:
            return Found(np.zeros(len(among), np.bool_), -np.inf, -np.inf, -np.inf)
        if not known or len(known) < 2.0 ** int(among.sum()) - 2:
            return None
        rows = np.array([members for members, _ in known])
        paid = rows @ payoff
        excess = np.array([worth.value for _, worth in known]) - paid
        bound = np.array([worth.bound for _, worth in known]) - paid
        worst = int(np.argmax(excess))
        return Found(rows[worst], float(excess[worst]), float(bound.max()), known[worst][1].value)

    def _search(self, payoff: Floats, among: Bools | None) -> Found:
        """Return the worst coalition that the game finds, and know its value from now on."""
        found = self._game.worst(payoff, among)
        if np.isfinite(found.excess) and found.members.tobytes() not in self.known:
            bound = max(found.value, found.bound + float(payoff[found.members].sum()))
            self.known[found.members.tobytes()] = (found.members.copy(), Worth(found.value, bound))
        return found
