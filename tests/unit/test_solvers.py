"""The solvers: imported in one place, tried before anything is solved, refused where they are wrong."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from importlib.metadata import version
from multiprocessing import Pipe
from types import SimpleNamespace
from typing import Any

import highspy
import numpy as np
import pytest
from ortools.linear_solver.python import model_builder_helper
from roots import ROOT
from scipy import sparse
from synergy.web.pages.rounds import _last
from web_worlds import World

import synergy
from synergy import solvers
from synergy.cli.console import Talk
from synergy.cli.main import run
from synergy.errors import SolverError
from synergy.records.names import MatchState
from synergy.records.runs import Run
from synergy.solvers import NEEDED, TRIALS, UNTESTED, SelfTest, try_out
from synergy.worker import solve as solving
from synergy.worker.solve import Task


@pytest.fixture
def anew(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A process that has not loaded its solvers yet."""
    monkeypatch.delenv(UNTESTED, raising=False)
    solvers.highs.cache_clear()
    yield
    solvers.highs.cache_clear()


class Liar(highspy._core._Highs):
    """HiGHS that tells more than its plan is worth."""

    def getInfo(self) -> Any:  # noqa: N802 - HiGHS's own name
        """Tell a value that is not the plan's."""
        return SimpleNamespace(objective_function_value=super().getInfo().objective_function_value - 1)


class Hasty(highspy._core._Highs):
    """HiGHS that builds whatever may be built before it looks at what that costs."""

    def passModel(self, *given: Any) -> Any:  # noqa: N802 - HiGHS's own name
        """Fix every integer column at its upper bound."""
        *first, lower, upper, low, high, start, index, value, whole = given
        return super().passModel(*first, np.where(whole, upper, lower), upper, low, high, start, index, value, whole)


class Failing(highspy._core._Highs):
    """HiGHS that ends without an answer."""

    def run(self) -> Any:
        """Do nothing."""


def _with(kind: type) -> Any:
    """Module `highspy` with another solver in it."""
    return SimpleNamespace(**vars(highspy) | {"_core": SimpleNamespace(_Highs=kind)})


def test_the_installed_release_passes() -> None:
    try_out(highspy)


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)
def test_known_optima_are_those_of_another_solver(trial: SelfTest) -> None:
    model, scip = model_builder_helper.ModelBuilderHelper(), model_builder_helper.ModelSolverHelper("scip")
    rows = sparse.csr_matrix(np.array([row[0] for row in trial.rows], dtype=float))
    limits = (np.array([row[side] for row in trial.rows], dtype=float) for side in (1, 2))
    upper = np.array(trial.upper, dtype=float)
    model.fill_model_from_sparse_data(np.zeros(len(upper)), upper, np.array(trial.cost, dtype=float), *limits, rows)
    for column in np.flatnonzero(upper == 1):
        model.set_var_integrality(int(column), True)
    scip.solve(model)
    assert (scip.objective_value() if scip.has_solution() else None) == pytest.approx(trial.best)


@pytest.mark.parametrize(
    ("kind", "trial", "found"),
    [(Liar, 0, "a plan that is none"), (Failing, 0, "a plan that is none"), (Hasty, 1, "5000")],
)
def test_a_solver_that_is_wrong_is_refused(kind: type, trial: int, found: str) -> None:
    with pytest.raises(SolverError) as told:
        try_out(_with(kind))
    en, zh = told.value.sentence("en"), told.value.sentence("zh")
    assert f"known optimum ({TRIALS[trial].name}) wrongly: {found} found, {TRIALS[trial].best:g} expected" in en
    assert f"已知最优值的问题（{TRIALS[trial].name_zh}）" in zh
    assert "expected" not in zh
    for sentence in (en, zh):
        assert f"highspy {version('highspy')}" in sentence
        assert NEEDED[0] in sentence


def test_trials_run_once_a_process(anew: None, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[Any] = []
    monkeypatch.setattr(solvers, "try_out", tried.append)
    dataset = synergy.read(ROOT / "datasets" / "tiny")
    for _ in range(2):
        assert synergy.run(dataset, synergy.Options(settlement="none")).plan is not None
    assert tried == [highspy]


def test_trials_are_left_out_where_an_experiment_says_so(anew: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solvers, "try_out", _refused)
    with pytest.raises(SolverError):
        solvers.highs()
    monkeypatch.setenv(UNTESTED, "1")
    assert solvers.highs() is highspy


def _refused(module: Any) -> None:
    raise SolverError("wrong / 错误")


def test_the_command_says_what_is_wrong(
    anew: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(solvers, "import_module", _missing)
    for lang, words in (("en", "cannot be imported (undefined symbol: _Z3x)"), ("zh", "无法导入")):
        assert run(["match", str(ROOT / "datasets" / "tiny")], Talk(lang)) == SolverError.exit_status == 1
        said = capsys.readouterr()
        assert said.out == ""
        assert words in said.err.replace("\n", " ")
        assert "Traceback" not in said.err
    assert run(["check", str(ROOT / "datasets" / "tiny")], Talk("en")) == 0


def _missing(name: str) -> Any:
    raise ImportError("undefined symbol: _Z3x")


def test_a_run_of_the_platform_fails_with_the_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = Pipe()

    def wrong(*_: Any, **__: Any) -> None:
        _refused(highspy)

    monkeypatch.setattr(solving, "solve", wrong)
    solving.solve_for(theirs, Task(b"", None, {}, None, None))
    assert ours.recv() == solving.Failure("wrong / 错误")


def test_the_page_of_a_round_says_it_in_the_language_asked_for() -> None:
    failed = Run.model_construct(state=MatchState.FAILED, digest=None, fault="wrong / 错误")
    found = [_last([failed], lang) for lang in ("en", "zh")]
    assert [one and one.fault for one in found] == ["wrong", "错误"]


def test_a_server_with_a_wrong_solver_is_not_ready(
    anew: None, web_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = web_world.client()
    monkeypatch.setattr(solvers, "try_out", _refused)
    assert client.get("/readyz").status_code == 503
    monkeypatch.undo()
    assert client.get("/readyz").status_code == 200


def test_solvers_are_imported_in_one_place_and_one_order() -> None:
    wrong = []
    for path in sorted((ROOT / "synergy").rglob("*.py")) + sorted((ROOT / "web").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            wrong += [f"{path.relative_to(ROOT)}: {name}" for name in modules if name.split(".")[0] in LOADED]
    assert wrong == []
    program = "\n".join(
        (
            "import sys, synergy",
            f"assert not set({LOADED}) & set(sys.modules), 'loaded before anything is solved'",
            "from synergy import solvers",
            "solvers.highs()",
            f"print(*(name for name in sys.modules if name in {LOADED}))",
        )
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout.split(), done.stderr) == (list(LOADED), "")


LOADED = ("highspy", "ortools")


def test_the_number_of_threads_may_change_from_solve_to_solve() -> None:
    dataset = synergy.read(ROOT / "datasets" / "tiny")
    plans = [synergy.run(dataset, synergy.Options(settlement="none", threads=count)).plan for count in (1, 2, 1)]
    values = {None if plan is None else round(plan.value) for plan in plans}
    assert len(values) == 1
    assert None not in values


def test_what_the_refusal_asks_for_is_what_the_package_needs() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    assert set(NEEDED) <= set(declared)
