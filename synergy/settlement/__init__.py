"""Settlement: who gets what of the gain, why it is stable, what makes it stable where it is not, at which prices.

The room knows a game by its coalition values alone (`synergy.settlement.game.Game`); it names no dataset and no model.
"""
