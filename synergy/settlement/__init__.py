"""Settlement: division of the gain, its stability certificate, the subsidy that makes it stable, and prices.

The room knows a game by its coalition values alone (`synergy.settlement.game.Game`); it names no dataset and no model.
"""

# the keys of `synergy.settlement.rules.RULES`, which takes long to import, and two choices that share nothing
ASKED = ("core", "nucleolus", "shapley", "owen", "midpoint", "proportional", "standalone", "none")
DEFAULT = "core"  # the rule where none is named: in the library, on the command line, in rounds of pages and the API
