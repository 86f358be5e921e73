"""Implementation of the check, match and verify commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from synergy.cli.console import Talk
from synergy.errors import DatasetError, Severity, VerificationError
from synergy.texts import figure, percent, text, unit

if TYPE_CHECKING:
    from synergy.cli.options import DatasetOptions
    from synergy.dataset.sheet import Dataset
    from synergy.engine import Outcome
    from synergy.options import Options
    from synergy.plan import Decisions, Plan
    from synergy.round import Round

STATUSES = {"infeasible": 4, "unbounded": 5, "no_plan": 6}
OUTCOME = "synergy/outcome/1"  # schema of the JSON document of a run without a plan


@dataclass(frozen=True, slots=True)
class CommandInput:
    """Input and output options of a command; `every` prints all rows, `out` is the file of the plan document."""

    dataset: Path
    scenario: Path | None = None
    settings: dict[str, str] = field(default_factory=dict)
    as_json: bool = False
    every: bool = False
    out: Path | None = None

    @classmethod
    def of(cls, given: DatasetOptions, *, as_json: bool, every: bool = False, out: Path | None = None) -> CommandInput:
        """Return the input of a command from its options."""
        return cls(given["dataset"], given["scenario"], dict(given["settings"]), as_json, every, out)

    def read(self) -> Dataset:
        """Read the dataset with scenario and settings applied."""
        from synergy.dataset.read import read
        from synergy.dataset.settings import load_scenario

        scenario = None if self.scenario is None else load_scenario(self.scenario)
        return read(self.dataset, scenario, self.settings)


def check_dataset(talk: Talk, asked: CommandInput) -> int:
    """Print all problems of a dataset and return the exit status of the most severe one."""
    from synergy.dataset.read import check, refusal
    from synergy.dataset.settings import load_scenario

    dataset: Dataset | None = None
    try:
        scenario = None if asked.scenario is None else load_scenario(asked.scenario)
        dataset, problems = check(asked.dataset, scenario, asked.settings)
    except DatasetError as error:  # the scenario file
        problems = error.problems
    if asked.as_json:
        talk.document([problem.record(talk.lang) for problem in problems])
    else:
        talk.problems(problems, result=True)
        errors = sum(problem.severity is Severity.ERROR for problem in problems)
        said = talk.say("counted", errors=errors, warnings=len(problems) - errors)
        if dataset is not None:
            rows, firms = sum(len(dataset[table]) for table in dataset.given), len(dataset["enterprises"])
            sound = talk.say("sound", name=dataset.name, tables=len(dataset.given), rows=rows, enterprises=firms)
            said = f"{sound}. {said}" if problems else sound
        talk.line(said, "bold")
    return 0 if dataset is not None else refusal(problems).exit_status


def match_dataset(
    talk: Talk,
    asked: CommandInput,
    options: Options,
    scheduler: str | None = None,
    *,
    second: bool = False,
    starts: Sequence[Path] = (),
) -> int:
    """Match a dataset, print the plan and return the exit status.

    `scheduler` is the address of a Dask scheduler; with `second`, a second solver searches for a better plan; `starts`
    are plan documents to start from.
    """
    from synergy.cli.tables import print_plan
    from synergy.records.files import plan_record, read_plan, write_plan

    plans = [read_plan(path).decisions for path in starts]
    try:
        dataset = asked.read()
    except DatasetError as error:
        if asked.as_json:
            problems = [problem.record(talk.lang) for problem in error.problems]
            talk.document({"schema": OUTCOME, "status": "invalid", "problems": problems})
        raise
    talk.problems(dataset.warnings)
    try:
        run = run_round(talk, dataset, options, plans, scheduler)
        if second:
            run = _with_second(talk, run, scheduler)
    except VerificationError as error:
        if asked.as_json:
            talk.document({"schema": OUTCOME, "status": "refused", "findings": list(error.findings)})
        raise
    if run.plan is None:
        return _without_plan(talk, run.outcome, as_json=asked.as_json)
    if asked.out is not None:
        write_plan(run.plan, asked.out)
    if asked.as_json:
        talk.document(plan_record(run.plan))
    else:
        print_plan(talk, run.dataset, run.plan, every=asked.every, settlement=run.options.settlement)
    if asked.out is not None:
        talk.note(talk.say("written", path=asked.out))
    return 0


def _with_second(talk: Talk, run: Round, scheduler: str | None) -> Round:
    """Return the run, or a repeated run with a minimal gap if a second solver finds a better plan within the gap.

    Raises
    ------
    VerificationError
        The plan of the second solver exceeds the bound.
    """
    from synergy.verification.deep import BETTER, better_value, refused_by

    dataset, plan = run.dataset, run.plan
    value = None if plan is None else better_value(dataset, plan)
    if plan is None or value is None:
        return run
    wrong = refused_by(plan, value)
    if wrong:
        raise VerificationError([finding.line() for finding in wrong])
    _tell_better(talk, "second_search", dataset, plan, value)
    again = run_round(talk, dataset, replace(run.options, gap=BETTER), [plan.decisions], scheduler)
    if again.plan is None or again.plan.value <= plan.value:
        again = run
    best = again.plan or plan
    if best.value < value - BETTER * max(1.0, abs(value)):
        _tell_better(talk, "second_better", dataset, best, value)
    return again


def _tell_proven(talk: Talk, dataset: Dataset, plan: Plan) -> None:
    """Print the value and bound that are proven independently from the tables and the dual solution."""
    value, bound = plan.value, plan.proof.get("dual")
    of = unit("money_year", talk.lang, dataset.settings.currency)
    shown = {"value": figure(value, "money", talk.lang), "unit": of}
    if bound is None:
        talk.line(talk.say("not_proven_here", **shown))
    else:
        gap = percent(max(0.0, bound - value) / max(1.0, abs(value)))
        talk.line(talk.say("proven_here", bound=figure(bound, "money", talk.lang), gap=gap, **shown))


def _tell_better(talk: Talk, key: str, dataset: Dataset, plan: Plan, value: float) -> None:
    """Print the value of a better plan within the gap."""
    of = unit("money_year", talk.lang, dataset.settings.currency)
    more = f"{(value - plan.value) / max(1.0, abs(plan.value)):.2g}"
    talk.note(talk.say(key, value=figure(value, "money", talk.lang), unit=of, more=more))


def run_round(
    talk: Talk, dataset: Dataset, options: Options, plans: Sequence[Decisions] = (), scheduler: str | None = None
) -> Round:
    """Run a round from the given starting plans with a progress display; Ctrl-C stops it with the best plan so far."""
    from synergy.cli.progress import interruptible, watched
    from synergy.model.solve_params import Control, Memory
    from synergy.round import run
    from synergy.worker.scheduler import executor

    with executor(scheduler) as side, watched(talk) as listen, interruptible(talk) as stop:
        memory = Memory(plans=plans)
        done = run(dataset, options, Control(listen, stop, side, memory if plans else None))
        if plans and not memory.fits and done.plan is not None and done.plan.solver["binaries"]:
            talk.note(talk.say("start_misfit"))
        unsettled = done.plan is not None and done.plan.settlement is None
        if stop() and unsettled and done.options.settlement not in ("none", "standalone"):
            talk.note(talk.say("unsettled"))
    return done


def _without_plan(talk: Talk, outcome: Outcome, *, as_json: bool) -> int:
    """Print the diagnosis of a run without a plan, and return the exit status."""
    from synergy.records.plain import plain

    if as_json:
        talk.document({"schema": OUTCOME, "status": outcome.status, "diagnosis": plain(outcome.diagnosis)})
    talk.error(text(f"status.{outcome.status}", talk.lang))
    if outcome.status == "no_plan":
        talk.note(talk.say("hint.time"))
    elif not outcome.diagnosis:
        talk.note(talk.say("unknown_cause"))
    else:
        talk.note(talk.say("conflict" if outcome.status == "infeasible" else "loop"))
    for cause in outcome.diagnosis:
        fields = ", ".join(f"{key}: {value}" for key, value in cause.items() if value not in ("", None))
        talk.note(f"- {cause.get(f'text_{talk.lang}') or cause.get('text') or fields}")
    return STATUSES[outcome.status]


def verify_plan(talk: Talk, asked: CommandInput, path: Path, seconds: float) -> int:
    """Verify a plan file, print all invalid claims and return the exit status; `seconds` limits repeated solves."""
    from synergy.records.files import plan_from_record, read_record
    from synergy.records.plain import KEY, broken
    from synergy.verification.deep import SECONDS, better_value, refused_by, solved_again
    from synergy.verification.verify import verify

    dataset, record = asked.read(), read_record(path)
    plan = plan_from_record(record)
    found, value = verify(dataset, plan), None
    if not any(finding.refuses for finding in found):
        found += solved_again(dataset, plan, seconds)
        value = better_value(dataset, plan, min(seconds, SECONDS))
        found += refused_by(plan, value)
    inside = None if any(finding.refuses for finding in found) else value
    findings = [finding.line() for finding in found if finding.refuses]
    findings += [talk.say("broken_seal")] if broken(record) else []
    unchecked = [f"{one.code} {one.subject}: {talk.say(f'unchecked.{one.code}')}" for one in found if not one.refuses]
    unchecked += [talk.say("no_seal")] if KEY not in record else []
    proven = None if findings else {"value": plan.value, "bound": plan.proof.get("dual")}
    if asked.as_json:
        talk.document(
            {"valid": not findings, "findings": findings, "unchecked": unchecked, "better": value, "proven": proven}
        )
    else:
        talk.line(talk.say("not_valid", count=len(findings)) if findings else talk.say("valid"))
        for finding in findings:
            talk.line(f"- {finding}")
        for note in unchecked:
            talk.note(talk.say("unchecked", said=note))
        if not findings:
            _tell_proven(talk, dataset, plan)
        if inside is not None:
            _tell_better(talk, "second_better", dataset, plan, inside)
    return VerificationError.exit_status if findings else 0
