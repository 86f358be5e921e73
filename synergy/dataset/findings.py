"""Collection of findings: one rule, place and value each; repeats are counted, not listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synergy.dataset.rules import RULES
from synergy.dataset.rules_meaning import CheckRule
from synergy.errors import SHOWN, Problem, Severity

SHORT = 60  # characters of a value that are shown
LONG = 240  # characters of a hint that is computed


class Where(NamedTuple):
    """Location in the input: table or file, line (the header is line 1) and column."""

    table: str
    row: int | None = None
    column: str = ""


def shown(value: object, most: int = SHORT) -> str:
    """Return a value for display: shortened, without characters that a terminal or a page would interpret.

    Parameters
    ----------
    value : object
        Value found.
    most : int
        Characters that are shown.

    Returns
    -------
    str
    """
    text = value if isinstance(value, str) else "" if value is None else _plain(value)
    cut = text if len(text) <= most else text[: most - 1] + "…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in cut)


def _plain(value: object) -> str:
    return f"{value:.15g}" if isinstance(value, float | np.floating) else str(value)


class Findings:
    """All findings so far, in order.

    At most `synergy.errors.SHOWN` problems of one rule in one column are kept; the others are counted.
    """

    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._seen: Counter[tuple[str, str, str]] = Counter()

    @property
    def refused(self) -> bool:
        """Whether any finding is an error."""
        return any(problem.severity is Severity.ERROR for problem in self._problems)

    def add(self, code: str, where: Where, value: object = "", **fields: object) -> None:
        """Add one problem.

        Parameters
        ----------
        code : str
            Key of `synergy.dataset.rules.RULES`.
        where : Where
            The place.
        value : object
            Value found there.
        **fields : object
            Fields of the texts of the rule.
        """
        group = (code, where.table, where.column)
        self._seen[group] += 1
        if self._seen[group] <= SHOWN:
            self._problems.append(problem_of(code, where, value, fields))

    def add_rows(
        self, code: str, where: Where, rows: NDArray[Any], values: Sequence[Any] | NDArray[Any], **fields: object
    ) -> None:
        """Add the same problem for many lines.

        Parameters
        ----------
        code : str
            Key of `RULES`.
        where : Where
            Table and column.
        rows : numpy.ndarray
            Lines at fault.
        values : sequence
            Values found, one for each line.
        **fields : object
            Fields of the texts; a list holds one value for each line.
        """
        for position in range(min(len(rows), SHOWN)):
            one = {key: item[position] if isinstance(item, list) else item for key, item in fields.items()}
            self.add(code, where._replace(row=int(rows[position])), values[position], **one)
        self._seen[(code, where.table, where.column)] += max(0, len(rows) - SHOWN)

    def extend(self, problems: Iterable[Problem]) -> None:
        """Add problems that were made elsewhere."""
        self._problems.extend(problems)

    def problems(self, relocate: Callable[[Problem], Problem] = lambda problem: problem) -> tuple[Problem, ...]:
        """Return all problems, errors first, with a line for those that were only counted.

        Parameters
        ----------
        relocate : callable
            Moves a problem to where its cause stands.

        Returns
        -------
        tuple of Problem
        """
        counted = [
            problem_of("more", Where(table, None, column), "", {"count": count - SHOWN}, RULES[code].severity)
            for (code, table, column), count in self._seen.items()
            if count > SHOWN
        ]
        found = [relocate(problem) for problem in self._problems] + counted
        return tuple(sorted(found, key=lambda problem: problem.severity is not Severity.ERROR))


def problem_of(
    code: str, where: Where, value: object, fields: dict[str, Any], severity: Severity | None = None
) -> Problem:
    """Return the problem that a rule makes of a place and a value.

    Parameters
    ----------
    code : str
        Key of `RULES`.
    where : Where
        The place.
    value : object
        Value found.
    fields : dict
        Fields of the texts of the rule; of a pair ``x`` and ``x_zh`` the second is for the Chinese texts.
    severity : Severity, optional
        Instead of the rule's.

    Returns
    -------
    Problem
    """
    rule: CheckRule = RULES[code]
    room = {"hint": LONG, "hint_zh": LONG}
    safe = {key: shown(item, room.get(key, SHORT)) if isinstance(item, str) else item for key, item in fields.items()}
    chinese = safe | {key.removesuffix("_zh"): item for key, item in safe.items() if key.endswith("_zh")}
    en, hint = rule.en.format(**safe), rule.hint_en.format(**safe)
    zh, hint_zh = rule.zh.format(**chinese), rule.hint_zh.format(**chinese)
    place = (where.table, where.row, where.column, shown(value))
    return Problem(*place, en, hint, severity or rule.severity, code, zh, hint_zh)
