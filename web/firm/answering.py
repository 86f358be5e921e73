"""The answer of an enterprise as its form says it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from synergy.store.names import Answer
from synergy.store.responding import Reply
from synergy.store.words import refusal

Record = Mapping[str, Any]


def reply_of(form: Mapping[str, str], lines: Sequence[Record]) -> Reply:
    """Return what a form answers.

    Parameters
    ----------
    form : mapping of str to str
        ``answer``, ``reason``, and for each line ``q-<number>`` and ``p-<number>``: what is left as it is, or blank,
        is not countered.
    lines : sequence of mapping
        The lines of the proposal that the enterprise sees.

    Raises
    ------
    RefusedError
        No such answer, or a figure that is none.
    """
    given = form.get("answer", "")
    if given not in set(Answer) - {Answer.NONE}:
        raise refusal(
            "unknown", what="answer", name=given[:40], expected=", ".join(sorted(set(Answer) - {Answer.NONE}))
        )
    answer = Answer(given)
    reason = form.get("reason", "").strip() if answer in (Answer.DECLINED, Answer.COUNTERED) else ""
    counter = [one for line in lines if (one := _countered(form, line))] if answer is Answer.COUNTERED else []
    return Reply(answer, reason, counter)


def _countered(form: Mapping[str, str], line: Record) -> dict[str, Any] | None:
    """Return what a form wants otherwise in one line, None where nothing."""
    found: dict[str, Any] = {}
    for name, field in (("quantity", "q"), ("price", "p")):
        said = _plain(form.get(f"{field}-{line['number']}", ""))
        if said and not _same(said, line[name]):
            found[name] = said
    return {"number": line["number"], **found} if found else None


def _plain(said: str) -> str:
    """Return a figure without blanks and thousands' commas, its digits as ASCII has them."""
    return unicodedata.normalize("NFKC", said).replace(",", "").replace(" ", "").strip()


def _same(said: str, stored: Any) -> bool:
    try:
        return stored is not None and Decimal(said) == Decimal(str(stored))
    except InvalidOperation:
        return False
