"""Scripted content of the demo: accounts, a quick round without settlement, then a round with settlement."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from synergy.records.names import MatchState, Role, State
from synergy.settlement import DEFAULT
from synergy.store import accounts, freezing, queries, rounds, runs
from synergy.store.access import Actor
from synergy.store.accounts import MACHINE, AccountData
from synergy.store.datasets import snapshot_of

if TYPE_CHECKING:
    from synergy.cli.options import LimitOptions
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
# name of the round, its settlement, the smallest gap: the first is quick, the second has a settlement
_ACTS = (("1 · quick 速览", "standalone", 0.04), ("2 · settled 含收益分配", DEFAULT, 0.0))


@dataclass(frozen=True, slots=True)
class Play:
    """Script of a demo on an empty store; `over` is set when the demo server has stopped."""

    store: Store
    dataset: Dataset
    limits: LimitOptions
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
        draft = rounds.Draft(
            name=name,
            archive=snapshot_of(self.dataset).archive,
            options={**self.limits, "gap": max(least, self.limits["gap"]), "settlement": settlement},
            previous=previous,
        )
        ident = rounds.create(self.store, _PLANNER, draft).round
        rounds.advance(self.store, _PLANNER, ident, "open")
        freezing.freeze(self.store, _PLANNER, ident)
        runs.request_match(self.store, _PLANNER, ident)
        return ident

    def _matched(self, ident: int) -> bool:
        """Wait for the run of a round; return whether it produced a plan and the round awaits publication."""
        while not self.over.is_set():
            last = queries.see_matches(self.store, _PLANNER, ident)[-1]
            if last.state not in (MatchState.REQUESTED, MatchState.RUNNING):
                state = queries.see_round(self.store, _PLANNER, ident).state
                return last.digest is not None and state is State.REVIEW
            time.sleep(_LOOK_S)
        return False
