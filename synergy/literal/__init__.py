"""The contract's model written out as the contract says it, for truth and for comparison: no pruning, no tightening."""

from synergy.literal.build import LiteralModel, build
from synergy.literal.scope import Variant
from synergy.literal.solve import LiteralSolution, solve

__all__ = ["LiteralModel", "LiteralSolution", "Variant", "build", "solve"]
