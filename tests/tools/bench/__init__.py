"""Benchmarks: ratios against other solvers and tools, in one run on the same data."""
