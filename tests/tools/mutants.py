"""Mutation test of the figures: does anything wrong leave the engine when one line of it is wrong?

``python tests/tools/mutants.py [--count N] [--seed S] [--judge off] [--worlds K] [--workers W] [--json FILE]`` draws
mutations of the ledger, network, model, decoding and money (see `mutations`), matches the datasets of `mutant_worlds`
that run the changed line, and tells what became of each:

- *same*: no figure of any plan changed; *no plan*: the run fails by itself or ends without a plan;
- *refused*: what always runs before a plan leaves refuses it; *found*: an optimum is lowered, and ``synergy verify``
  says so; *late*: a figure is raised or wrong, and ``synergy verify`` alone says so;
- *another*: another plan of the same worth; *lowered*: an optimum or a bound is worse than it could be, and nothing
  says so; *misstated*: a figure is raised or wrong, and nothing says so.

A mutation is tried on one dataset after the other until one shows a change. It is tried in a fork of a process that has
all imported, the code of one function exchanged; where module statements change, the package is imported again there.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.abc
import importlib.machinery
import json
import os
import random
import re
import resource
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

from mutations import ROOT, Mutation, mutated, mutations_of

# rooms and their modules, "*" for all of them
AREAS: dict[str, dict[str, str]] = {
    "ledger": {"accounts": "*"},
    "network": {"network": "ends network places units", "candidates": "*", "": "formulas"},
    "model": {"model": "assembly build duals linking_cuts scaling solve"},
    "decoding": {"model": "decode"},
    "money": {
        "settlement": "division game prices rules",
        "coalitions": "parametric settle",
    },
}
FATES = ("same", "no plan", "refused", "found", "another", "late", "lowered", "misstated")  # from harmless to worst
NEAR = 1e-6  # part of a figure by which two runs may differ
SECONDS = 120  # of one core, for one mutation; one that takes longer brings no plan
PACKAGE = "synergy"
FAULT = "fault"  # key of a result that is none


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one mutation.

    Parameters
    ----------
    mutation : Mutation
    area : str
        A key of `AREAS`.
    fate : str
        One of `FATES`.
    world : str
        The dataset on which it was so.
    said : str
        What refused it, or which figure differs by how much.
    """

    mutation: Mutation
    area: str
    fate: str
    world: str
    said: str

    def line(self) -> str:
        """One line for people."""
        one = self.mutation
        return f"{one.file}:{one.line} {one.function}: {one.change} [{self.world}: {self.fate}; {self.said}]"


def files_of(area: str) -> list[str]:
    """Modules of an area."""
    found = [
        path
        for room, names in AREAS[area].items()
        for name in names.split()
        for path in sorted((ROOT / "synergy" / room).glob(f"{name}.py"))
    ]
    return [str(path.relative_to(ROOT)) for path in found if path.name != "__init__.py"]


# ---- what a run says ------------------------------------------------------------------------------------------


def document_of(dataset: Any, options: Mapping[str, Any], judge: bool) -> tuple[str, str, dict[str, Any]]:
    """Fate, what was said and the document of one run; the engine is imported when it is called."""
    from synergy import engine
    from synergy import round as rounds
    from synergy.errors import VerificationError
    from synergy.options import Options
    from synergy.records.files import plan_record

    if not judge:
        vars(rounds)["assert_valid"] = lambda *_: None
        vars(engine)["_agreed"] = lambda _model, _solution, _value, proof: min(
            proof[name] for name in ("dual", "solver") if proof[name] is not None
        )
    try:
        plan = rounds.run(dataset, Options(gap=1e-7, time_limit=60.0, **options)).plan
        record = None if plan is None else plan_record(plan)
    except VerificationError as error:
        return "refused", _short(error), {}
    except Exception as error:
        return "no plan", f"{type(error).__name__}: {_short(error)}", {}
    if plan is None or record is None:
        return "no plan", "ends without a plan", {}
    return "", "", json.loads(json.dumps(record)) | {"plan": plan}


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:160]


def _verified(dataset: Any, plan: Any) -> str:
    """What `synergy verify` refuses, solving again and by a second solver; "" where it refuses nothing."""
    from synergy.verification.deep import better_value, refused_by, solved_again

    try:
        opinion = refused_by(plan, better_value(dataset, plan))
        found = [finding.line() for finding in (*opinion, *solved_again(dataset, plan, 60.0)) if finding.refuses]
    except Exception as error:
        return f"{type(error).__name__}: {_short(error)}"
    return "; ".join(found)[:160]


HEAD = ("value", "today", "status_quo")
ROWS = ("flows", "runs", "levels", "builds", "links")
DERIVED = ("arrived", "km", "capex", "annual_cost")  # columns of rows that follow from the others
BESIDE = ("solver", "proof", "shadow_prices", "bound", "gap", "status", "seal")


def compared(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, str]:
    """How a document differs from the right one: a fate (``same`` where it does not) and where."""
    old, new = _read(old), _read(new)
    heads = [{**{key: one[key] for key in HEAD}, **(one["standalone"] or {})} for one in (old, new)]
    gaps = {key: _apart(heads[0][key], heads[1].get(key)) for key in heads[0]}
    up = [key for key, by in gaps.items() if by > NEAR]
    down = [key for key, by in gaps.items() if by < -NEAR]
    other = [where for key in old if key not in (*BESIDE, *ROWS) for where in _differing(old[key], new.get(key), key)]
    below = new["bound"] < old["value"] - NEAR * max(1.0, abs(old["value"]))
    if up or (below and not down):
        key = up[0] if up else "bound"
        return "misstated", f"{key} {gaps[key]:+.2g}" if up else f"bound {new['bound']:.9g} below {old['value']:.9g}"
    if down:
        return "lowered", f"{down[0]} {gaps[down[0]]:+.2g}"
    for names, kind in ((DERIVED, "another"), ((), "misstated")):
        sides = [{key: _sorted(one[key], names) for key in ROWS} for one in (old, new)]
        moved = next(_differing(sides[0], sides[1], "plan"), None)
        if moved is not None:
            return kind, moved
    if other:
        return "misstated", f"{', '.join(named_figures(other))}: {'; '.join(other[:2])}"
    if _apart(old["bound"], new["bound"]) > NEAR:
        return "lowered", f"bound {_apart(old['bound'], new['bound']):+.2g}"
    stray = [where for key in ("proof", "shadow_prices") for where in _differing(old[key], new[key], key)]
    return ("another", stray[0]) if stray else ("same", "")


def _read(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document whose proposals hold the rows that they name by number, which depends on the order of the rows."""

    def rows(part: Mapping[str, Any]) -> dict[str, Any]:
        named = {key: [document[key][number] for number in part[key]] for key in ROWS if key in part}
        return {**part, **{key: _sorted(found, ()) for key, found in named.items()}}

    return {**document, "proposals": [rows(one) for one in document["proposals"]]}


def named_figures(found: Sequence[str]) -> list[str]:
    """Figures of a document among the differences, by the first two parts of their names."""
    return sorted({".".join(re.sub(r"\[\d+\]", "", where.split()[0]).split(".")[:2]) for where in found})


def _sorted(rows: Sequence[Mapping[str, Any]], without: Sequence[str]) -> list[dict[str, Any]]:
    """Rows without some columns, in the order of their texts, for a document may list them in any."""
    kept = [{name: value for name, value in row.items() if name not in without} for row in rows]
    return sorted(kept, key=lambda row: [str(value) for value in row.values() if not isinstance(value, float)])


def _apart(old: float | None, new: float | None) -> float:
    """Relative difference, infinite where one of them is missing."""
    if old is None or new is None:
        return 0.0 if old is new else (float("inf") if old is None else -float("inf"))
    return (new - old) / max(1.0, abs(old))


def _differing(old: Any, new: Any, where: str) -> Iterator[str]:
    """Where two documents differ, by name and figures."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from _differing(old.get(key), new.get(key), f"{where}.{key}")
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for place, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _differing(one, other, f"{where}[{place}]")
    elif _number(old) and _number(new):
        if abs(new - old) > NEAR * max(1.0, abs(old)):
            yield f"{where} {old:.9g} -> {new:.9g}"
    elif old != new:
        yield f"{where} {str(old)[:40]} -> {str(new)[:40]}"


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


# ---- one mutation in a process of its own ------------------------------------------------------------------------


def put(mutation: Mutation) -> None:
    """Exchange the code of the function that a mutation changes, wherever it is referred to, or import all again."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        code = compile(mutated(mutation), str(ROOT / mutation.file), "exec", dont_inherit=True)
    if not mutation.function:
        _imported_again(mutation.file, code)
        return
    name = mutation.file.removesuffix(".py").replace("/", ".")
    function: Any = importlib.import_module(name)
    for part in mutation.function.split("."):
        function = vars(function)[part]
    while not isinstance(function, FunctionType):
        inner = [getattr(function, name, None) for name in ("fget", "func", "__func__", "__wrapped__")]
        function = next(one for one in inner if one is not None)
    old = function.__code__
    function.__code__ = next(
        one for one in _codes(code) if (one.co_qualname, one.co_firstlineno) == (old.co_qualname, old.co_firstlineno)
    )


def _codes(code: CodeType) -> Iterator[CodeType]:
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield one
            yield from _codes(one)


def _imported_again(file: str, code: CodeType) -> None:
    """Forget the package, so that what is imported from now on has one module changed."""
    name = file.removesuffix(".py").replace("/", ".")

    class Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
        def find_spec(self, wanted: str, *_: Any) -> importlib.machinery.ModuleSpec | None:
            return importlib.machinery.ModuleSpec(wanted, self, origin=str(ROOT / file)) if wanted == name else None

        def exec_module(self, module: ModuleType) -> None:
            exec(code, vars(module))

    for known in [one for one in sys.modules if one.split(".")[0] == PACKAGE]:
        del sys.modules[known]
    sys.meta_path.insert(0, Changed())


def tried(mutation: Mutation, worlds: Sequence[Any], right: Mapping[str, Any], judge: bool) -> tuple[str, str, str]:
    """Fate of a mutation on the first of some worlds where it changes anything, in this process."""
    found = ("same", "", "")
    try:
        put(mutation)
    except Exception as error:
        return "no plan", "", f"not imported: {type(error).__name__}: {_short(error)}"
    for world in worlds:
        try:
            dataset = world.read() if not mutation.function else world.dataset
        except Exception as error:
            fate, said = "no plan", f"not read: {type(error).__name__}: {_short(error)}"
        else:
            fate, said, record = document_of(dataset, world.options, judge)
            if not fate:
                plan = record.pop("plan")
                fate, said = compared(right[world.name], record)
                again = _verified(dataset, plan) if judge and fate not in ("same", "another") else ""
                if again:
                    fate, said = ("found" if fate == "lowered" else "late"), f"{said}: {again}"
        if fate not in ("same", "another"):
            return fate, world.name, said
        if fate == "another":
            found = (fate, world.name, said)
    return found


def forked(work: Callable[[], Any], results: Path) -> int:
    """Start some work in a fork; its result goes to a file as JSON. Returns the process's id."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2) if not os.environ.get("MUTANTS_LOUD") else None
        results.write_text(json.dumps(work()), "utf-8")
        status = 0
    except Exception:
        results.write_text(json.dumps({FAULT: traceback.format_exc()}), "utf-8")
    finally:
        os._exit(status)


def results_of(
    jobs: Sequence[Callable[[], Any]], workers: int, heard: Callable[[int], None] = lambda _: None
) -> list[Any]:
    """Results of some jobs, each done in a fork of its own; None for one that was cut off."""
    found: list[Any] = [None] * len(jobs)
    with tempfile.TemporaryDirectory() as folder:
        running: dict[int, int] = {}
        waiting = list(enumerate(jobs))[::-1]
        while waiting or running:
            while waiting and len(running) < workers:
                place, job = waiting.pop()
                running[forked(job, Path(folder) / str(place))] = place
            child, _ = os.wait()
            place = running.pop(child)
            path = Path(folder) / str(place)
            if path.exists() and path.stat().st_size:
                found[place] = json.loads(path.read_text("utf-8"))
                if isinstance(found[place], dict) and FAULT in found[place]:
                    raise RuntimeError(f"a fault of the test itself: {found[place][FAULT]}")
            heard(len(jobs) - len(waiting) - len(running))
    return found


# ---- the sample and what became of it ---------------------------------------------------------------------------


def right_run(world: Any, files: frozenset[str]) -> Callable[[], tuple[dict[str, Any], list[tuple[str, int]]]]:
    """Job that gives the right document of a world and the lines of some modules that make it."""

    def job() -> tuple[dict[str, Any], list[tuple[str, int]]]:
        ran: set[tuple[str, int]] = set()
        known = {str(ROOT / file): file for file in files}

        def step(frame: FrameType, event: str, _: Any) -> Any:
            if event == "line":
                ran.add((known[frame.f_code.co_filename], frame.f_lineno))
            return step

        sys.settrace(lambda frame, *_: step if frame.f_code.co_filename in known else None)
        fate, said, record = document_of(world.dataset, world.options, judge=True)
        sys.settrace(None)
        if fate:
            raise RuntimeError(f"{world.name}: {fate}, {said}")
        record.pop("plan")
        return record, sorted(ran)

    return job


@dataclass(frozen=True, slots=True)
class Sample:
    """Mutations drawn and where they can have an effect.

    Parameters
    ----------
    drawn : list of tuple of str, Mutation and list of worlds
        Area, mutation, and the worlds that run the changed line.
    points : dict of str to tuple of int
        By area: how many mutations there are, and of how many no world runs the line.
    unrun : list of str
        ``file:line`` of what no world runs.
    """

    drawn: list[tuple[str, Mutation, list[Any]]]
    points: dict[str, tuple[int, int]]
    unrun: list[str]


def sample(worlds: Sequence[Any], ran: Mapping[str, set[tuple[str, int]]], count: int, seed: int) -> Sample:
    """Draw mutations, as many from each area as from any other where it has as many."""
    rng = random.Random(seed)
    pools: dict[str, list[tuple[str, Mutation, list[Any]]]] = {}
    points, unrun = {}, []
    for area in AREAS:
        every = [one for file in files_of(area) for one in mutations_of(file)]
        pool = []
        for one in every:
            # a module's own statements run when it is imported, whatever the dataset
            lines = {(one.file, line) for line in range(one.line, one.last + 1)}
            met = [world for world in worlds if not one.function or lines & ran[world.name]]
            if met:
                turn = rng.randrange(len(met))
                pool.append((area, one, met[turn:] + met[:turn]))
            else:
                unrun.append(f"{one.file}:{one.line}")
        points[area] = (len(every), len(every) - len(pool))
        rng.shuffle(pool)
        pools[area] = pool
    drawn: list[tuple[str, Mutation, list[Any]]] = []
    while len(drawn) < count and any(pools.values()):
        drawn += [pool.pop() for pool in pools.values() if pool]
    return Sample(drawn[:count], points, sorted(set(unrun)))


def fates_of(count: int, seed: int, judge: bool = True, each: int = 99, workers: int = 2) -> tuple[list[Fate], Sample]:
    """Draw mutations and try them.

    Parameters
    ----------
    count, seed : int
        How many, and of which draw.
    judge : bool
        Whether what always runs before a plan leaves runs, and `synergy verify`.
    each : int
        On how many worlds each is tried at most.
    workers : int
        Processes side by side.
    """
    from mutant_worlds import opened_worlds

    for module in ("round", "verification.deep"):  # all that runs, once for all processes
        importlib.import_module(f"{PACKAGE}.{module}")
    with tempfile.TemporaryDirectory() as folder:
        worlds = opened_worlds(Path(folder))
        files = frozenset(file for area in AREAS for file in files_of(area))
        runs = results_of([right_run(world, files) for world in worlds], workers)
        lost = [world.name for world, run in zip(worlds, runs, strict=True) if run is None]
        if lost:
            raise RuntimeError(f"no right plan of {', '.join(lost)}")
        right = {world.name: run[0] for world, run in zip(worlds, runs, strict=True)}
        ran = {world.name: {(file, line) for file, line in run[1]} for world, run in zip(worlds, runs, strict=True)}
        drawn = sample(worlds, ran, count, seed)

        def job(mutation: Mutation, met: Sequence[Any]) -> Callable[[], Any]:
            return lambda: tried(mutation, met[:each], right, judge)

        def heard(done: int) -> None:
            print(f"\r{done} of {len(drawn.drawn)}", end="", file=sys.stderr, flush=True)

        found = results_of([job(one, met) for _, one, met in drawn.drawn], workers, heard)
        print(file=sys.stderr)
    fates = [
        Fate(one, area, *(got or ("no plan", met[0].name, f"no end within {SECONDS} s")))
        for (area, one, met), got in zip(drawn.drawn, found, strict=True)
    ]
    return fates, drawn


def table(fates: Sequence[Fate], points: Mapping[str, tuple[int, int]]) -> str:
    """Fates by area, as text."""
    counts = Counter((one.area, one.fate) for one in fates)
    head = ["area", "points", "not run", "drawn", *FATES]
    lines = []
    for area in AREAS:
        mine = [counts[area, fate] for fate in FATES]
        lines.append([area, *map(str, points[area]), str(sum(mine)), *map(str, mine)])
    total = [sum(int(line[at]) for line in lines) for at in range(1, len(head))]
    lines.append(["all", *map(str, total)])
    return "\n".join("  ".join(cell.rjust(9) for cell in line) for line in [head, *lines])


def main() -> None:
    """Print the table and the survivors."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--count", type=int, default=300)
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--judge", choices=("on", "off"), default="on")
    asked.add_argument("--worlds", type=int, default=99, help="datasets on which each is tried at most")
    asked.add_argument("--workers", type=int, default=2)
    asked.add_argument("--json", type=Path, help="file for the fates")
    given = asked.parse_args()
    fates, drawn = fates_of(given.count, given.seed, given.judge == "on", given.worlds, given.workers)
    print(table(fates, drawn.points))
    for fate in reversed(FATES):
        mine = [one for one in fates if one.fate == fate]
        print(f"\n{fate}: {len(mine)}")
        print("\n".join(sorted(one.line() for one in mine)))
    print("\nno dataset runs:", " ".join(drawn.unrun))
    if given.json:
        given.json.write_text(json.dumps([asdict(one) for one in fates], indent=1), "utf-8")


if __name__ == "__main__":
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_MAX_THREADS"):
        os.environ.setdefault(name, "1")
    sys.path[:0] = [str(ROOT)]
    main()
