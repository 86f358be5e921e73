"""Independent verification: evaluate the literal model at a plan, from the dataset and the plan alone.

`verify` is the entry point. `findings`: results and tolerances. `books`: a plan as a point of the literal model, its
money and emissions. `checks`: shape, every constraint, totals, the proof of the bound. `settled`: the settlement and
its subsidy. `offers`: proposals and shares. `deep`: checks that need another solve.
Nothing here imports the ledger, the engine or its model, nor does anything that is imported here.
"""
