"""Trades: the exchanges that prices are wanted for, and what prices say of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synergy.settlement.game import Bools, Floats, Ints


@dataclass(frozen=True, slots=True)
class Trades:
    """Exchanges between enterprises, arrays of shape (a,).

    Parameters
    ----------
    seller, buyer : numpy.ndarray of int
        Positions among the players; who delivers and who takes.
    quantity : numpy.ndarray of float
        What is paid for a year, above zero, in the unit of the commodity.
    low, high : numpy.ndarray of float
        The seller's least and the buyer's most, money per unit: the band. Where low is above high no price leaves
        both better off by this exchange alone, and the middle is taken.
    """

    seller: Ints
    buyer: Ints
    quantity: Floats
    low: Floats
    high: Floats

    @property
    def middle(self) -> Floats:
        """Return the payments a year in the middle of the bands, money."""
        return (self.low + self.high) / 2 * self.quantity

    @property
    def half(self) -> Floats:
        """Return half the width of the bands, money a year; zero where a band is empty."""
        return np.maximum(self.high - self.low, 0.0) / 2 * self.quantity

    @property
    def empty(self) -> Bools:
        """Return where no price leaves both better off."""
        return self.low > self.high

    def received(self, payment: np.ndarray, players: int) -> np.ndarray:
        """Return what each player receives less what it pays, shape (players,), in the type of the payments."""
        total = np.zeros(players, payment.dtype)
        np.add.at(total, self.seller, payment)
        np.subtract.at(total, self.buyer, payment)
        return total
