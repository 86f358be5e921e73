"""What a search decided and nothing uses: builds that never run and links that carry nothing are left out."""

from __future__ import annotations

import numpy as np

from synergy.model.build import Model
from synergy.model.noise import noiseless
from synergy.network.places import Floats


def trimmed(model: Model, x: Floats) -> Floats:
    """Return a plan without builds and links that it does not use; it earns at least as much, and is as feasible.

    Parameters
    ----------
    model : Model
    x : numpy.ndarray, shape (columns,)
        A plan in the model's units, integers whole.

    Returns
    -------
    numpy.ndarray, shape (columns,)

    Notes
    -----
    A search that stops at a gap, or by the clock, leaves such things behind.
    """
    network = model.candidates.network
    run, flow = model.column("run"), model.column("flow")
    active = noiseless(model, x) > 0
    runs = np.zeros(len(network.units.ids), bool)
    carries = np.zeros(len(network.links.mode), bool)
    if len(run):
        runs[run.key["unit"][active[run.span]]] = True
    if len(flow):
        over = network.arcs.link[flow.key["arc"][active[flow.span]]]
        carries[over[over >= 0]] = True
    kept = x.copy()
    for name in ("size", "built"):
        block = model.column(name)
        if len(block):
            idle = ~runs[network.units.steps.unit[block.key["step"]]]
            kept[block.positions[idle]] = 0.0
    opened = model.column("open")
    if len(opened):
        kept[opened.positions[~carries[opened.key["link"]]]] = 0.0
    return kept
