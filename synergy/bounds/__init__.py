"""Certified bounds: duals and cuts of the literal relaxation, found by a solver and checkable without one."""
