"""Certify: search for duals and cuts that prove an upper bound on the value of a dataset."""

from __future__ import annotations

import multiprocessing
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pickle import UnpicklingError

import numpy as np

from synergy.bounds.master import (
    Budget,
    Limits,
    Master,
    Separation,
    first_columns,
    forcing_rows,
    forcing_units,
    variable_bounds,
)
from synergy.dataset.sheet import Dataset
from synergy.literal.build import build
from synergy.literal.certificate import BoundCertificate, bound_of, recorded
from synergy.literal.ends import basis_of
from synergy.literal.relaxation import Relaxation, RelaxationRows, Rounding, relaxation_of
from synergy.literal.scope import Floats
from synergy.scenario import JSON

ROUNDS = 16  # of roundings
FEW = 4  # of roundings where the problem is small
SMALL = 300  # yes-or-no columns up to which it is
FORCED = 8  # of forcing rows, before the first
STALLED = 2e-5  # part of the bound that a round has to bring
SLOW = 0.15  # part of what is left above `enough` that one of two rounds of roundings has to bring if small
WHOLE = 20_000  # columns up to which all of them are in the master problem from the start
MOST = 1_500  # rows derived in a round
LARGE = 5_000_000  # exchanges, before those too far are left out, beyond which no proof is looked for


@dataclass(frozen=True, slots=True)
class BoundProof:
    """Upper bound on the value of a dataset with its certificate.

    `bound` is money a year, above any rounding; `record` has ``duals``, ``columns`` and ``rows`` as
    `synergy.literal.certificate.recorded` writes them.
    """

    bound: float
    record: Mapping[str, JSON]


def certify(
    dataset: Dataset, budget: Budget, enough: float | None = None, heard: Callable[[BoundProof], None] | None = None
) -> BoundProof | None:
    """Return a certified upper bound on the value of a dataset, from duals and cuts of its literal model.

    The search stops when the bound `enough`, money a year, is reached. `heard` receives each improved proof, the first
    after the forcing rows, the last one too. None where the relaxation is too large, has no bound or could not be
    solved in the time.
    """
    pairs = len(dataset["sites"]) ** 2 * len(dataset["transport"]) * len(dataset.shares)
    if pairs > LARGE / 100 and _exchanges(dataset) > LARGE:
        return None
    model = build(dataset)
    yearly = len(model.cost) > WHOLE and len(dataset.shares) > 1
    stated = relaxation_of(model, yearly=yearly)

    found = None
    for certificate, bound in tighten(stated, budget, -np.inf if enough is None else enough):
        found = BoundProof(bound, recorded(stated, replace(certificate, yearly=yearly)))
        if heard is not None:
            heard(found)
    return found


def _exchanges(dataset: Dataset) -> int:
    """Return the number of exchanges between sites in the literal model, ignoring maximum distances."""
    basis = basis_of(dataset)
    scope = basis.scope
    count, modes = len(dataset["commodities"]), scope.commodity(dataset["transport"]["commodity"])
    pairs = np.bincount(modes, minlength=count)
    for ends in (basis.outlets, basis.inlets):
        away = ~ends.column("local")
        pairs = pairs * np.bincount(ends.column("commodity")[away], minlength=count)
    return int(pairs.sum()) * len(dataset.shares)


def tighten(stated: Relaxation, budget: Budget, enough: float) -> Iterator[tuple[BoundCertificate, float]]:
    """Yield better and better certificates with their bounds, within a budget, the best one last.

    First comes the relaxation, then forcing rows, then MIR cuts in rounds; nothing before these is yielded but where
    it is the last. For `enough` see `certify`.
    """
    rows = RelaxationRows(stated)
    columns = np.arange(len(stated.cost)) if len(stated.cost) <= WHOLE else first_columns(rows, budget)
    master = Master(rows, columns)
    if not master.solve(budget):
        return
    bound = bound_of(rows, master.duals, master.weights)
    best, told = _Best(bound, master.duals, master.weights), np.inf
    for now, cut in _rounds(rows, master, best, budget, enough):
        best = now
        if cut and best.bound < told:
            told = best.bound
            yield _certificate(rows, best), told
    if best.bound < told:
        yield _certificate(rows, best), best.bound


@dataclass(frozen=True, slots=True)
class _Best:
    """Best bound so far with its duals, those of the stated rows and those of the derived ones."""

    bound: float
    duals: Floats
    weights: Floats


def _rounds(
    rows: RelaxationRows, master: Master, best: _Best, budget: Budget, enough: float
) -> Iterator[tuple[_Best, bool]]:
    """Yield the best bound after each round of forcing rows, then of MIR cuts, and whether it is one of these.

    Rounds end at a stopping criterion: the bound `enough`, the budget, or too little progress. Where the problem is
    small two slow rounds of MIR cuts end it, otherwise three stalled rounds.
    """
    whole = int(rows.stated.integer.sum())
    if budget.over or not whole:
        return
    limits, units = variable_bounds(rows), forcing_units(rows, master.by_column)
    slow = stalled = 0
    for step in range(FORCED + (FEW if whole <= SMALL else ROUNDS)):
        before, x = best.bound, master.x
        if before <= enough or budget.over:
            return
        found = list(forcing_rows(units, rows.stated.upper, x))
        cut = step >= FORCED or not found
        if cut:
            found += list(Separation(rows, x, limits, master).found(budget))
        if not _derive(rows, found, x, limits) or not master.solve(budget, before):
            return
        bound = bound_of(rows, master.duals, master.weights)
        if bound < before:
            best = _Best(bound, master.duals, master.weights)
        yield best, cut
        brought, left = before - best.bound, before - enough
        slow = slow + 1 if cut and np.isfinite(left) and brought < SLOW * left else 0
        stalled = stalled + 1 if brought < STALLED * abs(before) else 0
        if (whole <= SMALL and slow > 1) or (cut and stalled > 2):
            return


def _certificate(rows: RelaxationRows, best: _Best) -> BoundCertificate:
    """Return the certificate of a bound, restricted to the derived rows it uses."""
    used = np.flatnonzero(best.weights > 0).tolist()
    kept: set[int] = set()
    while used:
        at = used.pop()
        if at not in kept:
            kept.add(at)
            how = rows.how[at]
            used += [int(row) - rows.count for row in (*how.rows, *how.variable) if row >= rows.count]
    order = np.array(sorted(kept), dtype=np.int64)
    number = np.arange(rows.count + len(rows.derived))
    number[rows.count + order] = rows.count + np.arange(len(order))
    derived = tuple(rows.how[at].renumbered(number) for at in order.tolist())
    weights = np.append(best.weights, np.zeros(len(rows.derived)))[order]
    return BoundCertificate(best.duals, derived, weights)


def _derive(rows: RelaxationRows, found: Iterable[tuple[float, Rounding]], x: Floats, limits: Limits) -> int:
    """Derive the most violated cuts at a point; return the number added."""
    count, seen = 0, set()
    for _, how in sorted(found, key=lambda one: -one[0])[:MOST]:
        row = rows.rounded(how)
        if row is None:
            continue
        column, value, right = row
        key = (column.tobytes(), round(right, 9))
        if key in seen or value @ x[column] - right <= 1e-6 * float(np.abs(value).max(initial=0.0)):
            continue
        seen.add(key)
        rows.derive(how, row)
        whole = rows.stated.integer[column]
        if (~whole).sum() == 1 and value[~whole][0] > 0:
            limits.append((column[~whole], np.array([rows.count + len(rows.derived) - 1])))
        count += 1
    return count


class Beside:
    """Search for a proof in a parallel process, next to the search for a plan; terminated on context exit."""

    def __init__(self, dataset: Dataset, seconds: float) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, there = context.Pipe(duplex=False)
        self._best: BoundProof | None = None
        self._process = context.Process(target=_work, args=(there, dataset, seconds), daemon=True)
        self._process.start()
        there.close()
        # read at once: a proof is larger than the pipe's buffer, and a sender that nobody hears stands still
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Beside:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()
        self._reader.join()
        self._pipe.close()

    def _read(self) -> None:
        """Keep the newest proof received until the process finishes or is lost."""
        try:
            while (found := self._pipe.recv()) is not None:
                self._best = found
        except (EOFError, OSError, UnpicklingError):
            return

    @property
    def best(self) -> BoundProof | None:
        """Return the best proof so far, None where there is none yet."""
        return self._best

    def ended(self, seconds: float) -> bool:
        """Return whether the search ends within a given time from now."""
        self._reader.join(seconds)
        return not self._reader.is_alive()


def _work(pipe: Connection, dataset: Dataset, seconds: float) -> None:
    """Run the search in the child process; send each improved proof, then None."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a key reaches the whole group; who started this one ends it
    try:
        certify(dataset, Budget(time.monotonic() + seconds), heard=pipe.send)
        pipe.send(None)
    except BrokenPipeError:  # nobody waits any more
        return
