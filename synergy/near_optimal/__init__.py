"""Alternatives: near-optimal plans that differ in meaning, each with what is given up for it.

Modelling to generate alternatives (Brill 1979, Management Science 25:413; DeCarolis et al. 2016, Environmental
Modelling & Software 79:300): what a planner may want otherwise is asked for by
name, and the best plan with it is found.
"""
