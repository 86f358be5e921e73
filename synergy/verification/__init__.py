"""Verify: an independent judge that evaluates the literal model at a plan, from the dataset and the plan alone.

`verify` is the face. `findings`: what is said and the tolerances. `books`: a plan as a point of the literal model, its
money and emissions. `frames`: shape, rows that are no variables, amounts that rows say of themselves. `rows`: every
constraint. `claims`: totals, the proof of the bound. `settled`, `subsidies`: the settlement. `offers`, `shares`:
proposals. `deep`, `coalitions`, `second`: what only another solve can check.
Nothing here imports the ledger, the engine or its model, nor does anything that is imported here.
"""
