"""Rounds of parts of a region: ``python tests/tools/subregions.py --seconds 10``.

A round of Lvliang's year with each enterprise left out in turn, one of each county's enterprises alone, and one under
each shipped scenario is declared, frozen, matched by a worker and compared with the round of all. A line tells each.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from roots import LVLIANG
from stores import PLANNER, begun

from synergy.dataset.read import read
from synergy.dataset.settings import load_scenario
from synergy.dataset.sheet import Dataset, yearly
from synergy.errors import DatasetError
from synergy.records.figures import written
from synergy.records.names import MatchState
from synergy.records.runs import Run
from synergy.store import comparison, freezing, queries, runs
from synergy.store.datasets import snapshot_of
from synergy.store.store import KEY_FILE, Store, make_store
from synergy.worker.work import Habits, work_once


def parts(dataset: Dataset) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the name and the enterprises of each part."""
    firms = tuple(str(firm) for firm in dataset["enterprises"]["enterprise"])
    for absent in firms:
        yield f"without {absent}", tuple(firm for firm in firms if firm != absent)
    for county, rows in dataset["enterprises"].groupby("county"):
        yield f"{county} alone", tuple(str(firm) for firm in rows["enterprise"])


def run_of(store: Store, given: dict[str, Any]) -> Run:
    """Bring a round from its declarations to its run, and return that when it has ended."""
    ident = begun(store, **given)
    freezing.freeze(store, PLANNER, ident)
    runs.request_match(store, PLANNER, ident)
    done = work_once(store, Habits())
    if done is None:
        raise RuntimeError(f"round {ident}: the worker found no run")
    return queries.see_matches(store, PLANNER, ident)[-1]


def ended(run: Run) -> str:
    """Return how a run ended, in words."""
    return f"{run.state} {run.status}, value {None if run.value is None else written(run.value.amount)}"


def main() -> int:
    """Match and compare, and count what did not end well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="limit of each search")
    parser.add_argument("--gap", type=float, default=0.03)
    parser.add_argument("--every", type=int, default=1, help="take each n-th part alone")
    asked = parser.parse_args()
    whole, bad = yearly(read(LVLIANG)), 0
    with tempfile.TemporaryDirectory() as folder:
        os.environ[KEY_FILE] = str(Path(folder) / "audit.key")
        store = make_store(str(Path(folder) / "store.db"))
        given = {
            "archive": snapshot_of(whole).archive,
            "options": {"time_limit": asked.seconds, "gap": asked.gap, "settlement": "standalone"},
        }
        first = run_of(store, given)
        print(f"all: {ended(first)}", flush=True)
        scenarios = sorted(path.stem for path in (LVLIANG / "scenarios").glob("*.toml") if path.stem != "base")
        cases = [(name, {"scenario": load_scenario(LVLIANG / "scenarios" / f"{name}.toml")}) for name in scenarios]
        cases += [(name, {"members": members}) for name, members in list(parts(whole))[:: asked.every]]
        for name, more in cases:
            begin = time.monotonic()
            try:
                done = run_of(store, given | more)
            except DatasetError as error:  # a scenario of months does not fit a year
                print(f"{name}: refused, {len(error.problems)} problems: {error.problems[0].line()}", flush=True)
                continue
            said = f"{name}: {ended(done)}"
            if done.state is MatchState.DONE:
                found = comparison.compare(store, PLANNER, first.match, done.match)
                inputs = found.inputs
                named = sorted({row["table"] for row in inputs.rows}) + inputs.settings
                said += f"; differs in {', '.join(named) or 'nothing'} ({len(inputs.rows)} rows)"
                said += f"; proposals {len(found.new)} new, {len(found.lost)} lost, {len(found.changed)} changed"
                wrong = not named
            else:
                wrong = True
            bad += wrong
            print(f"{said}; {time.monotonic() - begin:.0f} s{' WRONG' if wrong else ''}", flush=True)
        store.close()
    print(f"{len(cases)} rounds, {bad} wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
