"""Explanation as a record for programs and as text for people, in the planner's or a firm's view."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from synergy.dataset.sheet import Dataset
from synergy.errors import UsageError
from synergy.explanation.facts import PLANNER, AnswerReason, Change, Fact, seen
from synergy.explanation.texts import CHANGES, HINTS, OBSTACLES, POOLED, REASONS, WORDS, Saying
from synergy.explanation.trial import Question
from synergy.proposals.names import names
from synergy.scenario import JSON
from synergy.texts import CURRENCIES, LANGUAGES
from synergy.units import amount, label

SCHEMA = "synergy/explanation/1"


@dataclass(frozen=True, slots=True)
class Answer:
    """Explanation of why an exchange is in a plan or not, with the changes that would reverse it.

    Parameters
    ----------
    dataset : Dataset
        For names and owners.
    question : Question
    reasons : tuple of AnswerReason
        The first is the main one; further ones of a pair that cannot exchange hold even once the first is taken away.
    changes : tuple of Change
        Changes that bring it in, or remove it where it is in the plan; each was confirmed by re-solving.
    facts : mapping of str to Fact
        Of the solves behind it.
    in_plan : bool
    alternatives : tuple of mapping of str to Fact
        Exchanges that would replace one that is in the plan.
    """

    dataset: Dataset
    question: Question
    reasons: tuple[AnswerReason, ...]
    changes: tuple[Change, ...]
    facts: Mapping[str, Fact]
    in_plan: bool = False
    alternatives: tuple[Mapping[str, Fact], ...] = ()

    @property
    def code(self) -> str:
        """Return the code of the main reason."""
        return self.reasons[0].code if self.reasons else ""

    def told(self, enterprise: str = PLANNER) -> tuple[Change, ...]:
        """Return the changes visible to an asker: all for the planner, for a firm the kinds its reasons suggest."""
        if enterprise == PLANNER:
            return self.changes
        kinds = dict.fromkeys(kind for reason in self.reasons for kind in HINTS.get(reason.code, ()))
        return tuple(Change(kind) for kind in kinds)

    def record(self, enterprise: str = PLANNER) -> dict[str, JSON]:
        """Return the explanation as a plain JSON record; a firm's has the figures of its own and public data alone.

        Parameters
        ----------
        enterprise : str
            Firm that asks; the planner where none is named.

        Raises
        ------
        UsageError
            A firm asks about an exchange that is not its own.
        """
        self._allow(enterprise)
        speakers = [Speaker(self.dataset, self.question, lang, enterprise) for lang in LANGUAGES]
        return {
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
                {
                    "code": one.code,
                    **seen(enterprise, one.facts),
                    **{f"text_{speaker.lang}": speaker.reason(one) for speaker in speakers},
                }
                for one in self.reasons
            ],
            "changes": [self._change(one, speakers) for one in self.told(enterprise)],
            "alternatives": [told for one in self.alternatives if (told := seen(enterprise, one))],
        }

    @staticmethod
    def _change(change: Change, speakers: list[Speaker]) -> dict[str, JSON]:
        asker = speakers[0].asker
        told = {"kind": change.kind, "after": list(change.after), **seen(asker, change.facts)}
        if asker == PLANNER:
            settings = {
                name: [one.record() for one in value] if isinstance(value, tuple) else value
                for name, value in change.settings.items()
            }
            told |= {"checked": True, "scenario": {"tables": dict(change.tables), "settings": settings}}
        return told | {f"text_{speaker.lang}": speaker.change(change) for speaker in speakers}

    def text(self, lang: str = "en", enterprise: str = PLANNER) -> str:
        """Return the explanation as text.

        Parameters
        ----------
        lang : str
            ``en`` or ``zh``.
        enterprise : str
            Firm that asks; the planner where none is named.

        Raises
        ------
        UsageError
            A firm asks about an exchange that is not its own.
        """
        self._allow(enterprise)
        return "\n".join(Speaker(self.dataset, self.question, lang, enterprise).lines(self))

    def _allow(self, enterprise: str) -> None:
        """Raise `UsageError` if a firm asks about an exchange with no end at its own sites."""
        if enterprise == PLANNER:
            return
        sites = self.dataset["sites"]
        owners = set(sites.loc[sites["site"].isin([self.question.origin, self.question.target]), "enterprise"])
        if enterprise not in owners:
            raise UsageError(
                f"{enterprise} has no end of this exchange; a firm asks about its own alone "
                f"/ {enterprise} 不是该交换的一方；企业只能查询自己的交换"
            )


class Speaker:
    """Text renderer (``en``, ``zh``) for the reasons and changes of one exchange, for an enterprise or the planner."""

    def __init__(self, dataset: Dataset, question: Question, lang: str, asker: str) -> None:
        self.question, self.lang, self.asker = question, lang, asker
        self.currency, self.names = dataset.settings.currency, names(dataset, lang)

    def reason(self, reason: AnswerReason) -> str:
        """Return a reason as a sentence, with its figures only if the asker may see all of them."""
        said, known = self._said(REASONS[reason.code], reason.facts), seen(self.asker, reason.facts)
        if reason.code not in ("min_scale", "build_cost", "least_load") or not known.get("firms"):
            return said
        key = "fewer" if "fewer" in known else "short" if "short" in known else "one"
        words = {"firms": known["firms"], "one_less": known["firms"] - 1}
        words |= {name: self.figure(known[name], "activity", known) for name in ("fewer", "short") if name in known}
        return f"{said}{'；' if self.lang == 'zh' else '; '}{POOLED.say(key, self.lang, **words)}"

    def change(self, change: Change) -> str:
        """Return a change as a sentence."""
        said = self._said(CHANGES[change.kind], change.facts)
        if not change.after:
            return said
        words = [CHANGES[f"mend_{code}"] for code in change.after]
        what = "；".join(one.bare_zh for one in words) if self.lang == "zh" else "; ".join(one.bare_en for one in words)
        return said + self._word("after", what=what)

    def _said(self, saying: Saying, facts: Mapping[str, Fact]) -> str:
        """Return the text with its figures, or the version without figures if one is missing or hidden."""
        known = seen(self.asker, facts)
        if any(known.get(name) is None for name in saying.kinds):
            return saying.bare_zh if self.lang == "zh" else saying.bare_en
        words = {name: self.figure(known[name], kind, known) for name, kind in saying.kinds.items()}
        return (saying.zh if self.lang == "zh" else saying.en).format(**words)

    def figure(self, value: Any, kind: str, facts: Mapping[str, object]) -> str:
        """Return a formatted figure; see `synergy.explanation.texts.Saying` for the kinds."""
        lang, zh, unit = self.lang, self.lang == "zh", self.names.unit[self.question.commodity]
        money = CURRENCIES["zh"].get(self.currency, self.currency) if zh else f" {self.currency}"
        measure, *words = self.names.activity.get(str(facts.get("process", "")), "").split(" ", 1)
        write: Mapping[str, Callable[[], str]] = {
            "rate": lambda: f"{round(value, 6) + 0.0:,.6g}{money}/{label(unit, lang)}",
            "money": lambda: f"{amount(value, '', lang)}{money}{'/年' if zh else '/a'}",
            "sum": lambda: f"{amount(value, '', lang)}{money}",
            "km": lambda: f"{value:,.4g} {'公里' if zh else 'km'}",
            "amount": lambda: amount(value, unit, lang),
            "other": lambda: amount(value, self.names.unit.get(str(facts.get("input")), ""), lang),
            "co2": lambda: f"{amount(value, 't', lang)} CO2",
            "activity": lambda: " ".join([amount(value, measure, lang), *words]).strip(),
            "commodity": lambda: self.names.commodity[value],
            "process": lambda: self.names.process[value],
            "plain": lambda: f"{value:,.4g}",
            "word": lambda: str(value),
        }
        return write[kind]()

    def _word(self, key: str, **fields: object) -> str:
        return WORDS.say(key, self.lang, **fields)

    def lines(self, answer: Answer) -> Iterator[str]:
        """Yield the lines of the explanation text."""
        question, sites = self.question, self.names.site
        yield self._word(
            "head",
            good=self.names.commodity[question.commodity],
            origin=sites[question.origin],
            target=sites[question.target],
            when=self._word("when", period=question.period) if question.period else "",
        )
        yield self._word("in" if answer.in_plan else "out")
        yield f"{self._word('why')}:"
        for place, one in enumerate(answer.reasons):  # behind an obstacle, those that hold even once it is removed
            yield f"  - {self._word('even_then') if place and answer.code in OBSTACLES else ''}{self.reason(one)}"
        told, firm = answer.told(self.asker), self.asker != PLANNER
        if told or not answer.in_plan:
            yield f"{self._word('leaves' if answer.in_plan else 'helps' if firm else 'enters')}:"
        for change in told:
            yield f"  - {self.change(change)}"
        if not told and not answer.in_plan:
            yield f"  - {self._word('nothing_known' if firm else 'nothing')}"
        others = [known for one in answer.alternatives if (known := seen(self.asker, one))]
        if others:
            yield f"{self._word('instead')}:"
        for other in others:
            key, more = "to" if other["end"] == "origin" else "from", self.figure(other["more"], "amount", other)
            yield f"  - {self._word(key, more=more, site=sites[other['site']])}"
        if not firm:
            yield from self._solves(seen(self.asker, answer.facts))

    def _solves(self, known: Mapping[str, Any]) -> Iterator[str]:
        """Yield the figures of the underlying solves, as far as they are known."""
        for key, figures, kind in (
            ("forced", ("forced_value", "value", "bound"), "money"),
            ("reduced", ("reduced_cost", "reduced_cost_relaxed"), "rate"),
        ):
            if all(known.get(name) is not None for name in figures):
                words = {name: self.figure(known[name], kind, known) for name in figures}
                yield f"{self._word('solves')}: {self._word(key, **words)}"
