"""Collection of findings: one rule, place and value each; repeats are counted, not listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from synergy.dataset.rules import RULES
from synergy.dataset.rules_meaning import CheckRule
from synergy.dataset.sheet import Lines
from synergy.errors import SHOWN, Problem, Severity

SHORT = 60  # characters of a value that are shown
LONG = 240  # characters of a hint that is computed


class Where(NamedTuple):
    """Location in the input: table or file, line (the header is line 1) and column."""

    table: str
    row: int | None = None
    column: str = ""


def shown(value: object, most: int = SHORT) -> str:
    """Return a value for display: at most `most` characters, none that a terminal or a page would interpret."""
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
        """Add one problem; `code` is a key of `synergy.dataset.rules.RULES`, `fields` are those of its texts."""
        group = (code, where.table, where.column)
        self._seen[group] += 1
        if self._seen[group] <= SHOWN:
            self._problems.append(problem_of(code, where, value, fields))

    def add_rows(
        self, code: str, where: Where, rows: Lines, values: Sequence[object] | NDArray[np.generic], **fields: object
    ) -> None:
        """Add the same problem for many lines, with one value for each; a list in `fields` holds one entry per line."""
        for position in range(min(len(rows), SHOWN)):
            one = {key: item[position] if isinstance(item, list) else item for key, item in fields.items()}
            self.add(code, where._replace(row=int(rows[position])), values[position], **one)
        self._seen[(code, where.table, where.column)] += max(0, len(rows) - SHOWN)

    def extend(self, problems: Iterable[Problem]) -> None:
        """Add problems that were made elsewhere."""
        self._problems.extend(problems)

    def problems(self, relocate: Callable[[Problem], Problem] = lambda problem: problem) -> tuple[Problem, ...]:
        """Return all problems, errors first, with a line for those that were only counted.

        `relocate` moves a problem to the place of its cause.
        """
        counted = [
            problem_of("more", Where(table, None, column), "", {"count": count - SHOWN}, RULES[code].severity)
            for (code, table, column), count in self._seen.items()
            if count > SHOWN
        ]
        found = [relocate(problem) for problem in self._problems] + counted
        return tuple(sorted(found, key=lambda problem: problem.severity is not Severity.ERROR))


def problem_of(
    code: str, where: Where, value: object, fields: Mapping[str, object], severity: Severity | None = None
) -> Problem:
    """Return the problem that a rule makes of a place and a value.

    Of a pair ``x`` and ``x_zh`` in `fields` the second is for the Chinese texts; `severity` overrides the rule's.
    """
    rule: CheckRule = RULES[code]
    room = {"hint": LONG, "hint_zh": LONG}
    safe = {key: shown(item, room.get(key, SHORT)) if isinstance(item, str) else item for key, item in fields.items()}
    chinese = safe | {key.removesuffix("_zh"): item for key, item in safe.items() if key.endswith("_zh")}
    en, hint = rule.en.format(**safe), rule.hint_en.format(**safe)
    zh, hint_zh = rule.zh.format(**chinese), rule.hint_zh.format(**chinese)
    place = (where.table, where.row, where.column, shown(value))
    return Problem(*place, en, hint, severity or rule.severity, code, zh, hint_zh)
