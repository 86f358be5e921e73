"""What a rule is: how bad it is to break it, and what is said then."""

from __future__ import annotations

from dataclasses import dataclass

from synergy.errors import Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """Texts of one rule; names in braces are filled in where it is broken.

    Parameters
    ----------
    severity : Severity
        Whether breaking it refuses the dataset.
    en, zh : str
        What was expected or what is wrong.
    hint_en, hint_zh : str
        How to mend it.
    """

    severity: Severity
    en: str
    zh: str
    hint_en: str
    hint_zh: str


def error(en: str, zh: str, hint_en: str = "", hint_zh: str = "") -> Rule:
    """Return a rule that refuses the dataset."""
    return Rule(Severity.ERROR, en, zh, hint_en, hint_zh)


def warning(en: str, zh: str, hint_en: str = "", hint_zh: str = "") -> Rule:
    """Return a rule that only warns."""
    return Rule(Severity.WARNING, en, zh, hint_en, hint_zh)
