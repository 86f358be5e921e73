"""Pathways: every chain that a commodity can take from here in the catalogue of processes, and what it would earn.

The room works on tables alone: no model, no solver. What moves between sites is left out, so a margin is one at the
gate; the engine says what transport leaves of it.
"""
