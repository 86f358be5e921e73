"""Saying: reasons and changes as sentences in one language, for one asker."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from synergy.dataset.dataset import Dataset
from synergy.explanation.facts import PLANNER, Change, Fact, Reason, seen
from synergy.explanation.question import Question
from synergy.explanation.texts import POOLED, REASONS, Saying
from synergy.explanation.texts_changes import CHANGES, WORDS
from synergy.texts import currency_name
from synergy.units import amount, label

if TYPE_CHECKING:
    from synergy.explanation.answer import Answer


class Speaker:
    """Says things about one exchange.

    Parameters
    ----------
    dataset : Dataset
        For names and units.
    question : Question
    lang : str
        ``en`` or ``zh``.
    asker : str
        Enterprise, or the planner.
    """

    def __init__(self, dataset: Dataset, question: Question, lang: str, asker: str) -> None:
        self.dataset, self.question, self.lang, self.asker = dataset, question, lang, asker
        goods = dataset["commodities"]
        self._units = dict(zip(goods["commodity"], goods["unit"], strict=True))
        self.unit = self._units[question.commodity]

    def name(self, table: str, key: str, ident: str) -> str:
        """Return how something is called, its id where it has no name."""
        rows = self.dataset[table]
        row = rows[rows[key] == ident]
        other = "en" if self.lang == "zh" else "zh"
        return next(
            (str(row[f"name_{lang}"].iloc[0]) for lang in (self.lang, other) if row[f"name_{lang}"].any()), ident
        )

    def reason(self, reason: Reason) -> str:
        """Return a reason as a sentence: with figures if the asker may see all of them."""
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
        """Return words with figures, or without where one of them is missing or not to be seen."""
        known = seen(self.asker, facts)
        if any(known.get(name) is None for name in saying.kinds):
            return saying.bare_zh if self.lang == "zh" else saying.bare_en
        words = {name: self.figure(known[name], kind, known) for name, kind in saying.kinds.items()}
        return (saying.zh if self.lang == "zh" else saying.en).format(**words)

    def _pooled(self, reason: Reason) -> str:
        """Return how many firms a unit takes."""
        known = seen(self.asker, reason.facts)
        if reason.code not in ("min_scale", "build_cost", "least_load") or not known.get("firms"):
            return ""
        key = "fewer" if "fewer" in known else "short" if "short" in known else "one"
        words = {"firms": known["firms"], "one_less": known["firms"] - 1}
        words |= {name: self.figure(known[name], "activity", known) for name in ("fewer", "short") if name in known}
        return POOLED.say(key, self.lang, **words)

    def figure(self, value: Any, kind: str, facts: Mapping[str, Any]) -> str:
        """Return a figure as people write it; see `synergy.explanation.texts.Saying` for the kinds."""
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

    def _word(self, key: str, **fields: Any) -> str:
        return WORDS.say(key, self.lang, **fields)

    def lines(self, answer: Answer) -> Iterator[str]:
        """Yield the lines of a text."""
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
