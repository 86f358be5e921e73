"""Coalitions: what each group of enterprises is worth, from the engine's own problem, as the game that is settled.

One problem holds those of all coalitions: who takes part changes bounds alone (`synergy.coalitions.frame`), so that
solvers stay warm (`solver`), one search finds the coalition that a payoff pays worst (`worst`), and the duals of the
relaxation pay every coalition at least its value (`start`). `game` puts them together.
"""
