"""Candidates -> decisions: the model as a sparse matrix, and the only rooms that name OR-Tools and HiGHS."""
