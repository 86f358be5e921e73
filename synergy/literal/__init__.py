"""Literal model: the model contract written out in full, as a reference for comparison: no pruning, no tightening."""

from synergy.literal.build import LiteralModel, build
from synergy.literal.scope import Variant
from synergy.literal.solve import LiteralSolution, solve

__all__ = ["LiteralModel", "LiteralSolution", "Variant", "build", "solve"]
