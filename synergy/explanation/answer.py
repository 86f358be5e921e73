"""Explanation as a record for programs and as text for people, in the planner's or a firm's view."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from synergy.dataset.sheet import Dataset
from synergy.errors import UsageError
from synergy.explanation.facts import PLANNER, AnswerReason, Change, Fact, seen
from synergy.explanation.texts import CHANGES, HINTS, POOLED, REASONS, WORDS, Saying
from synergy.explanation.trial import Question
from synergy.scenario import JSON
from synergy.texts import currency_name
from synergy.units import amount, label

SCHEMA = "synergy/explanation/1"
OBSTACLES = frozenset({"no_outlet", "no_inlet", "no_builds", "too_far", "forbidden", "no_link", "quality_unstated"})


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

    @property
    def obstacles(self) -> bool:
        """Return whether the main reason makes the exchange infeasible; the others hold even once it is removed."""
        return self.code in OBSTACLES

    def told(self, enterprise: str = PLANNER) -> tuple[Change, ...]:
        """Return the changes visible to an asker: all for the planner, for a firm the kinds its reasons suggest."""
        if enterprise == PLANNER:
            return self.changes
        kinds = dict.fromkeys(kind for reason in self.reasons for kind in HINTS.get(reason.code, ()))
        return tuple(Change(kind) for kind in kinds)

    def record(self, enterprise: str = PLANNER) -> dict[str, JSON]:
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
                {"code": one.code, **seen(enterprise, one.facts), **_both(texts, "reason", one)} for one in self.reasons
            ],
            "changes": [self._change(enterprise, one, texts) for one in self.told(enterprise)],
            "alternatives": [told for one in self.alternatives if (told := seen(enterprise, one))],
        }

    def _change(self, enterprise: str, change: Change, texts: list[Speaker]) -> dict[str, JSON]:
        told = {"kind": change.kind, "after": list(change.after), **seen(enterprise, change.facts)}
        if enterprise == PLANNER:
            settings = {
                name: [one.record() for one in value] if isinstance(value, tuple) else value
                for name, value in change.settings.items()
            }
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


def _both(texts: list[Speaker], what: str, one: AnswerReason | Change) -> dict[str, str]:
    """Return the text of one reason or change in both languages."""
    return {f"text_{speaker.lang}": getattr(speaker, what)(one) for speaker in texts}


class Speaker:
    """Text renderer (``en``, ``zh``) for the reasons and changes of one exchange, for an enterprise or the planner."""

    def __init__(self, dataset: Dataset, question: Question, lang: str, asker: str) -> None:
        self.dataset, self.question, self.lang, self.asker = dataset, question, lang, asker
        goods = dataset["commodities"]
        self._units = dict(zip(goods["commodity"], goods["unit"], strict=True))
        self.unit = self._units[question.commodity]

    def name(self, table: str, key: str, ident: str) -> str:
        """Return the name of an entity, its id if it has no name."""
        rows = self.dataset[table]
        row = rows[rows[key] == ident]
        other = "en" if self.lang == "zh" else "zh"
        return next(
            (str(row[f"name_{lang}"].iloc[0]) for lang in (self.lang, other) if row[f"name_{lang}"].any()), ident
        )

    def reason(self, reason: AnswerReason) -> str:
        """Return a reason as a sentence, with its figures only if the asker may see all of them."""
        said = self._said(REASONS[reason.code], reason.facts)
        pooled = self._pooled(reason)
        return f"{said}{'；' if self.lang == 'zh' else '; '}{pooled}" if pooled else said

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

    def _pooled(self, reason: AnswerReason) -> str:
        """Return the clause on the number of suppliers that a unit needs, "" where it does not apply."""
        known = seen(self.asker, reason.facts)
        if reason.code not in ("min_scale", "build_cost", "least_load") or not known.get("firms"):
            return ""
        key = "fewer" if "fewer" in known else "short" if "short" in known else "one"
        words = {"firms": known["firms"], "one_less": known["firms"] - 1}
        words |= {name: self.figure(known[name], "activity", known) for name in ("fewer", "short") if name in known}
        return POOLED.say(key, self.lang, **words)

    def figure(self, value: Any, kind: str, facts: Mapping[str, object]) -> str:
        """Return a formatted figure; see `synergy.explanation.texts.Saying` for the kinds."""
        zh, currency = self.lang == "zh", self.dataset.settings.currency
        money = currency_name(currency, "zh") if zh else f" {currency}"
        write: Mapping[str, Callable[[], str]] = {
            "rate": lambda: f"{round(value, 6) + 0.0:,.6g}{money}/{label(self.unit, self.lang)}",
            "money": lambda: f"{amount(value, '', self.lang)}{money}{'/年' if zh else '/a'}",
            "sum": lambda: f"{amount(value, '', self.lang)}{money}",
            "km": lambda: f"{value:,.4g} {'公里' if zh else 'km'}",
            "amount": lambda: amount(value, self.unit, self.lang),
            "other": lambda: amount(value, self._units.get(str(facts.get("input")), ""), self.lang),
            "co2": lambda: f"{amount(value, 't', self.lang)} CO2",
            "activity": lambda: self._activity(value, str(facts.get("process", ""))),
            "commodity": lambda: self.name("commodities", "commodity", str(value)),
            "process": lambda: self.name("processes", "process", str(value)),
            "plain": lambda: f"{value:,.4g}",
            "word": lambda: str(value),
        }
        return write[kind]()

    def _activity(self, value: float, process: str) -> str:
        """Return an activity in the unit of its process."""
        rows = self.dataset["processes"]
        units = rows.loc[rows["process"] == process, "activity_unit"]
        measure, _, what = (str(units.iloc[0]) if len(units) else "").partition(" ")
        return f"{amount(value, measure, self.lang)} {what}".strip()

    def _word(self, key: str, **fields: object) -> str:
        return WORDS.say(key, self.lang, **fields)

    def lines(self, answer: Answer) -> Iterator[str]:
        """Yield the lines of the explanation text."""
        question = self.question
        names = {
            "good": self.name("commodities", "commodity", question.commodity),
            "origin": self.name("sites", "site", question.origin),
            "target": self.name("sites", "site", question.target),
            "when": self._word("when", period=question.period) if question.period else "",
        }
        yield self._word("head", **names)
        yield self._word("in" if answer.in_plan else "out")
        yield f"{self._word('why')}:"
        for place, one in enumerate(answer.reasons):
            yield f"  - {self._word('even_then') if place and answer.obstacles else ''}{self.reason(one)}"
        told, firm = answer.told(self.asker), self.asker != PLANNER
        if told or not answer.in_plan:
            yield f"{self._word('leaves' if answer.in_plan else 'helps' if firm else 'enters')}:"
        for change in told:
            yield f"  - {self.change(change)}"
        if not told and not answer.in_plan:
            yield f"  - {self._word('nothing_known' if firm else 'nothing')}"
        yield from self._alternatives(answer)
        yield from self._solves(answer)

    def _alternatives(self, answer: Answer) -> Iterator[str]:
        told = [seen(self.asker, one) for one in answer.alternatives]
        told = [one for one in told if one]
        if told:
            yield f"{self._word('instead')}:"
        for one in told:
            site = self.name("sites", "site", one["site"])
            more = self.figure(one["more"], "amount", one)
            yield f"  - {self._word('to' if one['end'] == 'origin' else 'from', more=more, site=site)}"

    def _solves(self, answer: Answer) -> Iterator[str]:
        if self.asker != PLANNER:
            return
        known = seen(self.asker, answer.facts)
        for key, names, kind in (
            ("forced", ("forced_value", "value", "bound"), "money"),
            ("reduced", ("reduced_cost", "reduced_cost_relaxed"), "rate"),
        ):
            if all(known.get(name) is not None for name in names):
                words = {name: self.figure(known[name], kind, known) for name in names}
                yield f"{self._word('solves')}: {self._word(key, **words)}"
