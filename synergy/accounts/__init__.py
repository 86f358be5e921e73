"""Accounts: money and emissions of each flow, run, level, build and link of a plan, computed from the tables alone.

Modules: `keys` (row lookup by id), `links` (figures of a pair of sites and a mode), `facts` (cost figures of ends,
units and builds), `ledger` (the accounts themselves). None of them depends on an optimisation model.
"""
