"""Everything that Synergy raises, in one tree.

::

    SynergyError                exit status 1
    |-- UsageError              2   a command or call that makes no sense
    |-- DatasetError            3   faults of a dataset or scenario, all of them at once
    |   `-- LoopError           5   ... among them a loop that makes money or goods from nothing
    |-- VerificationError       1   a plan that does not follow from its dataset
    |-- SolverError             1   a solver that cannot be loaded, or gives a wrong answer
    `-- StoreError              1   a refusal by the store of rounds, in both languages
        |-- NotFoundError       1   ... nothing there, or nothing that this actor may know of
        |-- DeniedError         1   ... the actor may not do this at all
        |-- RefusedError        1   ... the step does not fit the state of the round, or the input is invalid
        |-- ConflictError       1   ... a concurrent change, or a key reused for another request
        `-- UnavailableError    1   ... locked, full, unreachable; nothing was stored, and the same call may be repeated

Bad luck (infeasible, unbounded, out of time) is no exception but a status: see `synergy.model.highs.Status`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

SHOWN = 100  # problems printed in full; the rest is counted
_HALVES = re.compile(r"(?P<en>.*?) / (?P<zh>[^/]*?[\u4e00-\u9fff].*)", re.DOTALL)  # "English / 中文"


class Severity(StrEnum):
    """Severity of a problem: an error refuses the dataset, a warning is only reported."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """Fault of the input: location, value found, expectation (`message`) and remedy (`hint`).

    Parameters
    ----------
    table : str
        Table (or ``"scenario"``, ``"plan"``, a file name) in which it was found.
    row : int or None
        Line of the file, the header being line 1; None where no single row is at fault.
    column : str
        Column, "" where the whole row or table is at fault.
    value : str
        Value found, shortened and made printable.
    code : str
        Stable name of the rule, for programs.
    cell : str
        Sheet and cell of a workbook, as ``Offers!D5``; "" in other files.
    """

    table: str
    row: int | None
    column: str
    value: str
    message: str
    hint: str = ""
    severity: Severity = Severity.ERROR
    code: str = ""
    message_zh: str = ""
    hint_zh: str = ""
    cell: str = ""

    def record(self, lang: str = "en") -> dict[str, object]:
        """Return the problem as a plain JSON record in one language."""
        plain = asdict(self)
        if not self.cell:
            del plain["cell"]
        zh = {key: plain.pop(f"{key}_zh") for key in ("message", "hint")}
        if lang == "zh":
            plain |= {key: text for key, text in zh.items() if text}
        return plain

    def line(self, lang: str = "en") -> str:
        """Return the problem as one line for people."""
        said = self.record(lang)
        parts = (self.cell, self.column) if self.cell else (self.table, self.row, self.column)
        where = ":".join(str(part) for part in parts if part not in (None, ""))
        found = f" {self.value!r}" if self.value else ""
        hint = f" -> {said['hint']}" if said["hint"] else ""
        return f"{where}{found}: {said['message']}{hint}"


def folded(problems: Sequence[Problem]) -> list[Problem]:
    """Return problems for display: those that a scenario has in many of its rows as one, with three of the values."""
    groups: dict[object, list[Problem]] = {}
    for place, one in enumerate(problems):
        of = (one.code, re.sub(r"\d+", "*", one.column), one.message) if one.table == "scenario" else place
        groups.setdefault(of, []).append(one)
    return [alike[0] if len(alike) == 1 else _folded(alike) for alike in groups.values()]


def _folded(alike: Sequence[Problem]) -> Problem:
    first, values = alike[0], list(dict.fromkeys(one.value for one in alike))
    shown = ", ".join(values[:3]) + (", …" if len(values) > 3 else "")
    en, zh = f"{first.message} (places: {len(alike)})", f"{first.message_zh}（共 {len(alike)} 处）"
    column = re.sub(r"\d+", "*", first.column)
    return replace(first, column=column, value=shown, message=en, message_zh=zh if first.message_zh else "")


def half(text: str, lang: str) -> str:
    """Return one language of a text ``English / 中文``; a text of one language is returned unchanged."""
    halves = _HALVES.fullmatch(text)
    return text if halves is None else halves["zh" if lang == "zh" else "en"]


class SynergyError(Exception):
    """Root of all that Synergy raises on purpose."""

    exit_status = 1

    def sentence(self, lang: str) -> str:
        """Return the message as one sentence; of a text ``English / 中文`` the half in the language asked for."""
        return half(str(self), lang)


class UsageError(SynergyError):
    """Command or call that is invalid as it stands."""

    exit_status = 2


class VerificationError(SynergyError):
    """A plan that does not follow from its dataset; `findings` are the claims that failed, one sentence each."""

    def __init__(self, findings: Sequence[str]) -> None:
        self.findings = tuple(findings)
        super().__init__("; ".join(self.findings[:SHOWN]))

    def sentence(self, lang: str) -> str:
        """Return the message in one language, without the findings."""
        return half(self.said, lang)

    @property
    def said(self) -> str:
        """Return the message in both languages, without the findings."""
        count = len(self.findings)
        en = f"the plan was refused: {count} of its claims do not follow from the dataset; a fault of the program"
        return f"{en} / 方案未通过校验：有 {count} 项结论与数据集不符，属于程序故障"


class SolverError(SynergyError):
    """Solver that cannot be loaded, or fails on a problem of known optimum: nothing is solved with it."""


class StoreError(SynergyError):
    """Refusal by the store of rounds: a stable name for programs; value found, expectation and remedy."""

    def __init__(self, code: str, en: str, zh: str) -> None:
        self.code, self.en, self.zh = code, en, zh
        super().__init__(en)

    def said(self, lang: str) -> str:
        """Return the sentence in one language."""
        return self.zh if lang == "zh" else self.en


class NotFoundError(StoreError):
    """Object that does not exist or is hidden from the actor; the two cases are deliberately not distinguished."""


class DeniedError(StoreError):
    """Action that the actor may not perform on any object."""


class RefusedError(StoreError):
    """Step that does not fit the state of the round, or invalid input."""


class ConflictError(StoreError):
    """Concurrent change by another actor, or an idempotency key reused for another request."""


class UnavailableError(StoreError):
    """The database is locked, full or unreachable; nothing was stored and the same call may be repeated."""


class DatasetError(SynergyError):
    """All faults of a dataset or scenario at once, with the warnings found on the way; nothing was imported."""

    exit_status = 3

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        listed = folded(self.problems)
        rest = len(listed) - SHOWN
        lines = [problem.line() for problem in listed[:SHOWN]]
        super().__init__("\n".join(lines + ([f"... and {rest} more"] if rest > 0 else [])))


class LoopError(DatasetError):
    """A loop of processes that makes goods or money from nothing; its problems name the loop."""

    exit_status = 5
