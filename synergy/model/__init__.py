"""Candidates -> decisions: the MILP as a sparse matrix; the only modules that import OR-Tools and HiGHS."""
