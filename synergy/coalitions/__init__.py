"""Coalitions: values of groups of enterprises from the engine's own problem, as the game to settle.

`parametric`: one problem for all coalitions, in which membership changes bounds alone, so that the `solver` stays warm.
`separation`: a MILP for the most violated coalition of a payoff. `solver.start_of`: initial payoffs from the duals
of the relaxation, which pay every coalition at least its value. `game` puts them together.
"""
