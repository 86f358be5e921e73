"""Settlement: who gets what of the gain, why it is stable, what makes it stable where it is not, at which prices.

The room knows a game by its coalition values alone (`synergy.settlement.game.Game`); it names no dataset and no model.
"""

DEFAULT = "core"  # the rule where none is named: in the library, on the command line, in rounds of pages and the API
