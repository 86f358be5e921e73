"""Pathways: process chains from a commodity in the catalogue of processes, with their margins.

The package works on tables alone: no model, no solver. Transport between sites is left out, so margins are at the gate;
the matching engine accounts for transport.
"""
