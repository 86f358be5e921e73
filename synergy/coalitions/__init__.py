"""Coalitions: values of groups of enterprises from the engine's own problem, as the game to settle.

`parametric`: one problem for all coalitions, in which membership changes bounds alone, so that the solver stays warm,
and initial payoffs by its duals, which pay every coalition at least its value. `game`: the game, with a MILP for the
most violated coalition of a payoff. `settle`: the settlement of a plan, with its prices and the losses behind them.
"""
