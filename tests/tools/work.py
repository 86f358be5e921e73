"""The solver's work on twelve datasets: ``python tests/tools/work.py`` measures it and writes the ledger anew.

Simplex iterations and nodes are the same on any machine and for any load, so that a change of the model or the search
that makes it work harder is seen where times would not tell it. The ledger names the version of HiGHS that it is of.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any
from unittest.mock import patch

from roots import CASES, TINY

import synergy.bounds.master
import synergy.model.fixed
import synergy.model.highs
from synergy.dataset.read import read
from synergy.engine import match
from synergy.options import Options
from synergy.solvers import run

LEDGER = CASES / "work.json"
DATASETS = {
    name: CASES / name
    for name in (
        "group_char",
        "keep_at_public_place",
        "limits_without_bound",
        "market_depth",
        "orlib_cap41",
        "polley2000",
        "public_link_opened_by_two",
        "shapley_shubik1971",
        "steps_of_scale",
        "store_over_periods",
        "tiny_beside_a_million",
    )
} | {"tiny": TINY}


@dataclass(slots=True)
class Work:
    """Simplex iterations and branch-and-bound nodes of all solves of a match."""

    iterations: int = 0
    nodes: int = 0


@contextmanager
def counted() -> Iterator[Work]:
    """Count the work of every solve in the context, whichever part of the engine asks for it."""
    work = Work()

    def counting(solver: Any, *given: Any) -> bool:
        ended = run(solver, *given)
        if ended:
            info = solver.getInfo()
            work.iterations += max(0, int(info.simplex_iteration_count))
            work.nodes += max(0, int(info.mip_node_count))
        return ended

    with ExitStack() as stack:
        for module in (synergy.bounds.master, synergy.model.fixed, synergy.model.highs):
            stack.enter_context(patch.object(module, "run", counting))
        yield work


def measured(name: str) -> dict[str, int]:
    """Return the work of matching one dataset on one thread."""
    dataset = read(DATASETS[name])
    with counted() as work:
        match(dataset, Options(gap=1e-6, threads=1, workers=1))
    return asdict(work)


def main() -> None:
    """Measure all datasets, and write the ledger."""
    found = {name: measured(name) for name in sorted(DATASETS)}
    LEDGER.write_text(json.dumps({"highspy": version("highspy"), "work": found}, indent=2) + "\n", encoding="utf-8")
    for name, work in found.items():
        print(f"{name:20}{work['iterations']:10,}{work['nodes']:8,}")


if __name__ == "__main__":
    main()
