"""Answer: an explanation as a record for programs and as text for people, as the planner or a firm may see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synergy.dataset.dataset import Dataset
from synergy.errors import UsageError
from synergy.explanation.facts import PLANNER, Change, Fact, Reason, seen
from synergy.explanation.question import Question
from synergy.explanation.saying import Speaker
from synergy.explanation.texts_changes import HINTS

SCHEMA = "synergy/explanation/1"
OBSTACLES = frozenset({"no_outlet", "no_inlet", "no_builds", "too_far", "forbidden", "no_link", "quality_unstated"})


@dataclass(frozen=True, slots=True)
class Answer:
    """Why an exchange is in a plan or not, and what would change that.

    Parameters
    ----------
    dataset : Dataset
        For names and owners.
    question : Question
    reasons : tuple of Reason
        The first is the main one; further ones of a pair that cannot exchange hold even once the first is taken away.
    changes : tuple of Change
        What would bring it in, or throw it out where it is in the plan; each was confirmed by solving with it.
    facts : mapping of str to Fact
        Of the solves behind it.
    in_plan : bool
    alternatives : tuple of mapping of str to Fact
        What would take the place of an exchange of the plan.
    """

    dataset: Dataset
    question: Question
    reasons: tuple[Reason, ...]
    changes: tuple[Change, ...]
    facts: Mapping[str, Fact]
    in_plan: bool = False
    alternatives: tuple[Mapping[str, Fact], ...] = ()

    @property
    def code(self) -> str:
        """Return the main reason."""
        return self.reasons[0].code if self.reasons else ""

    @property
    def obstacles(self) -> bool:
        """Return whether the first reason makes the exchange impossible, so that the others hold even without it."""
        return self.code in OBSTACLES

    def told(self, enterprise: str = PLANNER) -> tuple[Change, ...]:
        """Return the changes that somebody is told: a firm what its reasons suggest, never what solving found."""
        if enterprise == PLANNER:
            return self.changes
        kinds = dict.fromkeys(kind for reason in self.reasons for kind in HINTS.get(reason.code, ()))
        return tuple(Change(kind) for kind in kinds)

    def record(self, enterprise: str = PLANNER) -> dict[str, Any]:
        """Return the explanation as a plain JSON record.

        Parameters
        ----------
        enterprise : str
            Firm that asks; the planner where none is named.

        Returns
        -------
        dict
            A firm's has the figures of its own and public data alone.

        Raises
        ------
        UsageError
            A firm asks about an exchange that is not its own.
        """
        self._allow(enterprise)
        texts = [Speaker(self.dataset, self.question, lang, enterprise) for lang in ("en", "zh")]
        record: dict[str, Any] = {
            "schema": SCHEMA,
            "view": "firm" if enterprise else "planner",
            "as": enterprise or None,
            "from_site": self.question.origin,
            "to_site": self.question.target,
            "commodity": self.question.commodity,
            "period": self.question.period or None,
            "mode": self.question.mode or None,
            "in_plan": self.in_plan,
            "facts": seen(enterprise, self.facts),
            "reasons": [
                {"code": one.code, **seen(enterprise, one.facts), **_both(texts, "reason", one)} for one in self.reasons
            ],
            "changes": [self._change(enterprise, one, texts) for one in self.told(enterprise)],
            "alternatives": [told for one in self.alternatives if (told := seen(enterprise, one))],
        }
        return record

    def _change(self, enterprise: str, change: Change, texts: list[Speaker]) -> dict[str, Any]:
        told = {"kind": change.kind, "after": list(change.after), **seen(enterprise, change.facts)}
        if enterprise == PLANNER:
            settings = {name: _plain(value) for name, value in change.settings.items()}
            told |= {"checked": True, "scenario": {"tables": dict(change.tables), "settings": settings}}
        return told | _both(texts, "change", change)

    def text(self, lang: str = "en", enterprise: str = PLANNER) -> str:
        """Return the explanation as text.

        Parameters
        ----------
        lang : str
            ``en`` or ``zh``.
        enterprise : str
            Firm that asks; the planner where none is named.

        Returns
        -------
        str
            A few lines.

        Raises
        ------
        UsageError
            A firm asks about an exchange that is not its own.
        """
        self._allow(enterprise)
        return "\n".join(Speaker(self.dataset, self.question, lang, enterprise).lines(self))

    def _allow(self, enterprise: str) -> None:
        """Raise where a firm asks about an exchange of which no end is its own."""
        if enterprise == PLANNER:
            return
        sites = self.dataset["sites"]
        owners = set(sites.loc[sites["site"].isin([self.question.origin, self.question.target]), "enterprise"])
        if enterprise not in owners:
            raise UsageError(
                f"{enterprise} has no end of this exchange; a firm asks about its own alone "
                f"/ {enterprise} 不是该交换的一方；企业只能查询自己的交换"
            )


def _both(texts: list[Speaker], what: str, one: Any) -> dict[str, str]:
    """Return one part in both languages."""
    return {f"text_{speaker.lang}": getattr(speaker, what)(one) for speaker in texts}


def _plain(value: Any) -> Any:
    """Return a setting as plain JSON."""
    if isinstance(value, tuple):
        return [one.record() for one in value]
    return value
