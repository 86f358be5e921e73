"""Verify: an independent judge that recomputes a plan from the dataset and the plan's frames alone.

Rooms: `findings` (what is said), `ends` (what the tables know of outlets and inlets), `view` (a plan's frames as
arrays), `frames` (ids and arcs), `trade`, `plants`, `aims` (constraints), `claims` (amounts, totals, the proof of the
bound), `offers` (proposals), `verify` (the face).
Nothing here imports the engine's network, candidates or model.
"""
