"""Certify: search for duals and cuts that prove an upper bound on the value of a dataset."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pickle import UnpicklingError

import numpy as np

from synergy.bounds.master import Budget, ForcingRows, Master, Separation, VariableBounds, first_columns
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
PAYS = 1e-6  # part of the bound that a column outside may bring
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
    after the forcing rows. None where the relaxation is too large, has no bound or could not be solved in the time.
    """
    pairs = len(dataset["sites"]) ** 2 * len(dataset["transport"]) * len(dataset.shares)
    if pairs > LARGE / 100 and _exchanges(dataset) > LARGE:
        return None
    model = build(dataset)
    yearly = len(model.cost) > WHOLE and len(dataset.shares) > 1
    stated = relaxation_of(model, yearly=yearly)

    def proof(certificate: BoundCertificate, bound: float) -> BoundProof:
        return BoundProof(bound, recorded(stated, replace(certificate, yearly=yearly)))

    def hear(certificate: BoundCertificate, bound: float) -> None:
        if heard is not None:
            heard(proof(certificate, bound))

    found = tighten(stated, budget, -np.inf if enough is None else enough, None if heard is None else hear)
    return None if found is None else proof(*found)


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


def tighten(
    stated: Relaxation, budget: Budget, enough: float, heard: Callable[[BoundCertificate, float], None] | None = None
) -> tuple[BoundCertificate, float] | None:
    """Return the best certificate found within a budget: relaxation, then forcing rows, then MIR cuts in rounds.

    For `enough` see `certify`; `heard` receives each improved certificate with its bound.
    """
    rows = RelaxationRows(stated)
    columns = np.arange(len(stated.cost))
    if len(columns) > WHOLE:
        columns = first_columns(rows, budget)
    master = Master(rows, columns)
    if not _solved(master, budget):
        return None
    best = _Best(rows, master)
    if not budget.over:
        _round_by_round(best, budget, enough, heard)
    return best.certificate() if np.isfinite(best.bound) else None


def _round_by_round(
    best: _Best, budget: Budget, enough: float, heard: Callable[[BoundCertificate, float], None] | None
) -> None:
    """Tighten the bound by rounds of forcing rows, then of MIR cuts, until a stopping criterion holds."""
    rows, master = best.rows, best.master
    limits, forcing = VariableBounds(rows), ForcingRows(rows, master.by_column)
    whole = int(rows.stated.integer.sum())
    rounds = 0 if not whole else FORCED + (FEW if whole <= SMALL else ROUNDS)
    patience = _Patience(enough, small=whole <= SMALL)
    for step in range(rounds):
        before = best.bound
        if before <= enough or budget.over:
            break
        x = master.point()
        found = list(forcing.found(x))
        rounded = step >= FORCED or not found
        if rounded:
            search = Separation(rows, x, limits, master)
            found += list(search.found(budget))
        if not _derive(rows, found, x, limits):
            break
        master.extend()
        if not _solved(master, budget, best.bound):
            break
        best.look()
        if heard is not None and best.bound < before and rounded:
            heard(*best.certificate())
        if patience.ends(before, best.bound, rounded=rounded):
            break


class _Patience:
    """Stopping rule for rounds with too little progress towards the bound `enough`.

    Where the problem is `small` two slow rounds of MIR cuts end it, otherwise three stalled rounds.
    """

    def __init__(self, enough: float, *, small: bool) -> None:
        self.enough, self.small = enough, small
        self.slow = self.stalled = 0

    def ends(self, before: float, after: float, *, rounded: bool) -> bool:
        """Return whether to stop after a round with the given bounds before and after."""
        brought, left = before - after, before - self.enough
        self.slow = self.slow + 1 if rounded and np.isfinite(left) and brought < SLOW * left else 0
        self.stalled = self.stalled + 1 if brought < STALLED * abs(before) else 0
        return (self.small and self.slow > 1) or (rounded and self.stalled > 2)


class _Best:
    """Keep the best bound so far with its duals."""

    def __init__(self, rows: RelaxationRows, master: Master) -> None:
        self.rows, self.master = rows, master
        self.bound, self.duals, self.weights = np.inf, np.zeros(rows.count), np.empty(0)
        self.look()

    def look(self) -> None:
        """Evaluate the duals of the master problem and keep them if their bound is better."""
        duals, weights = self.master.duals()
        bound = bound_of(self.rows, duals, weights)
        if bound < self.bound:
            self.bound, self.duals, self.weights = bound, duals, weights

    def certificate(self) -> tuple[BoundCertificate, float]:
        """Return the certificate, restricted to the derived rows it uses, and its bound."""
        rows = self.rows
        used = np.flatnonzero(self.weights > 0).tolist()
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
        weights = np.append(self.weights, np.zeros(len(rows.derived)))[order]
        return BoundCertificate(self.duals, derived, weights), self.bound


def _solved(master: Master, budget: Budget, bound: float = np.inf) -> bool:
    """Solve the master problem by column generation; return whether it was solved."""
    least = PAYS * (abs(bound) if np.isfinite(bound) else 1.0)
    for _ in range(50):
        if budget.seconds <= 0 or not master.solve(budget):
            return False
        if not np.isfinite(bound):
            least = PAYS * abs(master.value)
        if not master.price(least):
            return True
    return True


def _derive(rows: RelaxationRows, found: Iterable[tuple[float, Rounding]], x: Floats, limits: VariableBounds) -> int:
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
            limits.add(int(column[~whole][0]), rows.count + len(rows.derived) - 1)
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
        if (found := certify(dataset, Budget(seconds), heard=pipe.send)) is not None:
            pipe.send(found)
        pipe.send(None)
    except BrokenPipeError:  # nobody waits any more
        return
