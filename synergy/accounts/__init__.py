"""Accounts: what each flow, run, level, build and link of some decisions earns and emits, from the tables alone.

Rooms: `keys` (rows found by their ids), `links` (what a pair of sites and a mode mean), `facts` (what ends, units and
builds cost), `ledger` (the accounts themselves). Nothing here knows an optimisation model.
"""
