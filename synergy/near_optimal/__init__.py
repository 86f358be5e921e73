"""Alternatives: structurally different near-optimal plans, each with its loss of value.

Modelling to generate alternatives (Brill 1979, Management Science 25:413; DeCarolis et al. 2016, Environmental
Modelling & Software 79:300): each alternative excludes a named part of the plan, and the best plan without it is found.
"""
