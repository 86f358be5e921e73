"""Benchmarks: ratios against other solvers and tools, in one run on the same data."""

from synergy.bench.main import main

__all__ = ["main"]
