"""Scripted content of the demo: accounts, a quick round without settlement, then a round with settlement."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synergy.settlement import DEFAULT
from synergy.store import accounts, freezing, queries, rounds, runs
from synergy.store.access import Actor
from synergy.store.accounts import MACHINE, AccountData
from synergy.store.backup import snapshot_of
from synergy.store.names import MatchState, Role

if TYPE_CHECKING:
    from synergy.dataset.sheet import Dataset
    from synergy.store.store import Store

FIRM = "PENGFEI"  # the largest member with published evidence
PEOPLE = (
    ("planner", Role.PLANNER, None),
    ("pengfei", Role.EDITOR, FIRM),
    ("auditor", Role.AUDITOR, None),
    ("admin", Role.ADMINISTRATOR, None),
)
_PLANNER = Actor("planner", Role.PLANNER)
_LOOK_S = 0.25
# name of the round, its settlement, the gap that suffices at the least: the first is quick, the second settles
_ACTS = (("1 · quick 速览", "standalone", 0.04), ("2 · settled 含收益分配", DEFAULT, 0.0))


@dataclass(frozen=True, slots=True)
class Play:
    """Script of a demo on an empty store.

    Parameters
    ----------
    store : Store
        Empty store.
    dataset : Dataset
        Dataset to match.
    options : mapping
        Fields of `synergy.options.Options`.
    over : threading.Event
        Set when the demo server has stopped.
    """

    store: Store
    dataset: Dataset
    options: Mapping[str, Any]
    over: threading.Event

    def begin(self, passwords: Sequence[str]) -> None:
        """Create the accounts with the given passwords, and the first round."""
        for (name, role, enterprise), password in zip(PEOPLE, passwords, strict=True):
            accounts.add_user(self.store, MACHINE, AccountData(name, role, enterprise, password))
        self._round(0, None)

    def go_on(self) -> None:
        """Publish each round as soon as it is matched, and then start the next one."""
        ident = 1
        for number in range(len(_ACTS)):
            if number:
                ident = self._round(number, ident)
            if not self._matched(ident):
                return
            for step in ("publish", "collect"):
                rounds.advance(self.store, _PLANNER, ident, step)

    def _round(self, number: int, previous: int | None) -> int:
        name, settlement, least = _ACTS[number]
        options = {**self.options, "settlement": settlement, "gap": max(least, self.options["gap"])}
        draft = rounds.Draft(name=name, archive=snapshot_of(self.dataset).archive, options=options, previous=previous)
        ident = int(rounds.create(self.store, _PLANNER, draft)["round"])
        rounds.advance(self.store, _PLANNER, ident, "open")
        freezing.freeze(self.store, _PLANNER, ident)
        runs.request_match(self.store, _PLANNER, ident)
        return ident

    def _matched(self, ident: int) -> bool:
        """Wait for the run of a round; return whether it produced a plan and the round awaits publication."""
        while not self.over.is_set():
            last = queries.see_matches(self.store, _PLANNER, ident)[-1]
            if last["state"] not in (MatchState.REQUESTED, MatchState.RUNNING):
                state = queries.see_round(self.store, _PLANNER, ident)["state"]
                return last["digest"] is not None and state == "review"
            time.sleep(_LOOK_S)
        return False
