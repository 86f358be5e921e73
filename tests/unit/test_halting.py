"""Stopping: a request is heard at the next look, nothing begins after it is due, and what there is comes back."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest
from roots import HANG_S, TINY

from synergy import engine, halting
from synergy import round as rounds
from synergy.cli import progress
from synergy.cli.console import Talk
from synergy.cli.main import run
from synergy.cli.words import WORDS
from synergy.dataset.read import read
from synergy.errors import UsageError
from synergy.model.solve_params import Control, Event
from synergy.options import Options


class Asked:
    """A request to stop that is made at a phase; solves that begin after it are counted."""

    def __init__(self, phase: str) -> None:
        self.phase, self.made, self.told, self.after = phase, False, False, 0
        self.phases: list[str] = []

    def listen(self, event: Event) -> None:
        self.phases.append(event.phase)
        self.made = self.made or event.phase == self.phase
        self.told = self.told or event.phase == "unsettled"

    def stop(self) -> bool:
        return self.made


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> Callable[[Asked], None]:
    """No time for a settlement after a request; solves that begin inside one are counted."""
    for module in (engine, rounds):
        monkeypatch.setattr(module, "SETTLED_S", 0.0)
    inner = halting.watched

    def count(asked: Asked) -> None:
        def watched(work: Callable[[], object], stop: Callable[[], bool] | None = None) -> bool:
            def counted() -> None:
                asked.after += asked.made and not asked.told
                work()

            return inner(counted, stop)

        monkeypatch.setattr("synergy.solvers.watched", watched)

    return count


@pytest.mark.parametrize("phase", ["standalone", "settlement"])
def test_no_solve_begins_once_a_request_is_due(phase: str, hasty: Callable[[Asked], None]) -> None:
    asked = Asked(phase)
    hasty(asked)
    done = rounds.run(read(TINY), Options(settlement="core"), Control(asked.listen, asked.stop))
    assert done.plan is not None
    assert done.plan.settlement is None
    assert (done.plan.standalone is None) == (phase == "standalone")
    assert asked.phases[-1] == "unsettled"
    assert asked.after == 0


@pytest.mark.parametrize(("settlement", "key"), [("core", "uncompared"), ("none", "no_comparison")])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_why_nothing_is_compared_is_told(
    settlement: str, key: str, lang: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(engine, "SETTLED_S", 0.0)
    stopped = Asked("standalone")
    monkeypatch.setattr(progress, "interruptible", lambda _: nullcontext(stopped.stop))
    monkeypatch.setattr(progress, "watched", lambda _: nullcontext(stopped.listen))
    assert run(["match", str(TINY), "--settlement", settlement], Talk(lang)) == 0
    told = capsys.readouterr().out.replace("\n", "")
    for one in ("uncompared", "no_comparison", "no_proposals"):
        assert (WORDS[one][lang == "zh"] in told) == (one == key)


def test_a_plan_is_settled_after_a_request_where_that_is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (engine, rounds):
        monkeypatch.setattr(module, "SETTLED_S", HANG_S)
    asked = Asked("standalone")
    done = rounds.run(read(TINY), Options(settlement="core"), Control(asked.listen, asked.stop))
    assert done.plan is not None
    assert done.plan.settlement is not None


def test_a_proof_after_the_search_is_not_looked_for_once_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked("solved")
    looked: list[float] = []
    monkeypatch.setattr(engine, "certify", lambda *given: looked.append(given[1]))
    plan = rounds.run(read(TINY), Options(settlement="none"), Control(asked.listen, asked.stop)).plan
    assert plan is not None
    assert plan.proof["dual"] is None
    assert not looked


def test_work_that_hears_nothing_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(halting, "HEARD_S", 0.0)
    begun, end = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        end.wait()

    with halting.halting(begun.is_set):
        assert not halting.watched(work, begun.is_set)
        with halting.within(0.0), pytest.raises(halting.Halted):
            halting.watched(work)
    end.set()


def test_what_work_raises_is_raised() -> None:
    def work() -> None:
        raise ValueError("of the work")

    with halting.halting(lambda: False), pytest.raises(ValueError, match="of the work"):
        halting.watched(work)


def test_the_same_plan_with_somebody_who_could_ask() -> None:
    dataset = read(TINY)
    plans = [rounds.run(dataset, Options(settlement="core"), Control(stop=stop)).plan for stop in (None, lambda: False)]
    first, second = (plan for plan in plans if plan is not None)
    assert first.value == second.value
    assert first.settlement == second.settlement


@pytest.mark.parametrize(
    "given", [{"gap": -1}, {"time_limit": -5}, {"threads": -1}, {"gap": float("nan")}, {"seed": -2}]
)
def test_options_that_no_solver_takes_are_refused_by_name(given: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=next(iter(given))):
        Options(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize("words", [["explain", "--enterprise", "TARCO"], ["alternatives"], ["verify"], ["sensitivity"]])
def test_a_key_is_heard_while_a_study_solves(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = str(tmp_path / "plan.json")
    assert run(["match", str(TINY), "--settlement", "standalone", "--out", plan], Talk("en")) == 0
    begun, end = threading.Event(), threading.Event()

    def endless(_solver: object) -> None:
        begun.set()
        end.wait()

    def key() -> None:
        begun.wait(60)
        for _ in range(2):  # where there is something to show for it, the first asks for what there is
            signal.raise_signal(signal.SIGINT)  # Python hears it in its main thread alone
            if end.wait(1):
                return

    monkeypatch.setattr("synergy.solvers.watched", lambda work, stop=None: halting.watched(lambda: endless(work), stop))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background begins without it
    threading.Thread(target=key, daemon=True).start()
    given = [words[0], str(TINY), *([] if words[0] == "sensitivity" else [plan]), *words[1:]]
    try:
        assert run(given, Talk("en")) == 130
    finally:
        end.set()
        signal.signal(signal.SIGINT, before)
    assert begun.is_set()
    assert WORDS["interrupted"][0] in capsys.readouterr().err


HARD = """
import numpy as np
from synergy.cli.main import main
from synergy.halting import halting
from synergy.solvers import highs, run

random, solver = np.random.default_rng(1), highs().Highs()
matrix = random.integers(0, 100, (6, 50)).astype(float)  # a market split: nobody proves it within minutes
for name, value in {"output_flag": False, "threads": 2, "presolve": "off"}.items():
    solver.setOptionValue(name, value)
x = [solver.addBinary() for _ in range(50)]
for row in matrix:
    solver.addConstr(sum(float(part) * one for part, one in zip(row, x)) == float(row.sum() // 2))
with halting(lambda: False):
    assert run(solver, lambda: True) is False
main(["--version"])
"""


def test_a_process_ends_as_it_should_while_a_solve_that_was_broken_off_computes() -> None:
    """The library beneath it is not taken down: that would abort the process with signal 6."""
    done = subprocess.run([sys.executable, "-c", HARD], capture_output=True, text=True, timeout=HANG_S, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "synergy, version" in done.stdout
