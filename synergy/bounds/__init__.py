"""Bounds that anybody can check: duals of the literal relaxation, and rows that tighten it, found by a solver."""
