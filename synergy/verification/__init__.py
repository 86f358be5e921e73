"""Verify: an independent judge that evaluates the literal model at a plan, from the dataset and the plan alone.

`verify` is the face. `findings`: what is said and the tolerances. `books`: a plan as a point of the literal model, its
money and emissions. `checks`: shape, every constraint, totals, the proof of the bound. `settled`: the settlement and
its subsidy. `offers`: proposals and shares. `deep`: what only another solve can check.
Nothing here imports the ledger, the engine or its model, nor does anything that is imported here.
"""
