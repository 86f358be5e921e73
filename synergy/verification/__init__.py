"""Independent verification: evaluate the literal model at a plan, from the dataset and the plan alone.

`verify` is the entry point: shape, every constraint, totals, the proof of the bound. `books`: a plan as a point of the
literal model, its money and emissions, findings and tolerances. `claims`: proposals, shares, settlement and subsidy.
`deep`: checks that need another solve. Nothing here imports the ledger, the engine or its model, nor does anything that
is imported here.
"""
