"""Sensitivity: rank uncertain or missing figures by their effect on the plan or its gain, and by regret.

The expected value of knowing a figure before deciding (Raiffa & Schlaifer 1961, Applied Statistical Decision Theory),
figure by figure, at the two ends of its interval.
"""
