"""Sensitivity: which uncertain or missing figure would change the plan or its gain most, and what not knowing it costs.

The expected value of knowing a figure before deciding (Raiffa & Schlaifer 1961, Applied Statistical Decision Theory),
figure by figure, at the two ends of what is thought possible.
"""
