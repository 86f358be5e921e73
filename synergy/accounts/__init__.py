"""Accounts: money and emissions of each flow, run, level, build and link of a plan, computed from the tables alone.

Modules: `facts` (figures of ends, units and links by id), `ledger` (the accounts), `owners` (cash flow by enterprise).
None of them depends on an optimisation model.
"""
